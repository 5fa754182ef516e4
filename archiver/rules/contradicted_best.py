"""The value that a best checkpoint was chosen by contradicts the metrics.

What it finds
    Best checkpoints whose recorded value of the metric that was watched is not among that metric's
    values, and those where it is not finite: a search that met NaN first never leaves it. Where the
    value is among them and others are both higher and lower, the finding is a note: producers that
    save seldom choose among what they saved.

Why it matters
    The checkpoint that is called best may be of another run, of an attempt that was discarded, or
    simply not the best.

Example
    warning experiment.json [RA503 contradicted-best]
            the best val_accuracy is recorded as 0.95, but none of its 8 values is (0.33 to
            0.83)

What to do
    Choose the checkpoint by the metrics, as far as it was kept.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.plain import dataclass
from archiver.model.record import Checkpoint, Series
from archiver.model.values import Value
from archiver.wording import counted, cut

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CLOSE = 1e-5
"""Relative difference that rounding to single precision and to printed decimals may make."""
_TINY = 1e-8
_LARGEST = 10**300


def check(case: Case) -> Iterator[Hit]:
    """Each value once, however many artifacts repeat it."""
    told: set[tuple[str, str]] = set()
    named: dict[str, list[Series]] | None = None
    watched: dict[str, _Watched] = {}
    for item in case.record.checkpoints:
        best = _number(item.metric)
        if "best" not in item.tags or not item.monitor or best is None:
            continue
        if (item.monitor, str(best)) in told:
            continue
        told.add((item.monitor, str(best)))
        if item.monitor not in watched:
            named = _by_name(case) if named is None else named
            watched[item.monitor] = _Watched(case, tuple(named.get(item.monitor, ())))
        yield from _judge(case, watched[item.monitor], item, best)


def _number(value: Value) -> float | None:
    """A number that is one; integers that no double holds are no score."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isinstance(value, float) or abs(value) < _LARGEST else None


def _by_name(case: Case) -> dict[str, list[Series]]:
    """Series by each name that a metric is watched under; it may lack the split's."""
    found: dict[str, list[Series]] = {}
    for series in case.record.series:
        if series.type != "number" or series.min is None or series.max is None:
            continue
        name = series.key.replace("/", "_")
        names = {series.key, name}
        if name.startswith("eval_"):
            bare = name.removeprefix("eval_")
            names |= {bare, bare.removesuffix("_epoch")}
        for each in names:
            found.setdefault(each, []).append(series)
    return found


@dataclass(frozen=True)
class _Watched:
    """The series of a metric that checkpoints were chosen by."""

    case: Case
    series: tuple[Series, ...]
    """Those that have finite values."""

    @cached_property
    def longest(self) -> Series:
        return max(self.series, key=lambda series: series.points)

    @cached_property
    def ends(self) -> list[float]:
        """Lowest and highest values, in order."""
        both = ((series.min, series.max) for series in self.series)
        return sorted(end for pair in both for end in pair if end is not None)

    @cached_property
    def values(self) -> tuple[NDArray[np.float64], bool]:
        """Finite values, in order, and whether those of all series are known."""
        import numpy as np

        tables = [self.case.points(series) for series in self.series]
        known = [table.values[np.isfinite(table.values)] for table in tables if table is not None]
        return np.sort(np.concatenate(known or [np.empty(0)])), len(known) == len(tables)


def _judge(case: Case, watched: _Watched, item: Checkpoint, best: float) -> Iterator[Hit]:
    name = cut(item.monitor or "")
    if not math.isfinite(best):
        message = f"the best {name} is recorded as {best}: what was searched for it stuck there"
        yield Hit(message, item.at)
        return
    if not watched.series or _holds(watched.ends, best):
        return
    first = watched.longest
    place = Place(case.place_of(first), f"the values of {cut(first.key)}")
    values, all_known = watched.values
    if _holds(values, best):
        message = (
            f"the best {name} is recorded as {best:g}, but others are lower and higher"
            f" ({first.min:g} to {first.max:g})"
        )
        yield Hit(message, item.at, (place,), severity=Severity.NOTE)
    elif all_known:
        message = (
            f"the best {name} is recorded as {best:g}, but none of its"
            f" {counted(first.points, 'value')} is ({first.min:g} to {first.max:g})"
        )
        yield Hit(message, item.at, (place,))


def _holds(ordered: Sequence[float] | NDArray[np.float64], value: float) -> bool:
    """Whether one of the values, which are in order, is as good as this one."""
    margin = _CLOSE * abs(value) + _TINY
    index = bisect_left(ordered, value - margin)
    return index < len(ordered) and bool(ordered[index] <= value + margin)


RULE = Rule(
    id="RA503",
    name="contradicted-best",
    summary="The value that a best checkpoint was chosen by contradicts the metrics",
    severity=Severity.WARNING,
    check=check,
)
