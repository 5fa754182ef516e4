"""Which item of one list answers which item of another.

Objects go by what identifies them (an id, a name, a path) where that is unique on both sides;
everything else goes by equality, and what is then left by likeness, which DeepDiff measures where
there is little of it, or by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from archiver.diff.interning import Interner
from archiver.model.differences import MISSING, Side
from archiver.model.values import Value

IDENTITIES = (
    "id", "name", "key", "uid", "step_id", "path", "file", "dataset", "task", "metric",
    "class_path", "_target_", "target", "type", "title",
)  # fmt: skip
"""Keys that may identify an object among others, best first."""

_LONGEST_NAME = 80
_FEW = 24
"""Items per side among which likeness is measured: its cost is their product."""
_SMALL = 2_000
"""Values below those items."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """How two lists that may differ belong together."""

    pairs: list[tuple[str, Side, Side]] = field(default_factory=list)
    """Key of each pair of items, with what is missing on one side; equal items may be left out."""
    whole: bool = False
    """Whether the lists are best compared as a whole: they hold scalars."""
    reordered: bool = False
    """Whether items that both have stand in another order."""


_NOTHING = Aligned()


def align(a: list[Value], b: list[Value], interner: Interner) -> Aligned:
    """Pair the items of two lists."""
    left, right = [*map(interner.number, a)], [*map(interner.number, b)]
    if left == right:
        return _NOTHING
    if not any(isinstance(item, list | dict) for side in (a, b) for item in side):
        counted = len(left) == len(right) and Counter(left) == Counter(right)
        return Aligned(whole=not counted, reordered=counted)
    if not a or not b:
        return Aligned(whole=True)
    for key in IDENTITIES:
        one, other = _identified(a, key), _identified(b, key)
        if one is not None and other is not None:
            return _by_identity(one, other)
    return _by_equality(a, b, left, right)


def _identified(items: list[Value], key: str) -> dict[str, Value] | None:
    """Items by what a key says, if they all have it and no two the same."""
    found: dict[str, Value] = {}
    for item in items:
        name = item.get(key) if isinstance(item, dict) else None
        if isinstance(name, bool) or not isinstance(name, int | str) or str(name) in found:
            return None
        found[str(name)] = item
    return found


def _by_identity(one: dict[str, Value], other: dict[str, Value]) -> Aligned:
    pairs: list[tuple[str, Side, Side]] = [
        (name[:_LONGEST_NAME], item, other.get(name, MISSING)) for name, item in one.items()
    ]
    pairs += [(name[:_LONGEST_NAME], MISSING, other[name]) for name in other if name not in one]
    common = [name for name in one if name in other], [name for name in other if name in one]
    return Aligned(pairs, reordered=common[0] != common[1])


def _by_equality(
    a: list[Value], b: list[Value], left: Sequence[int], right: Sequence[int]
) -> Aligned:
    """Equal items belong together wherever they stand; of the others, the alike do."""
    rest_a, rest_b = _unmatched(left, right), _unmatched(right, left)
    if not rest_a and not rest_b:
        return Aligned(reordered=True)
    partners = _alike(a, b, rest_a, rest_b)
    taken = set(partners.values())
    free = iter([place for place in rest_b if place not in taken])
    pairs: list[tuple[str, Side, Side]] = []
    for place in rest_a:
        partner = partners[place] if place in partners else next(free, None)
        pairs.append((str(place), a[place], MISSING if partner is None else b[partner]))
    pairs += [(str(place), MISSING, b[place]) for place in free]
    return Aligned(pairs)


def _unmatched(these: Sequence[int], those: Sequence[int]) -> list[int]:
    """Places of items that the other list does not have, each counted as often as it stands."""
    spare = Counter(those)
    rest = []
    for place, item in enumerate(these):
        if spare[item] > 0:
            spare[item] -= 1
        else:
            rest.append(place)
    return rest


def _alike(a: list[Value], b: list[Value], rest_a: list[int], rest_b: list[int]) -> dict[int, int]:
    """Place in the first list -> place in the second, of objects that DeepDiff finds alike."""
    if len(rest_a) == len(rest_b) == 1 or min(len(rest_a), len(rest_b)) == 0:
        return {}
    if max(len(rest_a), len(rest_b)) > _FEW:
        return {}
    ours, theirs = [a[place] for place in rest_a], [b[place] for place in rest_b]
    if _size(ours) > _SMALL or _size(theirs) > _SMALL:
        return {}
    if repr(ours) > repr(theirs):
        # DeepDiff pairs otherwise the other way round: the same items are given in one order.
        return {place: partner for partner, place in _alike(b, a, rest_b, rest_a).items()}
    from deepdiff import DeepDiff

    found = DeepDiff(
        ours,
        theirs,
        ignore_order=True,
        report_repetition=True,
        # Even the least alike are pairs, where there is nothing better.
        cutoff_distance_for_pairs=1,
        cutoff_intersection_for_pairs=1,
        view="tree",
    )
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for levels in found.values():
        for level in levels:
            one = level.path(output_format="list", use_t2=False)
            other = level.path(output_format="list", use_t2=True)
            # What is only added or removed as a whole has no partner.
            if len(one) > 1 and len(other) > 1 and isinstance(one[0], int):
                place, partner = rest_a[one[0]], rest_b[other[0]]
                if place not in partners and partner not in taken:
                    partners[place] = partner
                    taken.add(partner)
    return partners


def _size(items: list[Value]) -> int:
    """How many values lie in a list, as far as it matters."""
    pending, seen = list(items), 0
    while pending and seen <= _SMALL:
        item = pending.pop()
        seen += 1
        if isinstance(item, list | dict):
            pending.extend(islice(item.values() if isinstance(item, dict) else item, _SMALL))
    return seen + len(pending)
