"""Several runs: the fields that are not the same in all of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from archiver.diff import metrics, packages
from archiver.diff.comparing import compare, ignored, order
from archiver.diff.options import Options, RunData
from archiver.diff.pairing import pairs
from archiver.diff.steps import labelled
from archiver.model.claims import Location
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Kind,
    Side,
    Significance,
    Variation,
    VariedField,
)
from archiver.wording import listed

_Key = tuple[Area, str, str]
_DOT = re.compile(r"(?<!\\)\.")
_WHOLE = "*"
_NUMBER = "\0"
"""Stands for the numbers of the runs that a caution is about."""


def vary(runs: Sequence[RunData], options: Options | None = None) -> Variation:
    """The fields that vary, with the value that each run has; metrics come last.

    Every run is compared with the first, so the cost grows with their number alone. A run that
    does not differ from the first in a field has its value there.
    """
    options = options or Options()
    # By the same names in every comparison.
    runs = labelled(runs)
    table = _Table(runs)
    cautions: dict[str, list[str]] = defaultdict(list)
    steps = {frozenset(item.step_id for item in run.record.configs) for run in runs}
    each = replace(
        options,
        repeats=True,
        # A run may lack the one step that two others have.
        by_step=len(steps) > 1,
        names=("run 1", f"run {_NUMBER}"),
        both="the runs",
    )
    for place, run in enumerate(runs[1:], 1):
        comparison = compare(runs[0], run, each)
        for words in comparison.cautions:
            cautions[words].append(str(place + 1))
        for item in comparison.differences:
            if not (item.area is Area.METRICS and metrics.is_at(item.role)):
                table.add(place, item)
    fields = [*table.fields()]
    if Area.METRICS in options.areas:
        # Two runs may share a place that a third does not have.
        fields += metrics.at_one_place(runs, options)
    shown = [
        item
        for item in fields
        if (options.all_ or item.significance is Significance.SIGNIFICANT)
        and not ignored(item, options.ignore)
    ]
    shown.sort(key=lambda item: (item.area is Area.METRICS, order(item)))
    doubts = (words.replace(_NUMBER, listed(runs_)) for words, runs_ in cautions.items())
    return Variation(tuple(run.compared for run in runs), tuple(shown), tuple(doubts))


@dataclass(slots=True)
class _Table:
    """What was told of each run in comparison with the first."""

    runs: Sequence[RunData]
    columns: dict[_Key, dict[int, Side]] = field(default_factory=dict)
    """Values by run, those that were told."""
    firsts: dict[_Key, Difference] = field(default_factory=dict)
    """One difference of each field; a significant one where there is one."""
    gone: dict[int, set[tuple[Area, str]]] = field(default_factory=lambda: defaultdict(set))
    """Run -> fields that it does not have, nor what lies below them."""
    unlisted: dict[int, set[tuple[Area, str]]] = field(default_factory=lambda: defaultdict(set))
    """Run -> areas and roles of which it has nothing."""
    compared: list[set[Location]] = field(init=False)
    """Per run, the configurations of the first run that it has a counterpart of."""

    def __post_init__(self) -> None:
        first = self.runs[0].record
        self.compared = [
            {pair.a.at for pair in pairs(first, run.record) if pair.a and pair.b}
            for run in self.runs
        ]

    def add(self, place: int, item: Difference) -> None:
        """Take note of what one run has in another way than the first."""
        key = item.area, item.role, item.from_ or item.field
        column = self.columns.setdefault(key, {0: item.a})
        column[place] = item.b
        if key not in self.firsts or item.significance is Significance.SIGNIFICANT:
            self.firsts[key] = item
        if item.kind is Kind.REMOVED and item.field == _WHOLE:
            self.unlisted[place].add((item.area, item.role))
        elif item.kind is Kind.REMOVED:
            self.gone[place].add((item.area, item.field))

    def fields(self) -> Iterator[VariedField]:
        """Every field with the value of each run."""
        for key, item in self.firsts.items():
            values = tuple(self._value(key, place) for place in range(len(self.runs)))
            yield VariedField(*key, values, item.significance, item.rank)

    def _value(self, key: _Key, place: int) -> Side:
        area, role, name = key
        column = self.columns[key]
        if place in column:
            return column[place]
        if name == _WHOLE and area is Area.DEPENDENCIES:
            return packages.listed(self.runs[place], role)
        if area is Area.METRICS and role == "best":
            # Where the best value is the final one, that is told alone.
            final = self.columns.get((area, "final", name), {})
            return final.get(place, final.get(0, column[0]))
        return MISSING if self._lacks(key, place) else column[0]

    def _lacks(self, key: _Key, place: int) -> bool:
        """Whether a run has nothing there although no difference says so."""
        area, role, name = key
        ends = [found.start() for found in _DOT.finditer(name)]
        if area is Area.CONFIG:
            at = self.firsts[key].at_a
            return at is not None and at not in self.compared[place]
        if any((area, name[:end]) in self.gone[place] for end in ends):
            return True
        return (area, role) in self.unlisted[place]
