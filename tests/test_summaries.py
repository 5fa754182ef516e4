"""One row per metric, in the sense of the producer's tool and beyond it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from archiver.model.claims import Location
from archiver.model.points import NO_STEP
from archiver.model.record import Accounting, Coverage, RunIdentity, RunRecord, Series
from archiver.summaries import COLUMNS, PRODUCER_COLUMNS, Columns, summarise

AT = Location("log")


def series(**more):
    return Series(**{"at": AT, "key": "loss", "source": "log", "split": "train", **more})


def columns(values, steps=None, times=None):
    steps = range(1, len(values) + 1) if steps is None else steps
    numbers = [NO_STEP if step is None else step for step in steps]
    stamps = [math.nan] * len(values) if times is None else times
    column = values if values and isinstance(values[0], str) else np.asarray(values, float)
    return Columns(np.asarray(numbers, np.int64), np.asarray(stamps, float), column)


def record(*accounting):
    identity = RunIdentity("run-9", "experiment", (), {}, "dir", "0" * 64)
    return RunRecord(identity, Coverage(0, 0, 0, 0, 0, 0, {}), accounting=accounting)


def rows(*pairs, books=()):
    return summarise(record(*books), pairs).rows


def only(*pairs, books=()):
    (row,) = rows(*pairs, books=books)
    return row


def test_the_producers_columns_come_first():
    """Names and order are those of its CSV."""
    assert PRODUCER_COLUMNS == (
        "run_id", "split", "metric", "dataset", "count", "first_step", "last_step",
        "first_timestamp", "last_timestamp", "first_value", "last_value", "min_value",
        "max_value", "mean_value", "first_manifest_id", "last_manifest_id", "first_phase",
        "last_phase",
    )  # fmt: skip
    assert COLUMNS[:18] == PRODUCER_COLUMNS


def test_every_row_counts():
    """Repeats and superseded points are rows of the file, too."""
    item = series(points=2, duplicates=1, overwritten=1, superseded=1, non_numeric=3)
    row = only((item, columns([5.0, 4.0, 4.0, 3.0, 2.0])))
    assert (row.count, row.numeric_count, row.non_numeric) == (8, 5, 3)
    assert (row.duplicate, row.overwritten, row.superseded) == (1, 1, 1)
    assert (row.min_value, row.max_value, row.mean_value) == (2.0, 5.0, 3.6)


def test_numbers_and_other_values_of_one_metric_share_a_row():
    """A text between numbers is the last value where it is the last."""
    texts = series(type="object", points=2)
    row = only(
        (series(points=2), columns([1.0, 2.0], [1, 3])),
        (texts, columns(['"NaN"', "null"], [2, 4])),
    )
    assert (row.count, row.numeric_count, row.non_numeric) == (4, 2, 2)
    assert (row.first_value, row.last_value) == (1.0, None)
    assert (row.first_step, row.last_step) == (1, 4)


def test_first_and_last_follow_the_time():
    """A later row of an earlier step is the last one; the first step is still the smallest."""
    item = series(points=3, first_time="2026-11-20T09:15:01+00:00")
    row = only((item, columns([3.0, 2.0, 1.0], [5, 9, 2], [10.0, 20.0, 30.0])))
    assert (row.first_value, row.last_value) == (3.0, 1.0)
    assert (row.first_step, row.last_step) == (2, 2)
    assert row.first_timestamp == "1970-01-01T00:00:10+00:00"


def test_of_equal_places_the_later_row_counts():
    """At both ends."""
    row = only((series(points=4), columns([1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])))
    assert (row.first_value, row.last_value) == (2.0, 4.0)


def test_rows_without_time_come_before_those_with():
    """As they do for the producer."""
    item = series(points=2, last_time="2026-11-20T09:15:01+00:00")
    row = only((item, columns([1.0, 2.0], [9, 1], [math.nan, 5.0])))
    assert (row.first_value, row.last_value, row.last_step) == (1.0, 2.0, 1)
    assert row.first_timestamp is None


def test_naive_stamps_stay_naive():
    """No zone is made up."""
    item = series(points=1, first_time="2026-11-20T09:15:01")
    row = only((item, columns([1.0], [1], [10.0])))
    assert row.first_timestamp == "1970-01-01T00:00:10"


def test_a_last_row_without_step():
    """Then the largest step there is."""
    row = only((series(points=2), columns([1.0, 2.0], [7, None], [1.0, 2.0])))
    assert (row.first_step, row.last_step) == (7, 7)


def test_what_is_not_finite_is_counted():
    """It neither spreads nor is lost."""
    row = only((series(points=4), columns([math.nan, math.inf, 1.0, 3.0])))
    assert (row.min_value, row.max_value, row.mean_value) == (1.0, 3.0, 2.0)
    assert (row.numeric_count, row.non_finite, row.first_value) == (4, 2, "NaN")
    row = only((series(points=1), columns([-math.inf])))
    assert (row.min_value, row.mean_value, row.last_value) == (None, None, "-Infinity")


def test_truth_values():
    """Written as such, summed up as 0 and 1."""
    item = series(attributes={"values": "boolean"}, points=2)
    row = only((item, columns([1.0, 0.0])))
    assert (row.first_value, row.last_value, row.mean_value) == (True, False, 0.5)


@pytest.mark.parametrize(
    ("canonical", "best"),
    [("loss", (0.5, 4)), ("accuracy", (0.9, 2)), (None, (None, None)), ("grad_norm", (None, None))],
)
def test_best_value(canonical, best):
    """In the direction that the measurement has; of kept points."""
    item = series(canonical=canonical, min=0.5, step_of_min=4, max=0.9, step_of_max=2)
    row = only((item, columns([0.1])))
    assert (row.best_value, row.best_step) == best


def test_run_id_of_a_row():
    """Its own, that of a label, else the run's."""
    items = (
        series(key="a", attributes={"run_id": "x"}),
        series(key="b", labels={"run": "y"}, attributes={"run_id": "z"}),
        series(key="c"),
    )
    found = {row.metric: row.run_id for row in rows(*((item, columns([1.0])) for item in items))}
    assert found == {"a": "x", "b": "y", "c": "run-9"}


def test_order_of_rows():
    """By run, split, metric, data set."""
    items = [series(key=k, split=s) for k, s in (("b", "a"), ("a", "b"), ("a", "a"))]
    found = rows(*((item, columns([1.0])) for item in items))
    assert [(row.split, row.metric) for row in found] == [("a", "a"), ("a", "b"), ("b", "a")]


def test_dropped_records_are_those_of_the_source():
    """A line that gave no row belongs to no metric."""
    books = (Accounting("log", "kind", 9, read=1, dropped=2, corrupt=3),)
    assert only((series(points=1), columns([1.0])), books=books).dropped == 5


def test_a_series_of_no_points():
    """Values that were only counted are still counted."""
    row = only((series(type="object", non_numeric=3), columns([])))
    assert (row.count, row.first_step, row.last_value) == (3, None, None)
