"""Which series are drawn in which figure."""

from __future__ import annotations

from array import array

import pytest

from archiver import series
from archiver.attempts import join
from archiver.limits import DEFAULT
from archiver.model.claims import AttemptMark, AttemptTrail, Location, StepPlan
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS, Batch, SeriesSpec
from archiver.model.record import Coverage, RunIdentity, RunRecord, Step
from archiver.package import figures
from archiver.package.plots import PlotSpec, time_unit
from archiver.plan import plan
from archiver.spool import PointSpool

AT = Location("pipeline.py")
NAN = float("nan")


def batch(spec, points, times=None, epochs=None):
    """Points as (step, value); None for no step."""
    steps = array("q", [NO_STEP if step is None else step for step, _ in points])
    values = array("d", [value for _, value in points])
    return Batch(
        spec, spec.source, steps, values,
        epochs=array("d", epochs) if epochs else None,
        times=array("d", times) if times else None,
    )  # fmt: skip


def drawn(*batches, steps=(), plans=(), attempts=None):
    """Figures by name."""
    spool = PointSpool(DEFAULT)
    for item in batches:
        spool.add(item)
    joined = series.join(spool, plan(plans, steps), attempts or {}).all
    record = RunRecord(
        run=RunIdentity("r", "e", (), {}, "r", "0"),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        steps=tuple(steps),
        series=tuple(item.summary for item in joined),
    )
    losses = figures.primary(joined, None)
    found = figures.figures(record, joined, losses, attempts or {})
    return {item.name: item for item in found if isinstance(item, PlotSpec)}


def labels(panel):
    return [curve.label for curve in panel.curves]


def test_two_trainings_never_share_a_figure():
    """Each step of a pipeline has its own, named after it."""
    steps = [Step(at=AT, step_id=n, name="train", stage=s) for n, s in (("2", "cpt"), ("3", "sft"))]
    plans = [StepPlan("cpt", 2), StepPlan("sft", 3)]
    rate = SeriesSpec("lr", "b.log", "learning_rate", "train", step_id="sft")
    found = drawn(
        batch(SeriesSpec("loss", "a.log", "loss", "train", step_id="cpt"), [(1, 5.0), (2, 4.0)]),
        batch(SeriesSpec("loss", "b.log", "loss", "train", step_id="sft"), [(1, 3.0), (2, 2.0)]),
        batch(rate, [(1, 3.0), (2, 2.0)]),
        steps=steps,
        plans=plans,
    )
    assert {name: spec.title for name, spec in found.items()} == {
        "loss-2": "e / r / step 2 train cpt",
        "loss-3": "e / r / step 3 train sft",
    }
    assert [panel.title for panel in found["loss-2"].panels] == ["Loss"]
    assert [panel.title for panel in found["loss-3"].panels] == ["Loss", "Learning rate"]


def test_steps_and_epochs_never_share_an_axis():
    """What is told by epoch beside a curve over steps is drawn apart, and marks no resume."""
    nowhere = [(None, 3.0), (None, 2.5)]
    evaluated = SeriesSpec("val_loss", "m.json", "eval_loss", "eval", axis="epoch")
    rate = SeriesSpec("lr", "m.json", "learning_rate", "train", axis="epoch")
    by_epoch = [batch(spec, nowhere, epochs=[1.0, 2.0]) for spec in (evaluated, rate)]
    loss = batch(SeriesSpec("loss", "a.log", "loss", "train"), [(10, 5.0), (20, 4.0)])
    found = drawn(loss, *by_epoch)
    told = {name: (spec.xlabel, [p.title for p in spec.panels]) for name, spec in found.items()}
    assert told == {
        "loss": ("step", ["Loss"]),
        "loss-epoch": ("epoch", ["Loss", "Learning rate"]),
    }
    assert found["loss-epoch"].boundaries == ()
    alone = drawn(*by_epoch)
    assert {name: spec.xlabel for name, spec in alone.items()} == {"loss": "epoch"}


def test_one_training_shows_its_resumes():
    """The boundaries are those of its attempts."""
    marks = (AttemptMark(AT, resume_step=0), AttemptMark(AT, resume_step=20))
    found = drawn(
        batch(SeriesSpec("loss", "a.log", "loss", "train"), [(10, 5.0), (30, 4.0)]),
        attempts={"1": join([AttemptTrail("log", marks)])},
    )
    assert found["loss"].boundaries == ((20.0, "resume 1"),)


def test_a_retry_that_began_anew_is_no_resume():
    """The attempt before it left no point."""
    marks = (AttemptMark(AT), AttemptMark(AT, first_step=2))
    found = drawn(
        batch(SeriesSpec("loss", "a.log", "loss", "train"), [(2, 5.0), (4, 4.0)]),
        attempts={"1": join([AttemptTrail("log", marks)])},
    )
    assert found["loss"].boundaries == ()


def test_samples_are_drawn_over_time():
    """Each clock begins with its own first sample; a curve per GPU."""

    def sampled(gpu, canonical, unit, values, start):
        spec = SeriesSpec(
            canonical, "gpu.csv", canonical, labels=(("gpu", gpu),), axis="time", unit=unit,
            clock="naive",
        )  # fmt: skip
        times = [start + 60.0 * n for n in range(len(values))]
        return batch(spec, [(None, value) for value in values], times=times)

    found = drawn(
        sampled("0", "gpu_util", "%", [50.0, 60.0, 70.0], 1000.0),
        sampled("1", "gpu_util", "%", [40.0, 30.0, 20.0], 1060.0),
        sampled("0", "gpu_mem", "MiB", [1024.0, 2048.0, 3072.0], 1000.0),
    )
    figure = found["resources"]
    assert figure.xlabel == "minutes since the first sample"
    assert [panel.ylabel for panel in figure.panels] == ["utilisation (%)", "memory (GiB)"]
    assert figure.panels[1].curves[0].y.tolist() == [1.0, 2.0, 3.0]
    assert labels(figure.panels[0]) == ["gpu 0", "gpu 1"]
    assert [curve.x.tolist() for curve in figure.panels[0].curves] == [[0, 1, 2], [1, 2, 3]]


def test_results_are_drawn_over_the_checkpoints_that_were_evaluated():
    """One point is no curve, an error of measurement none either."""

    def result(key, values):
        spec = SeriesSpec(
            key, "eval", split="eval", labels=(("task", "cap"),), axis="epoch",
            attributes=OVER_CHECKPOINTS,
        )  # fmt: skip
        points = [(None, value) for value in values]
        return batch(spec, points, epochs=[float(n) for n in range(len(values))])

    found = drawn(
        result("match/accuracy", [0.4, 0.9]),
        result("match/stderr", [0.1, 0.2]),
        result("once/accuracy", [0.5]),
    )
    assert [panel.title for panel in found["evaluations"].panels] == ["match/accuracy"]
    (curve,) = found["evaluations"].panels[0].curves
    assert (curve.label, curve.x.tolist(), curve.y.tolist()) == ("cap", [0, 1], [0.4, 0.9])


@pytest.mark.parametrize(
    ("span", "unit"),
    [
        (5.0, (1.0, "seconds")),
        (600.0, (60.0, "minutes")),
        (7200.0, (3600.0, "hours")),
        (1e6, (86400.0, "days")),
    ],
)
def test_the_axis_counts_in_a_unit_that_suits(span, unit):
    """Nobody reads a week in seconds."""
    assert time_unit(span) == unit
