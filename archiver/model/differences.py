"""What differs between runs: the shape that `diff` computes and every rendering shows.

`schemas/diff.v1.json` describes its JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum
from typing import TypeAlias

from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.values import Value


class Area(StrEnum):
    """What is compared, in the order in which it is told."""

    CONFIG = "config"
    METRICS = "metrics"
    DATA = "data"
    CODE = "code"
    DEPENDENCIES = "dependencies"
    ENVIRONMENT = "environment"
    FILES = "files"


class Kind(StrEnum):
    """How two sides differ."""

    CHANGED = "changed"
    ADDED = "added"
    """Only the second run has it."""
    REMOVED = "removed"
    """Only the first run has it."""
    MOVED = "moved"
    """The same value stands under another key."""
    RETYPED = "retyped"
    """The same characters, loaded as another type: a number that a loader read as text."""


class Significance(StrEnum):
    """Whether a difference says anything about the outcome."""

    SIGNIFICANT = "significant"
    VOLATILE = "volatile"
    """Differs from run to run whatever one does: paths, stamps, hosts, ports, names, job ids."""
    EQUIVALENT = "equivalent"
    """Another spelling of the same: 1e-5 and "1e-5", tuple and list, absent and null."""


class Direction(StrEnum):
    """What a difference means, where that is known."""

    BETTER = "better"
    WORSE = "worse"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A side that has nothing there; not the same as a recorded null."""


MISSING = Missing()
Side: TypeAlias = "Value | Missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two runs."""

    area: Area
    role: str = ""
    """Within the area: `authored`, `resolved`, `effective`, ... of a configuration; `installed` or
    `locked` of dependencies; `final`, `best`, `at step 100` of metrics."""
    field: str
    """Dotted path without the file's name; dots inside keys are escaped as `\\.`."""
    kind: Kind
    a: Side = MISSING
    b: Side = MISSING
    from_: str = ""
    """Of something that moved: the field that it had in the first run."""
    direction: Direction = Direction.NONE
    significance: Significance = Significance.SIGNIFICANT
    rank: int = 0
    """Smaller is told first within its area: what governs optimisation is 0."""
    note: str = ""
    """A word of caution or explanation, in words."""
    at_a: Location | None = None
    at_b: Location | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the runs that were compared."""

    path: str
    """As given, POSIX."""
    run_id: str
    experiment: str
    producers: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs and everything that differs."""

    a: Compared
    b: Compared
    differences: tuple[Difference, ...]
    """By area, significant ones first, then by rank and field."""
    cautions: tuple[str, ...] = ()
    """What makes the comparison itself doubtful: other seeds, one seed only, other producers,
    a run that did not finish."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Area -> why it was not compared: nothing recorded on either side, left out by `--only`."""

    @property
    def identical(self) -> bool:
        """No difference of any significance."""
        return not self.differences

    @property
    def significant(self) -> tuple[Difference, ...]:
        """The differences that matter."""
        return tuple(_of(self.differences, Significance.SIGNIFICANT))

    def summary(self) -> dict[str, int]:
        """Differences by significance; all three are always named."""
        counts = Counter(item.significance.value for item in self.differences)
        return {word.value: counts[word.value] for word in Significance}


def _of(items: Iterable[Difference], wanted: Significance) -> Iterable[Difference]:
    return (item for item in items if item.significance is wanted)


@dataclass(frozen=True, slots=True)
class VariedField:
    """One field that is not the same in all of several runs."""

    area: Area
    role: str
    field: str
    values: tuple[Side, ...]
    """One per run, in their order."""
    significance: Significance = Significance.SIGNIFICANT
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Variation:
    """More than two runs: the fields that vary, metrics last."""

    runs: tuple[Compared, ...]
    fields: tuple[VariedField, ...]
    cautions: tuple[str, ...] = ()
