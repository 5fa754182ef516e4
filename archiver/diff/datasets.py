"""Area `data`: what the runs read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from archiver.diff.area import Told
from archiver.diff.facts import difference, joined, known
from archiver.diff.names import dotted
from archiver.diff.options import Options, RunData
from archiver.diff.volatile import Volatile
from archiver.model.differences import MISSING, Area, Difference, Missing, Side, Significance
from archiver.model.record import Dataset, RunRecord
from archiver.model.values import Value

_FIELDS = ("lines", "bytes", "sample_limit", "seed", "split")
_PREFIX = "data."
_SHORTEST_DIGEST = 8
_LONGEST_PATH = 4096


def compare(a: RunData, b: RunData, options: Options) -> Told:
    """Data sets by role: digests first, then what is known besides."""
    volatile = options.volatile
    left, right = [*a.record.datasets], [*b.record.datasets]
    stated = [_paths(run.record) for run in (a, b)]
    if not left and not right and not any(stated):
        return Told(not_compared="neither run records its data")
    found: list[Difference] = []
    keys: tuple[Callable[[Dataset], Hashable], ...] = (
        lambda item: (item.role, item.path, item.split),
        lambda item: (item.role, _digests(item) or id(item)),
        lambda item: (item.role, item.path.rstrip("/").rpartition("/")[2], item.split),
        lambda item: (item.role, item.split),
        lambda item: item.role,
    )
    for key in keys:
        for one, other in _matched(left, right, key):
            found += _pair(one, other, volatile)
    found += [_lone(item, added=False) for item in left]
    found += [_lone(item, added=True) for item in right]
    told = _all_paths(a.record) | _all_paths(b.record)
    found += _places(stated[0], stated[1], volatile, told)
    return Told(tuple(found))


def _digests(item: Dataset) -> frozenset[tuple[str, str | None, str]]:
    return frozenset((one.algorithm, one.path, one.value.lower()) for one in item.digests)


def _matched(
    left: list[Dataset], right: list[Dataset], key: Callable[[Dataset], Hashable]
) -> Iterator[tuple[Dataset, Dataset]]:
    """Data sets with the same key in the order of both runs; taken out of the lists."""
    waiting: dict[Hashable, list[Dataset]] = defaultdict(list)
    for item in reversed(right):
        waiting[key(item)].append(item)
    rest: list[Dataset] = []
    taken: set[int] = set()
    pairs = []
    for item in left:
        partners = waiting[key(item)]
        if partners:
            partner = partners.pop()
            taken.add(id(partner))
            pairs.append((item, partner))
        else:
            rest.append(item)
    left[:] = rest
    right[:] = [item for item in right if id(item) not in taken]
    yield from pairs


def _pair(a: Dataset, b: Dataset, volatile: Volatile) -> Iterator[Difference]:
    same = _same_content(a, b)
    at = a.at, b.at
    name = _name(a) if _name(a) == _name(b) else (a.role,)
    if a.path != b.path:
        alike = same or volatile.ends_alike(a.path, b.path)
        yield difference(
            Area.DATA,
            dotted((*name, "path")),
            a.path,
            b.path,
            role=a.role,
            significance=Significance.VOLATILE if alike else Significance.SIGNIFICANT,
            rank=1,
            note="the same digest" if same else "",
            at=at,
        )
    for key, one, other in joined(_by_algorithm(a), _by_algorithm(b)):
        if one is not None and other is not None and _alike(one, other):
            continue
        # A digest that only one run recorded says nothing of the other's data.
        yield difference(
            Area.DATA,
            dotted((*name, *key)),
            known(one),
            known(other),
            role=a.role,
            rank=0,
            note="recorded by one run only" if one is None or other is None else "",
            at=at,
        )
    for field in _FIELDS:
        left, right = getattr(a, field), getattr(b, field)
        if left != right:
            yield difference(
                Area.DATA,
                dotted((*name, field)),
                known(left),
                known(right),
                role=a.role,
                significance=_weight(field, left, right),
                rank=2,
                note="recorded by one run only" if left is None or right is None else "",
                at=at,
            )


def _weight(field: str, left: Value, right: Value) -> Significance:
    """A size that only one of the runs recorded says nothing about the data of the other."""
    if field in ("lines", "bytes") and (left is None or right is None):
        return Significance.VOLATILE
    return Significance.SIGNIFICANT


def _name(item: Dataset) -> tuple[str, ...]:
    """How a data set is called: its role, and its file where that says more."""
    last = item.path.rstrip("/").rpartition("/")[2]
    return (item.role, last) if last else (item.role,)


def _by_algorithm(item: Dataset) -> dict[tuple[str, ...], str]:
    return {
        ((one.path, one.algorithm) if one.path else (one.algorithm,)): one.value.lower()
        for one in item.digests
    }


def _same_content(a: Dataset, b: Dataset) -> bool:
    one, other = _by_algorithm(a), _by_algorithm(b)
    common = one.keys() & other.keys()
    return bool(common) and all(_alike(one[key], other[key]) for key in common)


def _alike(one: str, other: str) -> bool:
    """Equal, or a digest and its beginning."""
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= _SHORTEST_DIGEST and longer.startswith(shorter))


def _lone(item: Dataset, *, added: bool) -> Difference:
    return difference(
        Area.DATA,
        dotted(_name(item)),
        MISSING if added else item.path,
        item.path if added else MISSING,
        role=item.role,
        rank=1,
        at=(None if added else item.at, item.at if added else None),
    )


def _paths(record: RunRecord) -> dict[str, Side]:
    """Fields of the record that name data."""
    return {
        name.removeprefix(_PREFIX): known(resolved.value)
        for name, resolved in record.fields.items()
        if name.startswith(_PREFIX)
    }


def _all_paths(record: RunRecord) -> set[str]:
    """The paths of data sets, and the directories that they lie in."""
    found: set[str] = set()
    for item in record.datasets:
        path = item.path
        while path and path not in found and len(path) <= _LONGEST_PATH:
            found.add(path)
            path = path.rpartition("/")[0]
    return found


def _told(side: Side, told: set[str]) -> bool:
    if isinstance(side, Missing):
        return True
    return isinstance(side, str) and (side in told or side.rstrip("/") in told)


def _places(
    a: dict[str, Side], b: dict[str, Side], volatile: Volatile, told: set[str]
) -> Iterator[Difference]:
    """Paths that are stated as fields and lead to no data set that was compared."""
    for name, one, other in joined(a, b):
        left = MISSING if one is None else one
        right = MISSING if other is None else other
        if left == right or all(_told(side, told) for side in (left, right)):
            continue
        alike = (
            isinstance(left, str) and isinstance(right, str) and volatile.ends_alike(left, right)
        )
        yield difference(
            Area.DATA,
            dotted((name,)),
            left,
            right,
            significance=Significance.VOLATILE if alike else Significance.SIGNIFICANT,
            rank=1,
        )
