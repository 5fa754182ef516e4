"""Thinning out keeps what a reader of the plot would miss."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.package.downsample import Floats, Indices, minmax, running_median

VALUES = st.lists(
    st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([np.nan, 0.0, 1.0]),
    min_size=1,
    max_size=400,
)
BUCKETS = st.integers(min_value=1, max_value=20)


def steps(values: list[float]) -> Floats:
    return np.arange(len(values), dtype=np.float64)


def chosen(values: list[float], buckets: int) -> tuple[Floats, Indices]:
    y = np.array(values)
    return y, minmax(steps(values), y, buckets)


@settings(deadline=None)
@given(VALUES, BUCKETS)
def test_positions_are_in_order_and_hold_both_ends(values: list[float], buckets: int) -> None:
    """Positions increase strictly and begin and end where the series does."""
    _, kept = chosen(values, buckets)
    assert np.all(np.diff(kept) > 0)
    assert (kept[0], kept[-1]) == (0, len(values) - 1)


@settings(deadline=None)
@given(VALUES, BUCKETS)
def test_spikes_survive(values: list[float], buckets: int) -> None:
    """The highest and the lowest finite value are always among the kept."""
    y, kept = chosen(values, buckets)
    finite = y[np.isfinite(y)]
    if len(finite):
        assert finite.max() in y[kept]
        assert finite.min() in y[kept]


@settings(deadline=None)
@given(VALUES, BUCKETS)
def test_no_line_is_drawn_across_a_hole(values: list[float], buckets: int) -> None:
    """Two finite points that follow each other among the kept had only finite ones between."""
    y, kept = chosen(values, buckets)
    finite = np.isfinite(y)
    for left, right in pairwise(kept):
        if finite[left] and finite[right]:
            assert finite[left : right + 1].all()


@settings(deadline=None)
@given(VALUES, BUCKETS)
def test_size_is_bounded_by_buckets(values: list[float], buckets: int) -> None:
    """However long the series and wherever its holes, 8 points a bucket and 8 more suffice."""
    _, kept = chosen(values, buckets)
    assert len(kept) <= 8 * buckets + 8


@settings(deadline=None)
@given(VALUES, BUCKETS)
def test_lone_points_were_alone_before(values: list[float], buckets: int) -> None:
    """A kept point stands alone between holes only if it did so in the series."""
    y, kept = chosen(values, buckets)
    before, after = np.isfinite(y), np.isfinite(y[kept])
    for place, position in enumerate(kept):
        has_company = after[max(0, place - 1) : place + 2].sum() > 1
        had_company = before[max(0, position - 1) : position + 2].sum() > 1
        if before[position] and had_company:
            assert has_company


def test_extremes_of_every_bucket_are_kept() -> None:
    """Each tenth of the axis shows its own lowest and highest value."""
    y = np.random.default_rng(1).normal(size=10_000)
    kept = minmax(np.arange(10_000.0), y, 10)
    for bucket in np.split(np.arange(10_000), 10):
        assert bucket[np.argmin(y[bucket])] in kept
        assert bucket[np.argmax(y[bucket])] in kept


def test_buckets_follow_the_axis() -> None:
    """Where points lie close together they share a bucket, however many they are."""
    x = np.concatenate([np.linspace(0.0, 1.0, 9_900), np.linspace(2.0, 101.0, 100)])
    kept = minmax(x, np.random.default_rng(2).normal(size=10_000), 50)
    assert np.count_nonzero(x[kept] <= 1.0) <= 3
    assert np.count_nonzero(x[kept] > 2.0) >= 49


@pytest.mark.parametrize("x", [[3.0, 1.0], [np.nan, 1.0], [-1e308, 1e308], [7.0, 7.0]])
def test_any_axis_is_thinned_out(x: list[float]) -> None:
    """Unsorted, missing, overflowing and constant axes fall back to equal counts."""
    y = np.random.default_rng(3).normal(size=2_000)
    kept = minmax(np.array(x * 1_000), y, 20)
    assert len(kept) <= 168
    assert y.max() in y[kept]


def test_misuse_is_refused() -> None:
    """No buckets and unequal lengths are errors of the caller."""
    with pytest.raises(ValueError, match="at least 1"):
        minmax(np.zeros(3), np.zeros(3), 0)
    with pytest.raises(ValueError, match="same length"):
        minmax(np.zeros(3), np.zeros(4), 1)
    with pytest.raises(ValueError, match="odd"):
        running_median(np.zeros(9), 4, 10)


@settings(deadline=None)
@given(VALUES, st.sampled_from([1, 3, 5, 15]), st.integers(min_value=1, max_value=50))
def test_median_is_that_of_the_finite_window(values: list[float], window: int, count: int) -> None:
    """Each median told equals numpy's of the finite values around its centre."""
    y = np.array([value if abs(value) < 1e300 else np.nan for value in values])
    centres, medians = running_median(y, window, count)
    half = window // 2
    for centre, median in zip(centres, medians, strict=True):
        around = y[centre - half : centre + half + 1]
        assert len(around) == window
        finite = around[np.isfinite(around)]
        if 2 * len(finite) < window:
            assert np.isnan(median)
        elif not np.isnan(median):
            assert median == pytest.approx(np.median(finite), rel=1e-12, abs=1e-300)


def test_median_stops_where_values_stop() -> None:
    """A median line neither bridges a stretch of NaN nor a single one at full resolution."""
    y = np.ones(2_000)
    y[1_000:1_200] = np.nan
    centres, medians = running_median(y, 51, 200)
    assert np.isnan(medians[(centres >= 1_030) & (centres < 1_170)]).all()
    assert np.isfinite(medians[centres < 960]).all()
    y = np.ones(60)
    y[30] = np.nan
    centres, medians = running_median(y, 5, 60)
    assert np.isnan(medians[centres == 30]).all()
