"""Steps that contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.record import Checkpoint, Config, Training
from tests.rules.timelines import (
    AT,
    Audit,
    Compare,
    changed,
    hits,
    json_with,
    mutated,
    points,
    series,
    step,
    told,
)

NAME = "contradicted-step-count"
TRAIN = step(training=Training())
CURVE = series(points=5, first_step=10, last_step=50)


def saved(at_step, **more):
    """A checkpoint that is there."""
    path = f"checkpoint-{at_step}"
    return Checkpoint(**{"at": AT, "path": path, "step": at_step, "present": True, **more})


def test_checkpoints_beyond_the_metrics():
    """The furthest is the place, the number of all is told."""
    (hit,) = hits(
        NAME,
        steps=(TRAIN,),
        series=(CURVE,),
        checkpoints=(saved(50), saved(100), saved(200)),
        table=points([1] * 5, [10, 20, 30, 40, 50]),
    )
    assert hit.message == (
        "it was saved at step 200, but the metrics end at step 50; their points are at most"
        " 10 steps apart (2 checkpoints in all)"
    )
    assert (hit.at.path, hit.related[0].at.path) == ("checkpoint-200", "log")


@pytest.mark.parametrize(
    ("at_step", "facts", "count"),
    [
        (60, {}, 0),
        (61, {}, 1),
        # Counted from 0, the point at 50 is that of the 51st step.
        (61, {"attributes": {"first_step": "0"}}, 0),
        (None, {}, 0),
        (10**400, {}, 0),
        (100, {"axis": "epoch"}, 0),
        (100, {"last_step": None}, 0),
        (100, {"step_id": "eval:a"}, 0),
        (100, {"attributes": {"over": "checkpoints"}}, 0),
    ],
)
def test_what_is_certain(at_step, facts, count):
    """Only what lies further behind than the next point would."""
    known = series(**{"points": 5, "first_step": 10, "last_step": 50, **facts})
    parts = {"steps": (TRAIN,), "series": (known,), "checkpoints": (saved(at_step),)}
    table = points([1] * 5, [10, 20, 30, 40, 50])
    assert len(hits(NAME, **parts, table=table)) == count


def test_without_the_points():
    """The summary gives twice the mean distance."""
    parts = {"steps": (TRAIN,), "series": (CURVE,)}
    assert hits(NAME, **parts, checkpoints=(saved(70),)) == []
    assert len(hits(NAME, **parts, checkpoints=(saved(71),))) == 1


def test_a_checkpoint_that_is_not_there():
    """Its place is what names it."""
    gone = saved(500, present=False, at=Location("state.json", "/best"))
    (hit,) = hits(NAME, steps=(TRAIN,), series=(CURVE,), checkpoints=(gone,))
    assert hit.at == gone.at


def test_several_trainings():
    """Nobody says whose a checkpoint is; a configuration may be one training's own."""
    two = (step(step_id="1", training=Training()), step(step_id="2", training=Training()))
    curves = (series(last_step=50, step_id="1"), series(last_step=80, step_id="2"))
    limit = config(60, step_id="1")
    parts = {"steps": two, "series": curves, "configs": (limit,)}
    assert hits(NAME, **parts, checkpoints=(saved(500),)) == []
    tight = {**parts, "configs": (config(40, step_id="1"), config(100, step_id="2"))}
    assert told(hits(NAME, **tight)) == [
        "loss goes on to step 50, but every configuration ends at step 40"
    ]


def config(steps, step_id=None, key="max_steps"):
    """A configuration that sets the number of steps."""
    return Config(
        at=Location("args.json"), id="args.json", role="effective", format="json",
        values={key: steps}, step_id=step_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("configs", "count"),
    [
        ((config(40),), 1),
        ((config("40", key="train_iters"),), 1),
        ((config(40), config(50)), 0),
        ((config(-1),), 0),
        ((config(None),), 0),
        ((config(40, step_id="eval:a"),), 0),
        ((), 0),
    ],
)
def test_more_steps_than_were_configured(configs, count):
    """By every configuration of the training that sets any number."""
    found = hits(NAME, steps=(TRAIN,), series=(CURVE,), configs=configs)
    assert len(found) == count


def test_a_limit_below_the_metrics(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The arguments of another run beside the log."""
    case = "rules/resume_overlap/quiet-goes-on"
    copies = changed(case, tmp_path, "args.json", json_with(max_steps=20))
    assert mutated(audited, new_findings, copies) == [("RA501", "logging.jsonl", "")]
