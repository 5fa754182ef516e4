"""Points judged and summed up."""

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import attempts, series
from archiver.limits import DEFAULT
from archiver.model.claims import AttemptMark, AttemptTrail, Location
from archiver.model.points import NO_STEP, Batch, PointStatus, SeriesSpec
from archiver.plan import plan
from archiver.spool import PointSpool

K, D, O, S = (status.word for status in PointStatus)  # noqa: E741
NAN = math.nan


def run(*batches, resumes=()):
    """The joined series of batches given as (spec, attempt, points)."""
    spool = PointSpool(DEFAULT)
    for spec, attempt, points in batches:
        steps = array("q", [step for step, _ in points])
        values = array("d", [value for _, value in points])
        spool.add(Batch(spec, spec.source, steps, values, attempt=attempt, family=spec.source))
    marks = [AttemptMark(Location("f"), resume_step=step) for step in (0, *resumes)]
    trained = attempts.join([AttemptTrail("f", tuple(marks))])
    return series.join(spool, plan([], []), {"1": trained})


def words(item):
    return [PointStatus(code).word for code in item.status]


LOSS = SeriesSpec("loss", "f", "loss", "train")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0], [K]),
        ([1.0, 1.0], [K, D]),
        ([1.0, 2.0], [O, K]),
        ([1.0, 1.0, 2.0], [O, D, K]),
        ([1.0, 2.0, 2.0], [O, K, D]),
        ([1.0, 2.0, 1.0], [O, O, K]),
        ([NAN, NAN], [K, D]),
        ([NAN, 1.0], [O, K]),
    ],
)
def test_repeats_at_one_place(values, expected):
    """An identical repeat is a duplicate; of different values the last one counts."""
    (item,) = run((LOSS, 0, [(7, value) for value in values])).all
    assert words(item) == expected


def test_a_resume_supersedes_from_its_first_step_on():
    """Also steps that the later attempt did not measure again, and not the step it began from."""
    first = [(20, 5.0), (25, 4.0), (30, 3.0)]
    joined = run((LOSS, 0, first), (LOSS, 1, [(25, 4.5), (35, 2.0)]), resumes=(20,))
    (item,) = joined.all
    assert words(item) == [K, S, S, K, K]
    summary = item.summary
    assert (summary.points, summary.superseded, summary.segments) == (3, 2, 2)
    assert (summary.first, summary.last, summary.min, summary.step_of_min) == (5.0, 2.0, 2.0, 35)
    assert joined.per_file["run", "f"]["superseded"] == 2


def test_points_of_a_source_without_attempts_are_never_superseded():
    """A trainer state holds the joined history already; its segments follow the steps."""
    state = SeriesSpec("loss", "state", "loss", "train")
    joined = run(
        (LOSS, 0, [(20, 5.0)]),
        (LOSS, 1, [(25, 4.0)]),
        (state, 0, [(20, 5.0), (25, 4.0)]),
        resumes=(20,),
    )
    item = next(item for item in joined.all if item.spec.source == "state")
    assert words(item) == [K, K]
    assert list(item.segment) == [1, 2]


def test_points_without_a_step_are_kept():
    """Where no place is known, nothing can be a repeat."""
    (item,) = run((LOSS, 0, [(NO_STEP, 1.0), (NO_STEP, 1.0)])).all
    assert words(item) == [K, K]
    assert item.summary.first_step is None


def test_points_without_a_step_are_no_end_of_a_curve():
    """They lie nowhere on the axis; their values still count for the extremes."""
    summary = run((LOSS, 0, [(2, 3.0), (NO_STEP, 0.5), (1, 4.0)])).all[0].summary
    assert (summary.first, summary.last) == (4.0, 3.0)
    assert (summary.first_step, summary.last_step, summary.points) == (1, 2, 3)
    assert (summary.min, summary.step_of_min) == (0.5, None)


def test_summaries_are_over_finite_values():
    """`first` and `last` may be NaN, the extremes never are."""
    points = [(1, NAN), (2, 3.0), (3, 1.0), (4, 1.0), (5, math.inf)]
    summary = run((LOSS, 0, points)).all[0].summary
    assert (summary.first, summary.last) == ("NaN", "Infinity")
    assert (summary.min, summary.step_of_min, summary.max, summary.step_of_max) == (1.0, 3, 3.0, 2)
    assert summary.mean == pytest.approx(5 / 3)
    assert (summary.points, summary.non_finite) == (5, 2)


def test_means_of_huge_values_do_not_overflow():
    """The sum of two representable numbers need not be representable."""
    summary = run((LOSS, 0, [(1, 1.5e308), (2, 1.5e308)])).all[0].summary
    assert summary.mean == 1.5e308


def test_first_and_last_follow_the_axis_not_the_file():
    """Rows may be written out of order."""
    summary = run((LOSS, 0, [(3, 0.3), (1, 0.1), (2, 0.2)])).all[0].summary
    assert (summary.first, summary.last) == (0.1, 0.3)


ROUNDED = SeriesSpec("loss", "log", "loss", "train", absolute_error=0.5e-8)
FLOAT32 = SeriesSpec("train/loss", "tb", "loss", "train", relative_error=2.0**-24)
EXACT = SeriesSpec("loss", "state", "loss", "train")


def points(values, form=lambda value: value):
    return [(step, form(value)) for step, value in enumerate(values, 1)]


def test_the_same_measurement_in_three_roundings_is_one_series_and_two_shadows():
    """Equal up to what each source rounds; the exact one is preferred."""
    values = [6.029758453369141, 5.98438931, 4.676548481]
    joined = run(
        (ROUNDED, 0, points(values, lambda v: round(v, 8))),
        (FLOAT32, 0, points(values, lambda v: float(np.float32(v)))),
        (EXACT, 0, points(values)),
    )
    told = {
        item.spec.source: (item.summary.canonical, item.summary.shadow_of) for item in joined.all
    }
    assert told == {"log": (None, "state"), "tb": (None, "state"), "state": ("loss", None)}


def test_different_values_are_independent_measurements():
    """Two series of one meaning that disagree both stand."""
    joined = run((ROUNDED, 0, [(1, 1.0), (2, 2.0)]), (EXACT, 0, [(1, 1.0), (2, 2.1)]))
    assert [item.summary.shadow_of for item in joined.all] == [None, None]


def test_the_longer_source_is_preferred_to_the_finer_one():
    """A trainer state stops at its checkpoint."""
    joined = run((ROUNDED, 0, [(1, 1.0), (2, 2.0)]), (EXACT, 0, [(1, 1.0)]))
    told = {item.spec.source: item.summary.shadow_of for item in joined.all}
    assert told == {"log": None, "state": "log"}


def test_tiny_values_are_taken_from_the_source_that_does_not_round_them_away():
    """A learning rate of 4e-9 is 0.0 where eight decimals are written."""
    rate = SeriesSpec("learning_rate", "log", "learning_rate", "train", absolute_error=0.5e-8)
    exact = SeriesSpec("learning_rate", "state", "learning_rate", "train")
    joined = run((rate, 0, [(1, 1e-8), (2, 0.0)]), (exact, 0, [(1, 1e-8), (2, 4e-9)]))
    told = {item.spec.source: item.summary.shadow_of for item in joined.all}
    assert told == {"log": "state", "state": None}


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([1.0, 2.0, NAN])), min_size=1, max_size=20
    ),
    st.integers(0, 20),
)
def test_every_point_has_exactly_one_fate_and_every_place_one_kept_point(points, cut):
    """Full accounting, against a plain reading of the rules."""
    first, second = points[:cut], points[cut:]
    batches = [(LOSS, n, part) for n, part in enumerate((first, second)) if part]
    (item,) = run(*batches, resumes=(2,)).all
    table = item.points()
    fates = list(zip(table.attempts.tolist(), table.steps.tolist(), words(item), strict=True))
    assert len(fates) == len(points)
    for attempt, step in {(attempt, step) for attempt, step, _ in fates}:
        found = [word for a, s, word in fates if (a, s) == (attempt, step)]
        if attempt == 1 and step >= 3:
            assert set(found) == {S}
        else:
            assert found.count(K) == 1
            assert S not in found


@pytest.mark.parametrize(
    ("other", "shadow"),
    [
        (SeriesSpec("loss", "g", "eval_loss", "val", dataset="toy"), True),
        (SeriesSpec("loss", "g", "eval_loss", "eval"), True),
        (SeriesSpec("loss", "g", "eval_loss", "test"), False),
        (SeriesSpec("loss", "g", "eval_loss", "eval", dataset="other"), False),
        (SeriesSpec("loss", "g", "eval_loss", "eval", labels=(("rank", "1"),)), False),
    ],
)
def test_sources_need_not_name_the_data_set_or_the_split_alike(other, shadow):
    """Some name neither; what both name must be one."""
    known = SeriesSpec("eval_loss", "f", "eval_loss", "eval", dataset="toy")
    found = run((known, 0, [(1, 5.0), (2, 4.0)]), (other, 0, [(2, 4.0)])).all
    shadows = {item.spec.source: item.summary.shadow_of for item in found}
    assert shadows == {"f": None, "g": "f" if shadow else None}


EPOCHS = SeriesSpec("val_loss", "metrics.json", "eval_loss", "eval", axis="epoch")
STEPS = SeriesSpec("val_loss", "metrics.csv", "eval_loss", "eval")


def shadows_across(by_step, by_epoch):
    """What stands for what, of a source over steps and one over epochs, counted from 1."""
    spool = PointSpool(DEFAULT)
    steps = array("q", [step for step, _ in by_step])
    spool.add(Batch(STEPS, STEPS.source, steps, array("d", [value for _, value in by_step])))
    nowhere = array("q", [NO_STEP]) * len(by_epoch)
    epochs = array("d", range(1, len(by_epoch) + 1))
    spool.add(Batch(EPOCHS, EPOCHS.source, nowhere, array("d", by_epoch), epochs))
    found = series.join(spool, plan([], []), {}).all
    return {item.spec.source: item.summary.shadow_of for item in found}


@pytest.mark.parametrize(
    ("by_epoch", "csv", "json"),
    [
        ([3.0, 2.0, 1.0], None, "metrics.csv"),
        ([3.0, 2.0], None, "metrics.csv"),
        ([3.0, 2.0, 1.0, 0.5], "metrics.json", None),
        ([3.0, 1.0, 2.0], None, None),
        ([3.0], None, None),
    ],
)
def test_sources_on_different_axes_agree_by_their_order(by_epoch, csv, json):
    """No two points have a common place; a writer that was killed may have lost its last ones."""
    found = shadows_across([(5, 3.0), (11, 2.0), (17, 1.0)], by_epoch)
    assert found == {"metrics.csv": csv, "metrics.json": json}


def test_non_finite_values_agree_across_axes():
    """A run that diverged has nothing else."""
    odd = [math.inf, NAN, NAN]
    found = shadows_across(list(enumerate(odd)), odd)
    assert found == {"metrics.csv": None, "metrics.json": "metrics.csv"}


def test_points_without_a_step_agree_on_nothing():
    """Two sources that wrote no step are not the same for that."""
    one, other = LOSS, SeriesSpec("loss", "g", "loss", "train")
    found = run((one, 0, [(NO_STEP, 1.0)]), (other, 0, [(NO_STEP, 1.0)])).all
    assert [item.summary.shadow_of for item in found] == [None, None]
