"""Area `config`: configurations compared like with like, and each fact told once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from archiver.diff.alike import Terms
from archiver.diff.area import Told
from archiver.diff.expanding import expanded
from archiver.diff.interning import Interner
from archiver.diff.moves import Found, meaning, moved
from archiver.diff.names import Path, dotted, words
from archiver.diff.options import Options, RunData
from archiver.diff.pairing import Pair, pairs, resolution
from archiver.diff.settings_table import OPTIMISATION, OTHER, topic
from archiver.diff.settings_table import setting as shared_name
from archiver.diff.showing import unmarked
from archiver.diff.telling import Setting, told
from archiver.diff.walk import Walk
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Kind,
    Missing,
    Side,
    Significance,
)
from archiver.model.record import Config, RunRecord
from archiver.model.values import Tagged, Value

_SEVERAL = 2
_MOST_MENTIONED = 1_000
_KEEPS_NULLS = frozenset({"generic_config", "lightning_hparams", "torchtune_config"})
"""Readers of files that people write, or that are written with their nulls."""


_ANY_STEP = "\0"
_DEEPEST = 6
"""Keys of a path that tell its place from others."""
_AGAIN = ("given", "passed", "raw")
"""Endings of sections that repeat, of the one beside them, what somebody wrote down."""


@dataclass(frozen=True, slots=True)
class _Fact:
    difference: Difference
    topic: tuple[str, Hashable, Hashable]
    """What it speaks of, and both sides; None for a side that says nothing."""
    step_id: str | None
    pair: int
    """Which of the pairs of configurations tells it."""
    path: Path | None
    """Where it stands in both; None of what moved."""


def compare(a: RunData, b: RunData, options: Options) -> Told:
    """Every pair of configurations; the same change in several is told by the most resolved."""
    if not a.record.configs and not b.record.configs:
        return Told(not_compared="neither run records a configuration")
    facts: list[_Fact] = []
    cautions: list[str] = []
    interner = Interner()
    matched = pairs(a.record, b.record)
    names = _step_names(1 if options.by_step else _SEVERAL, a.record, b.record)
    agreed = _Agreed(interner)
    for number, pair in enumerate(matched):
        if pair.a is None or pair.b is None:
            continue
        if not pair.like:
            cautions.append(
                f"configurations of unlike roles were compared: {pair.a.role} ({pair.a.id}) with"
                f" {pair.b.role} ({pair.b.id})"
            )
        prefix = names.get(pair.step_id)
        for found, difference in _differences(pair, prefix, options):
            leaf = found.leaf
            speaks = topic(leaf.path, found.before)
            key = (speaks, _meaning(leaf.a, interner), _meaning(leaf.b, interner))
            weighed = agreed.weighed(difference, key[0], pair)
            path = leaf.path if found.before is None else None
            facts.append(_Fact(weighed, key, pair.step_id, number, path))
        agreed.add(pair)
    kept = [*_once(facts)]
    kept += _lone(matched, _mentioned(kept))
    return Told(tuple(kept), tuple(cautions))


@dataclass(slots=True)
class _Agreed:
    """What the more resolved configurations of both runs say alike, by step and topic."""

    interner: Interner
    topics: dict[str | None, set[str]] = field(default_factory=dict)
    waiting: list[tuple[Config, Config]] = field(default_factory=list)
    """Pairs that were compared, until somebody asks what they have in common."""

    orders: dict[str | None, int] = field(default_factory=dict)
    """Step -> how resolved its first configurations are."""

    def add(self, pair: Pair) -> None:
        """Take note of two configurations that were compared."""
        if pair.a is not None and pair.b is not None:
            self.waiting.append((pair.a, pair.b))
            self.orders.setdefault(pair.step_id, pair.order)

    def _look(self) -> None:
        for a, b in self.waiting:
            one, other = self._stated(a), self._stated(b)
            same = {name for name, meanings in one.items() if other.get(name) == meanings}
            step_id = a.step_id if a.step_id is not None else b.step_id
            self.topics.setdefault(step_id, set()).update(same)
        self.waiting.clear()

    def _stated(self, config: Config) -> dict[str, set[Hashable]]:
        found: dict[str, set[Hashable]] = {}
        pending: list[tuple[Path, Value]] = [((), expanded(config.values))]
        while pending:
            path, value = pending.pop()
            if isinstance(value, dict):
                # Two keys are all that a topic is made of.
                pending.extend(((*path[-1:], key), item) for key, item in value.items())
            elif path:
                found.setdefault(topic(path), set()).add(_meaning(value, self.interner))
        return found

    def weighed(self, difference: Difference, name: str, pair: Pair) -> Difference:
        """A difference between less resolved configurations, in the light of the others.

        What one run wrote down and the other left to a default came to the same; what both wrote
        down differently is told all the same.
        """
        if difference.significance is not Significance.SIGNIFICANT:
            return difference
        self._look()
        steps = (pair.step_id, None)
        lone = difference.kind in (Kind.ADDED, Kind.REMOVED)
        resolved = any(self.orders.get(step, pair.order) < pair.order for step in steps)
        if lone and resolved and _refers(difference):
            note = "a reference; a more resolved configuration was compared"
            return replace(difference, significance=Significance.EQUIVALENT, note=note)
        if not any(name in self.topics.get(step, ()) for step in steps):
            return difference
        if lone:
            note = "a more resolved configuration has the same value in both runs"
            return replace(difference, significance=Significance.EQUIVALENT, note=note)
        note = "yet a more resolved configuration has the same value in both runs"
        return replace(difference, note="; ".join(filter(None, (difference.note, note))))


def _step_names(least: int, *records: RunRecord) -> dict[str | None, str]:
    """Name of each step, where enough steps have configurations."""
    several = [{item.step_id for item in record.configs} - {None} for record in records]
    if max(map(len, several)) < least:
        return {}
    return {step_id: step_id for steps in several for step_id in steps if step_id is not None}


def _differences(
    pair: Pair, prefix: str | None, options: Options
) -> Iterator[tuple[Found, Difference]]:
    a, b = pair.a, pair.b
    if a is None or b is None:
        return
    terms = Terms(
        typed=a.typed and b.typed,
        tolerance=options.tolerance,
        yaml_a=a.format == "yaml",
        yaml_b=b.format == "yaml",
    )
    strict = {a.reader, b.reader} <= _KEEPS_NULLS and a.typed and b.typed
    setting = Setting(Area.CONFIG, pair.role, terms, options, null_is_nothing=not strict)
    leaves = list(Walk().leaves(expanded(a.values), expanded(b.values)))
    for found in moved(leaves, terms):
        difference = told(found, setting)
        if a.reader != b.reader or not pair.like:
            difference = _foreign(difference, pair)
        yield found, replace(_placed(difference, prefix), at_a=a.at, at_b=b.at)


def _placed(difference: Difference, prefix: str | None) -> Difference:
    if prefix is None:
        return difference
    start = dotted((prefix,))
    before = f"{start}.{difference.from_}" if difference.from_ else ""
    return replace(difference, field=f"{start}.{difference.field}", from_=before)


def _foreign(difference: Difference, pair: Pair) -> Difference:
    """What only one of two unlike configurations states is no difference of the runs.

    Another program, or a later stage of the same one, fills in what was not written down. What
    governs optimisation is told all the same, unless it is the later stage that fills it in.
    """
    one_sided = difference.kind in (Kind.ADDED, Kind.REMOVED)
    here = pair.b if difference.kind is Kind.ADDED else pair.a
    if not one_sided or difference.significance is not Significance.SIGNIFICANT or here is None:
        return difference
    if not _fuller(pair, here):
        foreign = pair.a is not None and pair.b is not None and pair.a.reader != pair.b.reader
        if difference.rank < OPTIMISATION or not foreign:
            return difference
    note = f"only {here.id} is of a kind that states this"
    return replace(difference, significance=Significance.EQUIVALENT, note=note)


def _fuller(pair: Pair, here: Config) -> bool:
    """Whether a configuration is the more resolved of two."""
    other = pair.a if here is pair.b else pair.b
    return other is not None and resolution(here.role) < resolution(other.role)


def _meaning(side: Side, interner: Interner) -> Hashable:
    """Something that values which say the same share, however a configuration spells them."""
    side = unmarked(side)
    if isinstance(side, Missing):
        return None
    return ("", interner.number(side)) if isinstance(side, list | dict) else meaning(side)


def _once(facts: Iterable[_Fact]) -> Iterator[Difference]:
    """Each change of a step once, as the most resolved configuration tells it.

    What repeats one is equivalent, never gone. In one configuration two changes are two, unless a
    setting stands there under two names.
    """
    told = _Told()
    fields: set[Hashable] = set()
    for fact in facts:
        name = (fact.difference.field, fact.difference.kind)
        if (name in fields and _refers(fact.difference)) or told.repeats(fact):
            yield _repeated(fact.difference)
            continue
        fields.add(name)
        told.add(fact)
        yield fact.difference


def _repeated(difference: Difference) -> Difference:
    if difference.significance is not Significance.SIGNIFICANT:
        return difference
    note = "another configuration tells it, or this one by another name"
    return replace(difference, significance=Significance.EQUIVALENT, note=note)


@dataclass(slots=True)
class _Told:
    """The changes that were told, by what they are of and from what to what."""

    first: dict[Hashable, int] = field(default_factory=dict)
    """Topic and step (of what trainers name alike, also the end of its path) -> the first pair of
    configurations that tells it."""
    places: set[Hashable] = field(default_factory=set)
    """Pair, topic and path."""
    settings: set[Hashable] = field(default_factory=set)
    """Pair, topic and section of a setting that trainers name differently."""

    def add(self, fact: _Fact) -> None:
        """Take note of a change, and of its sides: the other run may have left its own out."""
        speaks, a, b = fact.topic
        topics = [fact.topic]
        if fact.difference.significance is Significance.SIGNIFICANT:
            topics += [(speaks, a, None), (speaks, None, b)]
        for topic_ in topics:
            for step_id in (fact.step_id, _ANY_STEP):
                for end in _ends(fact.path):
                    self.first.setdefault((topic_, step_id, end), fact.pair)
            if fact.path is not None:
                self.places.add((fact.pair, topic_, fact.path))
        if fact.path is not None and shared_name(fact.path) is not None:
            self.settings.add((fact.pair, fact.topic, _section(fact.path)))

    def repeats(self, fact: _Fact) -> bool:
        """Whether another configuration told a change, or this one did under another name."""
        steps = (_ANY_STEP,) if fact.step_id is None else (fact.step_id, None)
        for step, end in product(steps, _seen(fact.path)):
            if self.first.get((fact.topic, step, end), fact.pair) < fact.pair:
                return True
        if fact.path is None:
            return False
        sides = (fact.difference.a, fact.difference.b)
        there = (fact.pair, fact.topic, _section(fact.path))
        if shared_name(fact.path) is not None and not any(
            isinstance(side, Missing) for side in sides
        ):
            return there in self.settings
        return any((fact.pair, fact.topic, path) in self.places for path in _beside(fact.path))


def _ends(path: Path | None) -> Iterator[tuple[bool, Path]]:
    """By what a key that was told is known: any end of its path, and (true) the whole of it.

    A setting that trainers name differently, or one that moved, is known wherever it stands.
    """
    whole = _whole(path)
    yield True, whole
    yield from ((False, whole[start:]) for start in range(len(whole)))


def _seen(path: Path | None) -> Iterator[tuple[bool, Path]]:
    """What tells a key already: one whose path ends as its own, or whose path its own ends as.

    `dropout` may be `model.dropout` of another configuration; `head.dropout` is not.
    """
    whole = _whole(path)
    yield False, whole
    yield from ((True, whole[start:]) for start in range(len(whole) + 1))


def _whole(path: Path | None) -> Path:
    if path is None or shared_name(path) is not None:
        return ()
    return tuple(words(path)[-_DEEPEST:])


def _section(path: Path) -> Path:
    """What a key stands in, the parts of a flat dotted key before its last among it."""
    return (*path[:-1], path[-1].rpartition(".")[0]) if path else ()


def _beside(path: Path) -> Iterator[Path]:
    """The same place in a section that repeats one, or that one repeats: `params_passed`."""
    for place, key in enumerate(path[:-1]):
        head, _, ending = key.rpartition("_")
        names = [head] if ending in _AGAIN else [f"{key}_{ending}" for ending in _AGAIN]
        yield from ((*path[:place], name, *path[place + 1 :]) for name in names)


def _refers(difference: Difference) -> bool:
    """Whether a side is a text that refers to other settings, which a resolved one replaced."""
    sides = (
        side.value if isinstance(side, Tagged) else side for side in (difference.a, difference.b)
    )
    return any(isinstance(side, str) and "${" in side for side in sides)


def _mentioned(differences: Iterable[Difference]) -> tuple[str, ...]:
    """Paths in what only one of the runs lists, such as the steps of a pipeline."""
    pending: list[Value] = [
        side
        for item in differences
        if item.significance is Significance.SIGNIFICANT
        for side, other in ((item.a, item.b), (item.b, item.a))
        if isinstance(other, Missing) and isinstance(side, dict)
    ]
    found: list[str] = []
    while pending and len(found) < _MOST_MENTIONED:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, str) and "/" in value:
            found.append(f"/{value.lstrip('./')}")
    return tuple(found)


def _lone(matched: Sequence[Pair], mentioned: tuple[str, ...]) -> Iterator[Difference]:
    """Configurations that only one of the runs has: one difference per step and run.

    Where the step's settings were compared elsewhere, that says nothing about the outcome.
    """
    compared = {pair.step_id for pair in matched if pair.a is not None and pair.b is not None}
    lone: dict[tuple[str | None, bool], list[Config]] = {}
    for pair in matched:
        if pair.b is None and pair.a is not None:
            lone.setdefault((pair.step_id, False), []).append(pair.a)
        elif pair.a is None and pair.b is not None:
            lone.setdefault((pair.step_id, True), []).append(pair.b)
    readers = [
        {config.reader for config in side if config is not None}
        for side in ([pair.a for pair in matched], [pair.b for pair in matched])
    ]
    # A pipeline and a single job have other steps whatever they train.
    foreign = readers[0].isdisjoint(readers[1])
    for (step_id, added), configs in lone.items():
        known = step_id in compared or (bool(compared) and (step_id is None or foreign))
        told = any(item.at.path.endswith(mentioned) for item in configs)
        names: list[Value] = [f"{item.role}: {item.id}" for item in configs]
        yield Difference(
            area=Area.CONFIG,
            role=configs[0].role,
            field=dotted((step_id or "*",)),
            kind=Kind.ADDED if added else Kind.REMOVED,
            a=MISSING if added else names,
            b=names if added else MISSING,
            significance=Significance.EQUIVALENT if known or told else Significance.SIGNIFICANT,
            rank=OTHER,
            note="configurations that the other run does not record",
            at_a=None if added else configs[0].at,
            at_b=configs[0].at if added else None,
        )
