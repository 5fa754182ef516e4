"""Settings that stand under another key in the second run than in the first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from archiver.diff.alike import Terms, Verdict, judge, literal, number
from archiver.diff.names import Path, last
from archiver.diff.settings_table import setting
from archiver.diff.walk import Leaf
from archiver.model.differences import Missing
from archiver.model.values import Tagged, Value

_FEWEST = 2
"""Keys that went the same way, from which on a section did."""


@dataclass(frozen=True, slots=True)
class Found:
    """A leaf, and where the first run had it if that is elsewhere."""

    leaf: Leaf
    before: Path | None = None


def moved(leaves: Sequence[Leaf], terms: Terms) -> list[Found]:
    """The leaves, with those that were removed here and added there made one.

    A setting that trainers name differently moves under its other name whatever its value; any
    other key moves where its last part and its value are found once on either side.
    """
    removed = {place: leaf for place, leaf in enumerate(leaves) if isinstance(leaf.b, Missing)}
    added = {place: leaf for place, leaf in enumerate(leaves) if isinstance(leaf.a, Missing)}
    partners: dict[int, int] = {}
    for key in (_name, _loose, _value):
        for one, other in _unique(removed, added, key):
            if key is _value and not _alike(removed[one], added[other], terms):
                continue
            partners[one] = other
            del removed[one], added[other]
    partners |= _sections(leaves, removed, added, partners)
    gone = {other: one for one, other in partners.items()}
    found = []
    for place, leaf in enumerate(leaves):
        if place in partners:
            continue
        if place in gone:
            before = leaves[gone[place]]
            found.append(Found(Leaf(leaf.path, before.a, leaf.b), before.path))
        else:
            found.append(Found(leaf))
    return found


def _sections(
    leaves: Sequence[Leaf],
    removed: dict[int, Leaf],
    added: dict[int, Leaf],
    partners: dict[int, int],
) -> dict[int, int]:
    """What moved along with its section: several keys went the same way, and so did this one."""
    ways = Counter(
        (leaves[one].path[:-1], leaves[other].path[:-1]) for one, other in partners.items()
    )
    there = {leaf.path: place for place, leaf in added.items()}
    found: dict[int, int] = {}
    for before, after in (way for way, count in ways.items() if count >= _FEWEST):
        for place, leaf in removed.items():
            if leaf.path[:-1] == before and place not in found:
                other = there.pop((*after, *leaf.path[-1:]), None)
                if other is not None:
                    found[place] = other
    return found


def _unique(
    removed: dict[int, Leaf], added: dict[int, Leaf], key: Callable[[Leaf], object]
) -> list[tuple[int, int]]:
    """Places of what has the same key, once on either side."""
    left, right = (_by(items.items(), key) for items in (removed, added))
    return [
        (places[0], right[name][0])
        for name, places in left.items()
        if len(places) == 1 and len(right.get(name, ())) == 1
    ]


def _by(
    items: Iterable[tuple[int, Leaf]], key: Callable[[Leaf], object]
) -> dict[object, list[int]]:
    found: dict[object, list[int]] = defaultdict(list)
    for place, leaf in items:
        name = key(leaf)
        if name is not None:
            found[name].append(place)
    return found


def _name(leaf: Leaf) -> str | None:
    return setting(leaf.path)


def _loose(leaf: Leaf) -> str | None:
    return setting(leaf.path, loose=True)


def _value(leaf: Leaf) -> tuple[str, object] | None:
    value = leaf.b if isinstance(leaf.a, Missing) else leaf.a
    return (last(leaf.path), meaning(value)) if not isinstance(value, Missing) else None


def meaning(value: Value) -> object:
    """Something hashable that values which mean the same share; more may share it."""
    if isinstance(value, Tagged):
        value = value.value
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        value = repr(float(value)) if abs(value) < 2**53 else str(type(value))
        return meaning(value)
    if isinstance(value, list | dict):
        return len(value)
    value = literal(value)
    if not isinstance(value, str):
        return meaning(value)
    read = number(value)
    if read is not None:
        return "nan" if isinstance(read, float) else read
    return value.strip().strip("'\"").lower()


def _alike(one: Leaf, other: Leaf, terms: Terms) -> bool:
    if isinstance(one.a, Missing) or isinstance(other.b, Missing):
        return False
    return judge(one.a, other.b, terms).verdict is not Verdict.DIFFERENT
