"""Values as a difference holds them: whole, unless they are long lists."""

from __future__ import annotations

from itertools import islice, zip_longest

from archiver.diff.alike import ARGUMENT
from archiver.diff.interning import Interner
from archiver.model.differences import Missing, Side
from archiver.model.values import Tagged, Value

LONG = 20
"""Items from which on a list is told by its first differences."""
_TOLD = 5


def whole(value: Side) -> Side:
    """A value without the marks that only matter while comparing; of a long list its beginning."""
    if isinstance(value, Missing | dict):
        return value
    if isinstance(value, list):
        return [_unmarked(item) for item in islice(value, LONG if len(value) > LONG else None)]
    return _unmarked(value)


def folded(a: Side, b: Side) -> tuple[Side, Side, str]:
    """Both sides and a note; of long lists the items that differ first, and how many do."""
    if not isinstance(a, list) or not isinstance(b, list) or max(len(a), len(b)) <= LONG:
        note = next(
            (
                f"a list of {len(side)}, its first {LONG}"
                for side in (a, b)
                if isinstance(side, list) and len(side) > LONG
            ),
            "",
        )
        return whole(a), whole(b), note
    interner = Interner()
    differing = [
        place
        for place, (one, other) in enumerate(zip_longest(a, b))
        if place >= len(a) or place >= len(b) or interner.number(one) != interner.number(other)
    ]
    first = differing[:_TOLD]
    sides = [[_unmarked(side[place]) for place in first if place < len(side)] for side in (a, b)]
    counts = f"{len(a)} items" if len(a) == len(b) else f"{len(a)} against {len(b)} items"
    told = f"{counts}, {len(differing)} differ, first at {differing[0]}" if differing else counts
    return sides[0], sides[1], f"{told}; the first {len(first)} are shown"


def unmarked(value: Side) -> Side:
    """A value without the marks of arguments, those of a list's items included."""
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    return value if isinstance(value, Missing) else _unmarked(value)


def _unmarked(value: Value) -> Value:
    return value.value if isinstance(value, Tagged) and value.type == ARGUMENT else value
