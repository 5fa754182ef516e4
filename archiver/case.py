"""What a rule is given: one audited run, whole and read-only.

A rule judges, it does not look: whatever needs bytes was established while they were open and
stands in the record as problems and file facts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from archiver.model.claims import Location, Problem
from archiver.model.findings import Fact, Place, Severity
from archiver.model.plain import dataclass
from archiver.model.record import FileEntry, Resolved, RunRecord, Series, Step
from archiver.model.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUN = Location("")
"""Where a finding stands that is about the run as a whole."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found; `audit` makes a finding of it."""

    message: str
    """One sentence with the figures in it, no full stop: what was found, and against what."""
    at: Location = RUN
    related: tuple[Place, ...] = ()
    hint: str = ""
    """What to do, where that depends on the case; the rule's page says it in general."""
    severity: Severity | None = None
    """Where it is not the rule's own."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a contract of the run's producers says of one kind of artifact."""

    producer: str
    title: str
    """The producer's name for people."""
    era: str
    kind: str
    required: bool
    since: str
    """The oldest era from which on it is required without a gap; empty where it never is."""
    summary: str = ""
    """What its reader says of it: the names that its producer gives it, and what it holds."""
    beside: bool = False
    """Whether it describes an experiment, and lies beside the runs of that."""


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one series in file order, whatever became of them."""

    steps: NDArray[np.int64]
    """`archiver.model.points.NO_STEP` where none was written."""
    times: NDArray[np.float64]
    """Seconds since 1970; NaN where none was written."""
    values: NDArray[np.float64]
    attempts: NDArray[np.int64]
    """Attempt that wrote each point, from 0."""
    kept: NDArray[np.bool_]
    """False for duplicates, overwritten and superseded points."""
    epochs: NDArray[np.float64]
    """NaN where none was written."""


def _no_points(_: Series) -> Points | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run (or one artifact by itself) before the audit."""

    record: RunRecord
    files: tuple[FileEntry, ...] = ()
    expected: tuple[Expected, ...] = ()
    """By the contracts of the run's producers and their eras."""
    required_fields: tuple[str, ...] = ()
    """Facts that the policy or `--require` asks for."""
    facts: frozenset[Fact] = frozenset(Fact)
    now: dt.datetime | None = None
    """Aware; None where `Fact.CLOCK` is missing."""
    points: Callable[[Series], Points | None] = _no_points
    """The points of a series of numbers; None for any other, or without `Fact.POINTS`."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Those of the rule at hand, defaults filled in."""

    def problems(self, *codes: str) -> Iterator[Problem]:
        """The problems that were met while reading, of the given codes."""
        return (problem for problem in self.record.problems if problem.code in codes)

    def field(self, name: str) -> Resolved | None:
        """A field of the record with its origin and its losers."""
        return self.record.fields.get(name)

    def value(self, name: str) -> Value:
        """A field's value; None where nobody recorded one."""
        resolved = self.record.fields.get(name)
        return resolved.value if resolved is not None else None

    @cached_property
    def training(self) -> tuple[Step, ...]:
        """The steps that train, but for those that were never reached."""
        return tuple(
            step
            for step in self.record.steps
            if step.status != "skipped" and (step.name == "train" or step.training is not None)
        )

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of artifact that were recognised."""
        return frozenset(entry.kind for entry in self.files if entry.kind)

    @cached_property
    def _kind_of(self) -> dict[tuple[str, str], str]:
        named = {(entry.scope, entry.path): entry.kind for entry in self.files if entry.kind}
        return named | {(book.scope, book.path): book.kind for book in self.record.accounting}

    def kind_of(self, at: Location) -> str | None:
        """Kind of the artifact that a location lies in."""
        return self._kind_of.get((at.scope, at.path))

    @cached_property
    def _paths(self) -> frozenset[tuple[str, str]]:
        return frozenset((entry.scope, entry.path) for entry in self.files)

    def place_of(self, series: Series) -> Location:
        """The file that a series is told of: of rotated files the one that gave them its name.

        A series that many files hold under a common pattern stands in the first of them.
        """
        named = (series.at.scope, series.source) in self._paths
        return Location(series.source if named else series.at.path, "", series.at.scope)

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(item.kind for item in self.expected if item.required)

    def is_required(self, at: Location) -> bool:
        """Whether a contract of the run requires the kind of artifact that a location lies in.

        An artifact that is looked at by itself is the one that was asked for: required.
        """
        return Fact.RUN not in self.facts or self.kind_of(at) in self._required
