"""One row per metric: what `codex-ndjson summarize` tells of it, and what that leaves out.

The first eighteen columns have that tool's names, order and meaning: they look at every row that
was written, repeats and superseded ones among them. Where its figures depend on accidents ours do
not: first and last follow the time that stamps mean (their text there), non-finite numbers are
counted instead of spreading into minimum, maximum and mean, and a row without a run id belongs to
the run that it stands in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from archiver.model.points import NO_STEP
from archiver.model.record import RunRecord, Series
from archiver.model.times import Clock, Instant
from archiver.model.values import Value, nonfinite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archiver.series import Joined

LOWER_IS_BETTER = frozenset({"loss", "eval_loss", "mean_loss", "perplexity", "step_time"})
HIGHER_IS_BETTER = frozenset({"accuracy", "tokens_per_sec", "tokens_per_sec_per_gpu"})
"""Canonical names whose best value is known; of any other metric none is told."""


@dataclass(frozen=True)
class Columns:
    """Every point of one series in file order, whatever became of it."""

    steps: NDArray[np.int64]
    times: NDArray[np.float64]
    """Seconds since 1970; NaN where none was written."""
    values: NDArray[np.float64] | Sequence[str]


def columns(joined: Joined, redact: Callable[[str], str]) -> Columns:
    """The points of a series that was just read; texts pass through `redact`."""
    import numpy as np

    points = joined.points()
    times = points.times if joined.spec.clock else np.full(len(points.times), np.nan)
    if isinstance(points.values, np.ndarray):
        return Columns(points.steps, times, points.values)
    return Columns(points.steps, times, [redact(text) for text in points.values])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The summary of one metric of one split and data set in one source."""

    run_id: str
    split: str
    metric: str
    dataset: str
    count: int
    """Every row of it, numbers or not."""
    first_step: int | None = None
    """The smallest."""
    last_step: int | None = None
    """That of the last row."""
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    first_value: Value = None
    """Of the earliest row, by time and then by step."""
    last_value: Value = None
    min_value: float | None = None
    max_value: float | None = None
    mean_value: float | None = None
    first_manifest_id: str | None = None
    last_manifest_id: str | None = None
    first_phase: str | None = None
    last_phase: str | None = None
    numeric_count: int = 0
    non_finite: int = 0
    non_numeric: int = 0
    dropped: int = 0
    """Records of the source that gave no row at all; they cannot be told apart by metric."""
    duplicate: int = 0
    overwritten: int = 0
    superseded: int = 0
    best_value: float | None = None
    """Of the kept points; known for losses, perplexity, accuracy and speeds alone."""
    best_step: int | None = None
    canonical: str | None = None
    unit: str | None = None
    axis: str = "step"
    step_id: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    source: str = ""
    shadow_of: str | None = None


COLUMNS = tuple(item.name for item in fields(Row))
PRODUCER_COLUMNS = COLUMNS[:18]


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """The metrics of one run."""

    record: RunRecord
    rows: tuple[Row, ...]


def summarise(record: RunRecord, points: Iterable[tuple[Series, Columns]]) -> RunMetrics:
    """A row per metric; numbers and other values of one metric in one source share it."""
    groups: dict[tuple[object, ...], list[_Part]] = {}
    for item, columns in points:
        groups.setdefault(_group(item), []).append(_part(item, columns))
    lost = {(books.scope, books.path): books.dropped + books.corrupt for books in record.accounting}
    run_id = _run_id(record)
    rows = [_row(run_id, parts, lost) for parts in groups.values()]
    return RunMetrics(record, tuple(sorted(rows, key=_order)))


def _run_id(record: RunRecord) -> str:
    """The id that the run states, else the one that its archive has."""
    stated = record.fields.get("summary.run_id")
    return str(stated.value) if stated is not None and stated.value else record.run.run_id


def _order(row: Row) -> tuple[str, ...]:
    labels = "\0".join(f"{name}={value}" for name, value in sorted(row.labels.items()))
    return row.run_id, row.split, row.metric, row.dataset, row.source, labels, row.step_id or ""


def _group(item: Series) -> tuple[object, ...]:
    labels = tuple(sorted(item.labels.items()))
    place = (item.at.scope, item.source, item.step_id, item.axis)
    return (item.key, item.split, item.dataset, labels, *place)


@dataclass(frozen=True, slots=True)
class _End:
    """The earliest or latest point of a part."""

    time: float
    """-inf where no time was written."""
    step: int
    """-1 where no step was written."""
    stamp: str | None
    value: Value

    @property
    def place(self) -> tuple[float, int]:
        return self.time, self.step


@dataclass(frozen=True, slots=True)
class _Part:
    """What the points of one series amount to."""

    series: Series
    points: int
    first: _End | None = None
    last: _End | None = None
    low_step: int | None = None
    high_step: int | None = None
    low: float | None = None
    high: float | None = None
    total: float = 0.0
    finite: int = 0
    non_finite: int = 0


def _part(item: Series, columns: Columns) -> _Part:
    import numpy as np

    size = len(columns.steps)
    if not size:
        return _Part(item, 0)
    times = np.where(np.isnan(columns.times), -np.inf, columns.times)
    steps = np.where(columns.steps == NO_STEP, -1, columns.steps)
    # Of equal places the one read later counts, at both ends.
    order = np.lexsort((np.arange(size), steps, times))
    smallest = (times == times[order[0]]) & (steps == steps[order[0]])
    first, last = int(np.flatnonzero(smallest)[-1]), int(order[-1])
    known = columns.steps[columns.steps != NO_STEP]
    part = _Part(
        item,
        size,
        _end(item, columns, times, steps, first),
        _end(item, columns, times, steps, last),
        int(known.min()) if len(known) else None,
        int(known.max()) if len(known) else None,
    )
    return _numbers(part, columns) if isinstance(columns.values, np.ndarray) else part


def _end(
    item: Series,
    columns: Columns,
    times: NDArray[np.float64],
    steps: NDArray[np.int64],
    place: int,
) -> _End:
    time = float(times[place])
    told = item.first_time or item.last_time or ""
    naive = bool(told) and not told.endswith("+00:00")
    value = _value(item, columns.values[place])
    return _End(time, int(steps[place]), _stamp(time, naive=naive), value)


def _stamp(seconds: float, *, naive: bool) -> str | None:
    if not math.isfinite(seconds) or not 0 < seconds < 253_402_300_799:
        return None
    clock = Clock.NAIVE if naive else Clock.ZONED
    return Instant(round(seconds * 1_000_000), clock).iso()


def _value(item: Series, value: object) -> Value:
    """A point's value as it was written."""
    if isinstance(value, str):
        return None if item.type == "object" and value == "null" else value
    number = float(value)  # type: ignore[arg-type]
    if item.attributes.get("values") == "boolean":
        return bool(number)
    return number if math.isfinite(number) else nonfinite(number)


def _numbers(part: _Part, columns: Columns) -> _Part:
    import numpy as np

    values = np.asarray(columns.values, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not len(finite):
        return replace(part, non_finite=len(values))
    with np.errstate(over="ignore"):
        # In the order of the file, as whoever adds them up row by row does.
        total = float(np.cumsum(finite)[-1])
    low, high = float(finite.min()), float(finite.max())
    odd = len(values) - len(finite)
    return replace(part, low=low, high=high, total=total, finite=len(finite), non_finite=odd)


def _row(run_id: str, parts: Sequence[_Part], lost: dict[tuple[str, str], int]) -> Row:
    """The parts of one metric, joined."""
    numeric = next((part for part in parts if part.series.type == "number"), parts[0])
    item = numeric.series
    attributes = {
        name: value for part in (*parts, numeric) for name, value in part.series.attributes.items()
    }
    firsts = [part.first for part in parts if part.first is not None]
    lasts = [part.last for part in parts if part.last is not None]
    first = min(firsts, key=lambda end: end.place, default=None)
    last = max(lasts, key=lambda end: end.place, default=None)
    numbers = sum(part.finite + part.non_finite for part in parts)
    others = sum(part.series.non_numeric for part in parts)
    points = sum(part.points for part in parts)
    best_value, best_step = _best(item)
    return Row(
        run_id=item.labels.get("run") or attributes.get("run_id") or run_id,
        split=item.split or "",
        metric=item.key,
        dataset=item.dataset or "",
        count=points + others,
        first_step=min(_told(part.low_step for part in parts), default=None),
        last_step=_last_step(parts, last),
        first_timestamp=first.stamp if first else None,
        last_timestamp=last.stamp if last else None,
        first_value=first.value if first else None,
        last_value=last.value if last else None,
        min_value=numeric.low,
        max_value=numeric.high,
        mean_value=_mean(numeric),
        first_manifest_id=attributes.get("first_manifest_id"),
        last_manifest_id=attributes.get("last_manifest_id"),
        first_phase=attributes.get("first_phase"),
        last_phase=attributes.get("last_phase"),
        numeric_count=numbers,
        non_finite=sum(part.non_finite for part in parts),
        non_numeric=points - numbers + others,
        dropped=lost.get((item.at.scope, item.source), 0),
        duplicate=sum(part.series.duplicates for part in parts),
        overwritten=sum(part.series.overwritten for part in parts),
        superseded=sum(part.series.superseded for part in parts),
        best_value=best_value,
        best_step=best_step,
        canonical=item.canonical,
        unit=item.unit,
        axis=item.axis,
        step_id=item.step_id,
        labels=item.labels,
        source=item.source,
        shadow_of=item.shadow_of,
    )


def _told(numbers: Iterable[int | None]) -> Iterator[int]:
    return (number for number in numbers if number is not None)


def _last_step(parts: Sequence[_Part], last: _End | None) -> int | None:
    if last is not None and last.step != -1:
        return last.step
    return max(_told(part.high_step for part in parts), default=None)


def _mean(part: _Part) -> float | None:
    if not part.finite:
        return None
    mean = part.total / part.finite
    return mean if math.isfinite(mean) else None


def _best(item: Series) -> tuple[float | None, int | None]:
    if item.canonical in LOWER_IS_BETTER:
        return item.min, item.step_of_min
    if item.canonical in HIGHER_IS_BETTER:
        return item.max, item.step_of_max
    return None, None
