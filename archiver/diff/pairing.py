"""Which configuration of one run answers which of another: like with like."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from archiver.diff.expanding import expanded
from archiver.diff.interning import Interner
from archiver.diff.settings_table import topic
from archiver.model.record import Config, RunRecord
from archiver.model.values import Value

RESOLVED = ("effective", "resolved", "authored", "launcher", "search_space")
"""Roles, from what the running program had to what a person wrote."""

_VARIABLE = re.compile(r"[0-9a-f]{8,}|\d+")
_MOST = 60
"""Configurations per side of which every one is held against every other."""
_MOST_TOPICS = 20_000


def resolution(role: str) -> int:
    """Place of a role in the order from what ran to what was written; unknown ones come last."""
    return RESOLVED.index(role) if role in RESOLVED else len(RESOLVED)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two configurations that are compared, or one that has no counterpart."""

    a: Config | None
    b: Config | None

    @property
    def role(self) -> str:
        """The role that both have; of unlike ones both, the first run's first."""
        if self.a is None or self.b is None:
            return (self.a or self.b).role  # type: ignore[union-attr]
        return self.a.role if self.like else f"{self.a.role}/{self.b.role}"

    @property
    def like(self) -> bool:
        """Whether both have the same role."""
        return self.a is not None and self.b is not None and self.a.role == self.b.role

    @property
    def order(self) -> int:
        """Place in the order from effective to authored."""
        return min(resolution(config.role) for config in (self.a, self.b) if config is not None)

    @property
    def step_id(self) -> str | None:
        """Step that the configuration is of."""
        sides = (config.step_id for config in (self.a, self.b) if config is not None)
        return next((step_id for step_id in sides if step_id is not None), None)


def pairs(a: RunRecord, b: RunRecord) -> list[Pair]:
    """Every configuration once, from the most resolved to the least.

    Those of one reader and role go together by their ids, then by step. Of what is then left,
    those go together that speak of the same settings, in one role where that can be.
    """
    left, right = _distinct(a.configs), _distinct(b.configs)
    found: list[Pair] = []
    keys: tuple[Callable[[Config], Hashable], ...] = (
        lambda item: (item.role, item.id),
        lambda item: (item.role, item.reader, item.step_id, _VARIABLE.sub("#", item.id)),
        lambda item: (item.role, item.reader, item.step_id),
    )
    for key in keys:
        found += _matched(left, right, key)
    found += _akin(left, right, _trainings(a) | _trainings(b))
    found += [Pair(item, None) for item in left]
    found += [Pair(None, item) for item in right]
    return sorted(found, key=lambda pair: pair.order)


def _distinct(configs: Sequence[Config]) -> list[Config]:
    """Configurations without those that repeat another of the same role and step."""
    interner = Interner()
    often = Counter((item.role, item.step_id, item.reader) for item in configs)
    seen: set[Hashable] = set()
    kept = []
    for item in configs:
        kind = (item.role, item.step_id, item.reader)
        # Copies in several checkpoints or forms.
        key = (kind, interner.number(item.values)) if often[kind] > 1 else kind
        if key not in seen:
            kept.append(item)
        seen.add(key)
    return kept


def _matched(
    left: list[Config], right: list[Config], key: Callable[[Config], Hashable]
) -> Iterator[Pair]:
    """Pairs that share a key, in the order of both; they are taken out of the lists."""
    waiting: dict[Hashable, list[Config]] = defaultdict(list)
    for item in reversed(right):
        waiting[key(item)].append(item)
    rest = []
    taken: set[int] = set()
    for item in left:
        if waiting[key(item)]:
            partner = waiting[key(item)].pop()
            taken.add(id(partner))
            yield Pair(item, partner)
        else:
            rest.append(item)
    left[:] = rest
    right[:] = [item for item in right if id(item) not in taken]


def _akin(left: list[Config], right: list[Config], trainings: set[str | None]) -> Iterator[Pair]:
    """Pairs of what speaks of the same; taken out of the lists.

    One role goes before two, the more resolved before the less, and no configuration takes a
    partner that has far less in common with it than another has.
    """
    if not left or not right or max(len(left), len(right)) > _MOST:
        return
    topics = {id(item): _topics(item) for item in (*left, *right)}
    shared = {
        (id(one), id(other)): len(topics[id(one)] & topics[id(other)])
        for one in left
        for other in right
        if _may_answer(one, other, trainings)
    }
    most: Counter[int] = Counter()
    for (one_id, other_id), count in shared.items():
        most[one_id] = max(most[one_id], count)
        most[other_id] = max(most[other_id], count)

    def order(pair: tuple[Config, Config]) -> tuple[bool, list[int], int, list[str]]:
        one, other = pair
        places = sorted(resolution(item.role) for item in pair)
        ids = sorted(item.id for item in pair)
        return one.role != other.role, places, -shared[id(one), id(other)], ids

    fitting = [
        (one, other)
        for one in left
        for other in right
        if 2 * shared.get((id(one), id(other)), 0) >= min(most[id(one)], most[id(other)]) > 0
    ]
    paired: set[int] = set()
    for one, other in sorted(fitting, key=order):
        if id(one) not in paired and id(other) not in paired:
            paired |= {id(one), id(other)}
            yield Pair(one, other)
    left[:] = [item for item in left if id(item) not in paired]
    right[:] = [item for item in right if id(item) not in paired]


def _may_answer(one: Config, other: Config, trainings: set[str | None]) -> bool:
    """Whether two are of one step; a trainer that is a single job knows none but its own."""
    if one.step_id == other.step_id:
        return True
    return one.step_id in trainings and other.step_id in trainings


def _trainings(record: RunRecord) -> set[str | None]:
    """Steps that train, and none, which is the step of a configuration of the whole run."""
    return {step.step_id for step in record.steps if step.name == "train" or step.training} | {None}


def _topics(config: Config) -> set[str]:
    found: set[str] = set()
    pending: list[tuple[str, Value]] = [*expanded(config.values).items()]
    while pending and len(found) < _MOST_TOPICS:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.items())
        else:
            found.add(topic((key,)))
    return found
