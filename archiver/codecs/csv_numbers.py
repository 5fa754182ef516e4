"""Cells of a table as numbers: decimal, `nan`, `inf`; blank ones are absent, not zero."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?\Z", re.ASCII)
_WORD = re.compile(r"[-+]?(?:nan|inf(?:inity)?)\Z", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one column."""

    values: array[float]
    places: Sequence[int]
    """Index of each value among the cells."""
    non_numeric: int
    """Cells that hold something else; blank ones hold nothing and are not counted."""


def numbers(cells: Sequence[str]) -> Numbers:
    """The numbers of a column's cells."""
    if not any(cells):
        return Numbers(array("d"), (), 0)
    places: Sequence[int] = range(len(cells))
    if not all(cells):
        places = [place for place, cell in enumerate(cells) if cell]
        cells = [cells[place] for place in places]
    joined = "".join(cells)
    if joined.isascii() and "_" not in joined:  # which float() takes and no writer writes
        try:
            return Numbers(array("d", map(float, cells)), places, 0)
        except ValueError:
            pass
    return _mixed(cells, places)


def _mixed(cells: Sequence[str], places: Sequence[int]) -> Numbers:
    found = [(place, number(cell)) for place, cell in zip(places, cells, strict=True)]
    known = [(place, value) for place, value in found if value is not None]
    blank = sum(not cell.strip() for cell in cells)
    return Numbers(
        array("d", [value for _, value in known]),
        [place for place, _ in known],
        len(cells) - len(known) - blank,
    )


def number(cell: str) -> float | None:
    """The number that a cell holds, None where it holds none."""
    text = cell.strip()
    if _NUMBER.match(text) or _WORD.match(text):
        return float(text)
    return None
