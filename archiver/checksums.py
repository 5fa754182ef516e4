"""Digests of a file as it is, and as it would be with other line ends.

A lockfile that went through a checkout with line-end conversion has another digest than the one
that was recorded, and the same content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineEndDigests:
    """SHA-256 in hex digits, of one stream of bytes."""

    raw: str
    lf: str
    """With every CRLF made an LF; a lone CR stays."""
    crlf: str
    """With every line end made a CRLF."""


def line_end_digests(chunks: Iterable[bytes]) -> LineEndDigests:
    """Read a stream once, in constant memory."""
    raw, lf, crlf = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    held = b""
    for chunk in chunks:
        raw.update(chunk)
        data = held + chunk
        # Half of a CRLF may be the last byte of a chunk.
        held = b"\r" if data.endswith(b"\r") else b""
        plain = data[: len(data) - len(held)].replace(b"\r\n", b"\n")
        lf.update(plain)
        crlf.update(plain.replace(b"\n", b"\r\n"))
    lf.update(held)
    crlf.update(held)
    return LineEndDigests(raw.hexdigest(), lf.hexdigest(), crlf.hexdigest())
