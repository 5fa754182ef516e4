"""Lines of a log: split at line feeds alone, bounded, and every oddity told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.lines import LineStream, segments
from archiver.limits import DEFAULT


def read(*chunks: bytes, **limits: int) -> tuple[list[tuple[int, bytes]], LineStream]:
    """The lines of these chunks, and the stream they came from."""
    stream = LineStream(chunks, replace(DEFAULT, **limits))
    return list(stream), stream


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_chunks_do_not_matter(chunks):
    """Lines are those of the bytes, wherever a chunk ends."""
    whole = b"".join(chunks).replace(b"\0", b"").replace(b"\xef", b"")
    cut = [whole[index : index + 3] for index in range(0, len(whole), 3)]
    expected = [line.removesuffix(b"\r") for line in whole.split(b"\n")]
    if not whole or whole.endswith(b"\n"):
        expected.pop()
    assert [line for _, line in read(*cut)[0]] == expected


def test_a_line_without_an_end_is_torn():
    """A writer that was killed leaves half a line."""
    lines, stream = read(b"one\r\ntw", b"o")
    assert lines == [(1, b"one"), (2, b"two")]
    assert stream.tally.torn_tail


def test_unicode_line_ends_are_text():
    """U+0085, U+2028 and form feeds stand inside of lines."""
    text = "a\x85b\u2028c\x0cd\n".encode()
    assert read(text)[0] == [(1, text[:-1])]


def test_long_lines_are_cut_and_told():
    """The first bytes of a line over the limit are used, the next line is whole."""
    lines, stream = read(b"x" * 30, b"x" * 30 + b"\nnext\n", line_bytes=40)
    assert lines == [(1, b"x" * 40), (2, b"next")]
    assert stream.tally.flaws.counts == {"long-line": 1}


def test_limit_of_lines():
    """Reading stops at the limit, and says so."""
    lines, stream = read(b"1\n2\n3\n", log_records=2)
    assert [number for number, _ in lines] == [1, 2]
    assert stream.tally.cut
    assert stream.tally.flaws.counts == {"too-many-lines": 1}


def test_mark_and_nuls_are_left_out():
    """A byte order mark and runs of NUL are no text."""
    lines, stream = read(b"\xef\xbb\xbfa\0\0b\n")
    assert lines == [(1, b"ab")]
    assert stream.tally.flaws.counts == {"bom": 1, "nul-bytes": 1}


def test_segments_of_a_progress_bar():
    """What was drawn over is there, too."""
    assert segments(b"\r 1%\r 2%\r") == [b" 1%", b" 2%"]
