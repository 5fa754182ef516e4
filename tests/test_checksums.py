"""Digests under either line end, however the bytes are cut into chunks."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from archiver.checksums import line_end_digests

PIECES = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b""]), max_size=12)


def sha(data: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(data).hexdigest()


@given(chunks=PIECES)
def test_chunks_do_not_matter(chunks):
    """A CRLF may lie across two chunks."""
    data = b"".join(chunks)
    plain = data.replace(b"\r\n", b"\n")
    found = line_end_digests(chunks)
    assert found.raw == sha(data)
    assert found.lf == sha(plain)
    assert found.crlf == sha(plain.replace(b"\n", b"\r\n"))
