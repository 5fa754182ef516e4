"""Two values side by side: what is the same is pruned, what is not is given as leaves.

Sameness is strict in types: `1`, `1.0` and `True` are three values, and so are `0.0` and `-0.0`;
NaN is the same as NaN. The cost is linear in the size of both values, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archiver.diff.interning import Interner, same_scalar
from archiver.diff.lists import align
from archiver.diff.names import Path
from archiver.model.differences import MISSING, Missing, Side
from archiver.model.values import Value

_Trail: TypeAlias = "tuple[_Trail, str] | None"
"""A path that shares its beginning with those of its siblings."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place where two values are not the same."""

    path: Path
    a: Side
    b: Side
    reordered: bool = False
    """Whether both lists hold the same items in another order."""


@dataclass(slots=True)
class Walk:
    """One comparison; `visited` counts the pairs that were looked at."""

    visited: int = 0

    def leaves(self, a: Value, b: Value) -> Iterator[Leaf]:
        """The places where two values differ, in the order of the first value's keys.

        Of an object that only one side has, each of its leaves is given; lists of scalars are
        leaves as a whole, lists of objects are entered item by item.
        """
        interner = Interner()
        pending: list[tuple[_Trail, Side, Side]] = [(None, a, b)]
        while pending:
            trail, one, other = pending.pop()
            self.visited += 1
            if same_scalar(one, other):
                continue
            below: list[tuple[_Trail, Side, Side]] = []
            if isinstance(one, dict) and isinstance(other, dict):
                below = _objects(trail, one, other)
            elif isinstance(one, list) and isinstance(other, list):
                aligned = align(one, other, interner)
                if aligned.whole or aligned.reordered:
                    yield Leaf(_path(trail), one, other, aligned.reordered)
                for key, left, right in aligned.pairs:
                    if isinstance(left, Missing) or isinstance(right, Missing):
                        # An item came or went as a whole.
                        yield Leaf((*_path(trail), key), left, right)
                    else:
                        below.append(((trail, key), left, right))
            elif (keys := _lone(one, other)) is not None:
                below = _alone(trail, keys, added=isinstance(one, Missing))
            else:
                yield Leaf(_path(trail), one, other)
            pending.extend(reversed(below))


def _lone(one: Side, other: Side) -> dict[str, Value] | None:
    """The object that stands against nothing, unless it is empty."""
    if isinstance(one, Missing) and isinstance(other, dict):
        return other or None
    if isinstance(other, Missing) and isinstance(one, dict):
        return one or None
    return None


def _alone(
    trail: _Trail, keys: dict[str, Value], *, added: bool
) -> list[tuple[_Trail, Side, Side]]:
    if added:
        return [((trail, key), MISSING, item) for key, item in keys.items()]
    return [((trail, key), item, MISSING) for key, item in keys.items()]


def _objects(
    trail: _Trail, one: dict[str, Value], other: dict[str, Value]
) -> list[tuple[_Trail, Side, Side]]:
    below: list[tuple[_Trail, Side, Side]] = []
    for key, left in one.items():
        right = other.get(key, MISSING)
        if not same_scalar(left, right):
            below.append(((trail, key), left, right))
    below.extend(((trail, key), MISSING, right) for key, right in other.items() if key not in one)
    return below


def _path(trail: _Trail) -> Path:
    keys: list[str] = []
    while trail is not None:
        trail, key = trail
        keys.append(key)
    return tuple(reversed(keys))
