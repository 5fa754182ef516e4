"""Fewer points for a plot without losing what a reader looks for: spikes, gaps and trends."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def minmax(x: Floats, y: Floats, buckets: int) -> Indices:
    """Pick the points that a plot of about `buckets` columns needs, in linear time.

    Kept are the first and the last point, the lowest and the highest finite point of each
    bucket, one non-finite point wherever two kept points had one between them (so that no line
    is drawn across it), and a finite neighbour of each kept point that would otherwise stand
    alone between two gaps. Buckets are equal ranges of `x` where `x` never decreases, equal
    counts of points otherwise.

    Returns:
        Strictly increasing positions, at most 8 per bucket and 8 more; all of a short series.
    """
    if buckets < 1:
        raise ValueError("buckets must be at least 1")
    if len(x) != len(y):
        raise ValueError("x and y must have the same length")
    if len(y) <= 2 * buckets:
        return np.arange(len(y), dtype=np.int64)
    finite = np.isfinite(y)
    buckets_of = _bucket_numbers(x, buckets)
    starts = np.flatnonzero(np.diff(buckets_of, prepend=-1))
    lowest = _first_equal(np.where(finite, y, np.inf), np.minimum, starts, finite)
    highest = _first_equal(np.where(finite, y, -np.inf), np.maximum, starts, finite)
    ends = np.array([0, len(y) - 1])
    kept = np.unique(np.concatenate([ends, lowest, highest]))
    return _with_gaps(kept, finite)


def _bucket_numbers(x: Floats, buckets: int) -> Indices:
    """Give each point the number of its bucket; the numbers never decrease."""
    # A span beyond the largest double is infinite and falls back to equal counts.
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(x)
        span = x[-1] - x[0]
    if np.isfinite(span) and span > 0 and bool(np.all(steps >= 0)):
        numbers: Indices = ((x - x[0]) / span * buckets).astype(np.int64)
        return np.minimum(numbers, buckets - 1)
    return np.arange(len(x), dtype=np.int64) * buckets // len(x)


def _first_equal(values: Floats, extreme: np.ufunc, starts: Indices, finite: Flags) -> Indices:
    """Find the first finite position of each bucket that holds the bucket's extreme."""
    lengths = np.diff(starts, append=len(values))
    matches = np.flatnonzero(
        finite & (values == np.repeat(extreme.reduceat(values, starts), lengths))
    )
    buckets = np.searchsorted(starts, matches, side="right")
    first: Indices = matches[np.diff(buckets, prepend=0) > 0]
    return first


def _with_gaps(kept: Indices, finite: Flags) -> Indices:
    """Add the non-finite points that part kept ones, and company for those left alone."""
    holes = np.flatnonzero(~finite)
    if not len(holes):
        return kept
    next_hole = np.searchsorted(holes, kept[:-1], side="right")
    hole = holes[np.minimum(next_hole, len(holes) - 1)]
    parted = (hole > kept[:-1]) & (hole < kept[1:]) & finite[kept[:-1]] & finite[kept[1:]]
    joined = finite[kept[:-1]] & finite[kept[1:]] & ~parted
    alone = finite[kept] & ~np.append(joined, [False]) & ~np.insert(joined, 0, [False])
    lonely = kept[alone]
    after = lonely[lonely < len(finite) - 1] + 1
    before = lonely[lonely > 0] - 1
    company = np.concatenate([after[finite[after]], before[finite[before]]])
    return np.unique(np.concatenate([kept, hole[parted], company]))


def running_median(y: Floats, window: int, count: int) -> tuple[Indices, Floats]:
    """Take the median of the `window` points around each of about `count` centres.

    Non-finite points count for nothing; the median is NaN where fewer than half of the window
    or fewer than half of the points nearest to the centre are finite, so that a stretch without
    values stays a gap. Half a window at either end has no median.

    Returns:
        The centres' positions in `y` and the medians there.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError("window must be odd and positive")
    if len(y) < window:
        return np.empty(0, dtype=np.int64), np.empty(0)
    stride = max(1, (len(y) - window) // max(1, count))
    values = np.where(np.isfinite(y), y, np.nan)
    rows = np.lib.stride_tricks.sliding_window_view(values, window)[::stride]
    near = min(stride, window) // 2
    middle = window // 2
    centre = np.isfinite(rows[:, middle - near : middle + near + 1])
    ordered = np.sort(rows, axis=1)  # NaN sorts last
    finite = np.count_nonzero(np.isfinite(ordered), axis=1)
    row = np.arange(len(rows))
    low = ordered[row, np.maximum(finite - 1, 0) // 2]
    high = ordered[row, np.minimum(finite // 2, window - 1)]
    told = (2 * finite >= window) & (2 * np.count_nonzero(centre, axis=1) >= centre.shape[1])
    medians = np.where(told, low / 2 + high / 2, np.nan)
    return (row * stride + middle).astype(np.int64), medians
