"""What a comparison is given: the runs, and how they are to be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from archiver.diff.volatile import Volatile
from archiver.model.differences import Area, Compared
from archiver.model.record import FileEntry, RunRecord, Series

if TYPE_CHECKING:
    from archiver.case import Points

Align = Literal["step", "epoch", "tokens"]


def _no_points(_: Series) -> Points | None:
    return None


@dataclass(frozen=True, kw_only=True)
class RunData:
    """One run with all that is compared of it."""

    compared: Compared
    record: RunRecord
    files: tuple[FileEntry, ...] = ()
    points: Callable[[Series], Points | None] = _no_points
    """The points of a series of numbers; None for any other."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Step -> name by which it is known across runs; filled in by `steps.labelled`."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How runs are compared."""

    areas: frozenset[Area] = frozenset(Area)
    all_: bool = False
    """Whether fields that vary without significance are among those of several runs; of two runs
    every difference is given, whatever its significance."""
    ignore: tuple[str, ...] = ()
    """Shell patterns over fields (`*.cache_dir`), fields with their area (`metrics.*`) or last
    segments; what they cover is left out."""
    names: tuple[str, str] = ("the first run", "the second run")
    """What cautions call the two runs."""
    both: str = "both runs"
    repeats: bool = False
    """Whether what repeats another difference is given too, as equivalent; of several runs every
    value is needed."""
    by_step: bool = False
    """Whether settings are told with their step though there is only one in both runs."""
    tolerance: float = 0.0
    """Relative; numbers of which at least one is a float and that are this close are equivalent."""
    align: Align = "step"
    """What makes points of two curves comparable."""
    volatile: Volatile = field(default_factory=Volatile)
