"""What one area tells of what another tells already: the same fact, recorded twice.

The version of torch is a fact of the environment and a package; the size of a parallel group is a
setting and a property of the launch; an environment variable may be what a configuration says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archiver.diff.moves import meaning
from archiver.diff.names import plain
from archiver.model.differences import Area, Difference, Missing, Side, Significance

_SPELLED = {"procs_per_node": "nproc_per_node"}
"""Names of the launch -> those of settings."""


def once(found: Sequence[Difference]) -> Iterator[Difference]:
    """The differences, those of the environment equivalent that other areas tell."""
    significant = [item for item in found if item.significance is Significance.SIGNIFICANT]
    steps = {_first(item) for item in significant if item.role == "launch"}
    told = _by_key(significant, steps)
    for item in found:
        if item.area is Area.ENVIRONMENT and item.significance is Significance.SIGNIFICANT:
            known = told.get(_key(item), ())
            step = _first(item) if item.role == "launch" else ""
            if any(other in ("", step) and _same(item, difference) for other, difference in known):
                yield replace(
                    item, significance=Significance.EQUIVALENT, note="another area tells it"
                )
                continue
        yield item


def _by_key(
    items: Iterable[Difference], steps: set[str]
) -> dict[str, list[tuple[str, Difference]]]:
    """Settings and packages by their names, with the step that they are of."""
    found: dict[str, list[tuple[str, Difference]]] = defaultdict(list)
    for item in items:
        if item.area is Area.CONFIG or (
            item.area is Area.DEPENDENCIES and item.role in ("installed", "imported")
        ):
            step = _first(item)
            found[_key(item)].append((step if step in steps else "", item))
    return found


def _first(item: Difference) -> str:
    return item.field.partition(".")[0]


def _key(item: Difference) -> str:
    name = plain(item.field.rpartition(".")[2]).removesuffix("_size")
    return _SPELLED.get(name, name)


def _same(item: Difference, other: Difference) -> bool:
    """Whether another difference has the sides of one, where that one has them."""
    sides = (item.a, other.a), (item.b, other.b)
    return all(isinstance(one, Missing) or _alike(one, two) for one, two in sides)


def _alike(one: Side, other: Side) -> bool:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return False
    return meaning(one) == meaning(other)
