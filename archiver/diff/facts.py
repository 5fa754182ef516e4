"""Single facts of both runs, made into differences."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Protocol, TypeVar

from archiver.diff.settings_table import OTHER
from archiver.model.claims import Location
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Direction,
    Kind,
    Missing,
    Side,
    Significance,
)

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


def difference(
    area: Area,
    field: str,
    a: Side,
    b: Side,
    *,
    role: str = "",
    significance: Significance = Significance.SIGNIFICANT,
    direction: Direction = Direction.NONE,
    rank: int = OTHER,
    note: str = "",
    at: tuple[Location | None, Location | None] = (None, None),
) -> Difference:
    """A difference of which only the sides and their weight need saying."""
    kind = Kind.CHANGED
    if isinstance(a, Missing):
        kind = Kind.ADDED
    elif isinstance(b, Missing):
        kind = Kind.REMOVED
    return Difference(
        area=area,
        role=role,
        field=field,
        kind=kind,
        a=a,
        b=b,
        direction=direction,
        significance=significance,
        rank=rank,
        note=note,
        at_a=at[0],
        at_b=at[1],
    )


class Located(Protocol):
    """Anything of a record that stands somewhere."""

    @property
    def at(self) -> Location:
        """Where it stands."""


def places(one: Located | None, other: Located | None) -> tuple[Location | None, Location | None]:
    """Where both stand."""
    return one.at if one is not None else None, other.at if other is not None else None


def known(value: Side) -> Side:
    """A value of a record, of which null means that nobody recorded it."""
    return MISSING if value is None else value


def joined(
    a: dict[Key, Item], b: dict[Key, Item]
) -> Iterable[tuple[Key, Item | None, Item | None]]:
    """Every key of both with what either has, in the first one's order."""
    for key, item in a.items():
        yield key, item, b.get(key)
    for key, item in b.items():
        if key not in a:
            yield key, None, item
