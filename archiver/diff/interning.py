"""Equal values get equal numbers, so that values can be counted and matched in linear time."""

from __future__ import annotations

import math
from collections.abc import Hashable

from archiver.model.differences import Side
from archiver.model.values import Value


class Interner:
    """Numbers for values; equal ones, strict in types, have the same.

    The values must stay unchanged as long as the interner is used.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._seen: dict[int, int] = {}
        """Identity of a collection -> its number."""
        self._held: list[Value] = []
        """Those collections: an identity is one only as long as its owner lives."""

    def number(self, value: Value) -> int:
        """The number of a value and of everything equal to it."""
        if not isinstance(value, list | dict):
            return self._of(_scalar(value))
        pending = [(value, False)]
        while pending:
            item, entered = pending.pop()
            if id(item) in self._seen:
                continue
            inner = list(item.values()) if isinstance(item, dict) else item
            if not entered:
                pending.append((item, True))
                pending.extend((part, False) for part in inner if isinstance(part, list | dict))
                continue
            self._seen[id(item)] = self._collection(item)
            self._held.append(item)
        return self._seen[id(value)]

    def _collection(self, item: list[Value] | dict[str, Value]) -> int:
        if isinstance(item, dict):
            pairs = frozenset((key, self._known(part)) for key, part in item.items())
            return self._of((dict, pairs))
        return self._of((list, tuple(map(self._known, item))))

    def _known(self, part: Value) -> int:
        return self._seen[id(part)] if isinstance(part, list | dict) else self._of(_scalar(part))

    def _of(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _scalar(value: Value) -> Hashable:
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124 - true of NaN alone
            return (float, "nan")
        return (float, value, math.copysign(1, value))
    return (type(value), value)


def same_scalar(a: Side, b: Side) -> bool:
    """Whether two sides are one object, or scalars that are the same in type and value."""
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, list | dict):
        return False
    if isinstance(a, float) and isinstance(b, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return a == b
