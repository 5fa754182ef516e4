"""Series: points judged (kept, duplicate, overwritten, superseded) and summed up.

Rules: an identical repeat at the same place of the same attempt is a duplicate; a different
value there is overwritten, the last one counts; every point of an earlier attempt at or after
the first step of a later one is superseded, whether or not that step was measured again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from archiver.attempts import NO_ATTEMPTS, Attempts
from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.points import NO_STEP, Batch, PointStatus, SeriesSpec
from archiver.model.record import Series
from archiver.model.times import Clock, Instant
from archiver.model.values import nonfinite
from archiver.plan import Plan
from archiver.shadows import Candidate, Kept, shadows
from archiver.spool import PointSpool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMMARY_TEXT = 200
"""Longest text that a summary repeats."""


@dataclass(frozen=True)
class Points:
    """All points of one series in file order, as columns of equal length."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64] | Sequence[str]
    epochs: NDArray[np.float64]
    times: NDArray[np.float64]
    attempts: NDArray[np.int16]
    """Run attempt; 0 where the artifact tells no attempts apart."""
    paths: NDArray[np.int32]
    """Index into `files`."""
    files: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """One series with its summary; points are loaded from the spool when asked for."""

    spec: SeriesSpec
    summary: Series
    status: NDArray[np.int8]
    segment: NDArray[np.int16]
    _spool: PointSpool
    _attempts: Attempts

    def points(self) -> Points:
        """The points, in file order; `status` and `segment` have the same order."""
        return _load(self.spec, self._spool, self._attempts)

    def order(self, points: Points) -> NDArray[np.int64]:
        """Indices of all points in axis order (stable)."""
        import numpy as np

        return np.lexsort((np.arange(len(points.steps)), _axis(self.spec, points)))


@dataclass(frozen=True)
class SeriesSet:
    """Every series of the run, and how many points of each file were judged how."""

    all: tuple[Joined, ...]
    per_file: dict[tuple[str, str], Counter[str]]
    """Scope and path -> counts of `duplicate` (overwritten included) and `superseded`."""


def join(spool: PointSpool, plan: Plan, attempts: Mapping[str | None, Attempts]) -> SeriesSet:
    """Judge every point, sum up every series, and tell shadows from preferred sources.

    `attempts` are those of each step.
    """
    per_file: dict[tuple[str, str], Counter[str]] = {}
    joined = []
    for spec in spool.specs():
        own = attempts.get(plan.step(spec.step_id, spec.source), NO_ATTEMPTS)
        item = _judge(spec, spool, own, per_file)
        step_id = plan.owner(spec.step_id, spec.source)
        joined.append(replace(item, summary=replace(item.summary, step_id=step_id)))
    shadowed = shadows(
        [Candidate(item.spec, item.summary, partial(_kept, item)) for item in joined]
    )
    named = [
        replace(item, summary=replace(item.summary, shadow_of=shadowed[item.spec], canonical=None))
        if item.spec in shadowed
        else item
        for item in joined
    ]
    named.sort(key=lambda item: _sort_key(item.spec))
    return SeriesSet(tuple(named), per_file)


def _sort_key(spec: SeriesSpec) -> tuple[str, ...]:
    labels = "\0".join(f"{name}={value}" for name, value in spec.labels)
    return spec.key, spec.split or "", spec.dataset or "", labels, spec.source, repr(spec)


def _load(spec: SeriesSpec, spool: PointSpool, attempts: Attempts) -> Points:
    import numpy as np

    batches = list(spool.batches(spec))
    files = tuple(dict.fromkeys(batch.path for batch in batches))
    place = {path: index for index, path in enumerate(files)}
    sizes = [len(batch.values) for batch in batches]

    def spread(values: Sequence[int], kind: type[np.generic]) -> NDArray[np.generic]:
        return np.repeat(np.asarray(values, dtype=kind), sizes)

    def column(name: str) -> NDArray[np.float64]:
        parts = [
            np.full(size, np.nan)
            if getattr(batch, name) is None
            else np.asarray(getattr(batch, name))
            for batch, size in zip(batches, sizes, strict=True)
        ]
        return np.concatenate(parts)

    text = spec.type != "number"
    return Points(
        np.concatenate([np.asarray(batch.steps, dtype=np.int64) for batch in batches]),
        [str(value) for batch in batches for value in batch.values] if text else column("values"),
        column("epochs"),
        column("times"),
        spread([_number(batch, attempts) for batch in batches], np.int16),  # type: ignore[arg-type]
        spread([place[batch.path] for batch in batches], np.int32),  # type: ignore[arg-type]
        files,
    )


def _number(batch: Batch, attempts: Attempts) -> int:
    return attempts.number(batch.family, batch.attempt) or 0


def _judge(
    spec: SeriesSpec,
    spool: PointSpool,
    attempts: Attempts,
    per_file: dict[tuple[str, str], Counter[str]],
) -> Joined:
    import numpy as np

    points = _load(spec, spool, attempts)
    status = _repeats(spec, points)
    limits = [NO_STEP if step is None else step for step in attempts.superseded_from()]
    bounds = np.asarray([NO_STEP, *limits], dtype=np.int64)[points.attempts]
    outdone = (bounds != NO_STEP) & (points.steps != NO_STEP) & (points.steps >= bounds)
    status[outdone] = PointStatus.SUPERSEDED
    segment = _segments(points, attempts)
    _count(spec.scope, points, status, per_file)
    batches = list(spool.told(spec))
    non_numeric = sum(batch.non_numeric for batch in batches)
    summary = _summary(spec, points, status, segment, non_numeric)
    late = dict(batches[-1].attributes) if batches else {}
    summary = replace(summary, attributes={**summary.attributes, **late})
    return Joined(spec, summary, status, segment, spool, attempts)


def _axis(spec: SeriesSpec, points: Points) -> NDArray[np.float64] | NDArray[np.int64]:
    if spec.axis == "epoch":
        return points.epochs
    return points.times if spec.axis == "time" else points.steps


def _repeats(spec: SeriesSpec, points: Points) -> NDArray[np.int8]:
    """Mark duplicates and overwritten points within one attempt and place."""
    import numpy as np

    axis, placed = _axis(spec, points), _placed(spec, points)
    size = len(axis)
    status = np.zeros(size, dtype=np.int8)
    # Restarts apart, most files are in order; then no two points share a place.
    if size < 2 or (bool(placed.all()) and bool(np.all(np.diff(axis) > 0))):
        return status
    order = np.lexsort((np.arange(size), axis, points.attempts))
    together = (np.diff(axis[order]) == 0) & (np.diff(points.attempts[order]) == 0)
    together &= placed[order][1:]
    equal = together & _same_values(points.values, order)
    # Runs of equal values collapse to their first; of the rest of a place, the last counts.
    sorted_status = np.zeros(size, dtype=np.int8)
    sorted_status[1:][equal] = PointStatus.DUPLICATE
    heads = np.flatnonzero(sorted_status == PointStatus.KEPT)
    place = np.concatenate(([0], np.cumsum(~together)))
    overwritten = heads[:-1][np.diff(place[heads]) == 0]
    sorted_status[overwritten] = PointStatus.OVERWRITTEN
    status[order] = sorted_status
    return status


def _same_values(
    values: NDArray[np.float64] | Sequence[str], order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    import numpy as np

    if isinstance(values, np.ndarray):
        ordered = values[order]
        left, right = ordered[:-1], ordered[1:]
        return np.asarray((left == right) | (np.isnan(left) & np.isnan(right)), dtype=np.bool_)
    texts = [values[index] for index in order]
    pairs = pairwise(texts)
    return np.asarray([a == b for a, b in pairs], dtype=np.bool_)


def _segments(points: Points, attempts: Attempts) -> NDArray[np.int16]:
    """The attempt that each point belongs to; by its step where the artifact does not say."""
    import numpy as np

    segment = points.attempts.copy()
    unknown = segment == 0
    if not unknown.any():
        return segment
    segment[unknown] = 1
    for attempt in attempts.all[1:]:
        if attempt.first_step is not None:
            segment[unknown & (points.steps >= attempt.first_step)] = attempt.n
    return np.asarray(segment, dtype=np.int16)


def _count(
    scope: str,
    points: Points,
    status: NDArray[np.int8],
    per_file: dict[tuple[str, str], Counter[str]],
) -> None:
    import numpy as np

    for index, path in enumerate(points.files):
        counts = np.bincount(status[points.paths == index], minlength=4)
        tally = per_file.setdefault((scope, path), Counter())
        repeats = counts[PointStatus.DUPLICATE] + counts[PointStatus.OVERWRITTEN]
        tally["duplicate"] += int(repeats)
        tally["superseded"] += int(counts[PointStatus.SUPERSEDED])


def _summary(
    spec: SeriesSpec,
    points: Points,
    status: NDArray[np.int8],
    segment: NDArray[np.int16],
    non_numeric: int,
) -> Series:
    import numpy as np

    kept = np.flatnonzero(status == PointStatus.KEPT)
    kept = kept[np.argsort(_axis(spec, points)[kept], kind="stable")]
    counts = np.bincount(status, minlength=4)
    blank = Series(
        at=Location(points.files[0] if points.files else spec.source, "", spec.scope),
        key=spec.key,
        source=spec.source,
        canonical=spec.canonical,
        split=spec.split,
        dataset=spec.dataset,
        labels=dict(spec.labels),
        axis=spec.axis,
        unit=spec.unit,
        type=spec.type,
        attributes=dict(spec.attributes),
        points=len(kept),
        non_numeric=non_numeric,
        duplicates=int(counts[PointStatus.DUPLICATE]),
        overwritten=int(counts[PointStatus.OVERWRITTEN]),
        superseded=int(counts[PointStatus.SUPERSEDED]),
        segments=len(np.unique(segment)),
    )
    if not len(kept):
        return blank
    first, last = _ends(spec, points, kept)
    ends = replace(
        blank,
        first_step=_step(points.steps[first]),
        last_step=_step(points.steps[last]),
        first_time=iso(float(points.times[first]), spec.clock),
        last_time=iso(float(points.times[last]), spec.clock),
    )
    if not isinstance(points.values, np.ndarray):
        return replace(ends, first=_short(points.values[first]), last=_short(points.values[last]))
    head, tail = (number(float(points.values[place])) for place in (first, last))
    ends = replace(ends, first=head, last=tail)
    return _numbers(ends, points.values[kept], points.steps[kept])


def _ends(spec: SeriesSpec, points: Points, kept: NDArray[np.int64]) -> tuple[int, int]:
    """First and last point along the axis; those that lie nowhere on it count if all do."""
    placed = kept[_placed(spec, points)[kept]]
    along = placed if len(placed) else kept
    return int(along[0]), int(along[-1])


def _placed(spec: SeriesSpec, points: Points) -> NDArray[np.bool_]:
    """Which points have a place on the axis."""
    import numpy as np

    axis = _axis(spec, points)
    if spec.axis in ("epoch", "time"):
        return np.asarray(~np.isnan(axis), dtype=np.bool_)
    return np.asarray(axis != NO_STEP, dtype=np.bool_)


def _numbers(series: Series, values: NDArray[np.float64], steps: NDArray[np.int64]) -> Series:
    import numpy as np

    finite = np.flatnonzero(np.isfinite(values))
    series = replace(series, non_finite=len(values) - len(finite))
    if not len(finite):
        return series
    numbers = values[finite]
    low, high = finite[np.argmin(numbers)], finite[np.argmax(numbers)]
    with np.errstate(over="ignore"):
        mean = float(np.mean(numbers))
    if not math.isfinite(mean):
        mean = float(np.sum(numbers / len(numbers)))
    return replace(
        series,
        min=float(values[low]),
        max=float(values[high]),
        step_of_min=_step(steps[low]),
        step_of_max=_step(steps[high]),
        mean=mean,
    )


def _short(text: str) -> str | None:
    """A text for the summary; long ones (argument dumps) stand in the table alone."""
    return text if len(text) <= SUMMARY_TEXT else None


def _step(step: np.int64) -> int | None:
    return None if step == NO_STEP else int(step)


def number(value: float) -> float | str:
    """A summary's number in strict JSON: non-finite ones as text."""
    return value if math.isfinite(value) else nonfinite(value)


def iso(seconds: float, clock: str) -> str | None:
    """ISO 8601 of a point's time, None where it has none."""
    if not clock or not math.isfinite(seconds) or not 0 < seconds < 253_402_300_799:
        return None
    return Instant(round(seconds * 1_000_000), Clock(clock)).iso()


def _kept(item: Joined) -> Kept:
    """Places on the axis, and values, of the points that count and have a place."""
    import numpy as np

    points = item.points()
    kept = _placed(item.spec, points) & (item.status == PointStatus.KEPT)
    return _axis(item.spec, points)[kept], np.asarray(points.values, dtype=np.float64)[kept]
