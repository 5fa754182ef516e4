"""The checkpoint that was evaluated is not there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Checkpoint, Evaluation, Step
from tests.rules.made import copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "eval-on-missing-checkpoint"


def step(path, step_id="eval:a"):
    """An evaluation of a checkpoint."""
    evaluation = Evaluation(checkpoint=path)
    return Step(at=Location(f"{step_id}.eval"), step_id=step_id, name="eval", eval=evaluation)


def test_each_checkpoint_once():
    """With the number of its evaluations and their places."""
    steps = tuple(step("/x/run-7/artifacts/epoch_1", f"eval:{n}") for n in range(9))
    (hit,) = hits(NAME, ["artifacts/epoch_0/a.pt"], steps=steps)
    assert hit.message == (
        "step eval:0 and 8 more evaluated /x/run-7/artifacts/epoch_1, which is not in the run"
    )
    assert (str(hit.at), len(hit.related)) == ("eval:0.eval", 5)


def test_what_is_there_or_elsewhere():
    """By the run's files, by its checkpoints, or nothing that can be looked at."""
    there = Checkpoint(at=Location("ck"), path="ck/epoch_3", present=True)
    steps = (
        step("/x/run-7/artifacts/epoch_0"),
        step("ck/epoch_3"),
        step("/models/base-1B"),
        step("org/model"),
        step("/models/run-7"),
        step(None),
        step(""),
    )
    assert hits(NAME, ["artifacts/epoch_0/a.pt"], steps=steps, checkpoints=(there,)) == []


def test_steps_that_are_no_evaluations():
    """A training has none to look for."""
    training = Step(at=Location("a"), step_id="1", name="train")
    assert told(hits(NAME, steps=(training,))) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A checkpoint that is taken away is missed by its evaluation, and nothing else is."""
    before, after = copied("eval_on_missing_checkpoint/quiet-there", tmp_path)
    shutil.rmtree(after / "rank8_lr1e-4/artifacts/epoch_0")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path.split("/")[1]) for item in found] == [(NAME, "words_epoch0")]
