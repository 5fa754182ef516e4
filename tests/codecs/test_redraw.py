"""Pieces of console text: what progress bars drew, with the lines it stands on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.redraw import PIECE_BYTES, Pieces
from archiver.limits import Limits


def read(*chunks: bytes, limits: Limits | None = None) -> tuple[list[tuple[int, bytes]], Pieces]:
    """All pieces that are not blank, and the stream."""
    pieces = Pieces(chunks, limits or Limits())
    return [(line, piece) for line, piece in pieces if piece.strip()], pieces


def test_carriage_returns_part_a_line():
    """What was drawn over each other is told apart, and stands on one line."""
    found, pieces = read(b"\r 1/4\r 2/4\rdone\nnext\r\n", b"last")
    assert found == [(1, b" 1/4"), (1, b" 2/4"), (1, b"done"), (2, b"next"), (3, b"last")]
    assert (pieces.tally.lines, pieces.tally.torn_tail) == (3, True)


def test_escape_sequences_and_nuls_are_left_out():
    """Moves of the cursor and colours are no text."""
    found, _ = read(b"\x1b[A\x1b[1;31mred\x1b[0m\0 text\n")
    assert found == [(1, b"red text")]


def test_a_long_piece_is_cut():
    """Of a piece without end the beginning is given; what follows a break is read again."""
    found, pieces = read(b"x" * PIECE_BYTES, b"y" * 10, b"z\nnext\n")
    assert found == [(1, b"x" * PIECE_BYTES), (2, b"next")]
    assert pieces.tally.flaws.counts["long-line"] >= 1


def test_a_limit_of_pieces():
    """What follows is not read, and told."""
    found, pieces = read(b"1\r2\r3\r4\n", limits=Limits(log_records=2))
    assert found == [(1, b"1"), (1, b"2")]
    assert pieces.tally.cut
    assert pieces.tally.flaws.counts == {"too-many-lines": 1}


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_chunks_make_no_difference(chunks):
    """However the bytes arrive, the pieces are the same."""
    whole = b"".join(chunks)
    assert read(whole)[0] == read(*chunks)[0]
