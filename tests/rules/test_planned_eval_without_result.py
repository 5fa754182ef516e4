"""An evaluation was planned, and nothing tells that it was done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Attempt, Evaluation, Step
from tests.rules.made import book, copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "planned-eval-without-result"


def step(step_id="eval:a", status="unknown", **facts):
    """An evaluation."""
    evaluation = facts.pop("evaluation", Evaluation())
    return Step(
        at=Location("plan.yaml"),
        step_id=step_id,
        name="eval",
        status=status,
        eval=evaluation,
        **facts,
    )


PLAN = (book("plan.yaml", "run_experiment.summary"),)


def test_all_are_one_finding():
    """With the names of the first."""
    (hit,) = hits(NAME, steps=tuple(step(f"eval:{n}") for n in range(9)), accounting=PLAN)
    assert hit.message == (
        "9 planned evaluations have no result: "
        "steps eval:0, eval:1, eval:2, eval:3, eval:4 and 4 more"
    )
    assert len(hit.related) == 5


@pytest.mark.parametrize(
    "facts",
    [
        {"logs": ("a.log",)},
        {"attempts": (Attempt(0, "1", "unknown"),)},
        {"metrics": {"acc": 1}},
        {"evaluation": Evaluation(results={"acc": None})},
        {"evaluation": None},
        {"status": "skipped"},
        {"status_word": "dry run"},
    ],
)
def test_any_trace_is_enough(facts):
    """A log, an attempt, a score, or a word for why there is none."""
    assert told(hits(NAME, steps=(step(**facts),), accounting=PLAN)) == []


def test_what_is_no_plan():
    """A step that a torn result file hints at was not planned there."""
    books = (book("plan.yaml", "hf.results"),)
    assert hits(NAME, steps=(step(),), accounting=books) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """An evaluation whose every trace is taken away is missed, and nothing else."""
    before, after = copied("planned_eval_without_result/quiet-all-done", tmp_path)
    shutil.rmtree(after / "words_sweep_2026-11-26/rank8_lr1e-4/eval/words_epoch1")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.message) for item in found] == [
        (NAME, "1 planned evaluation has no result: step eval:words_epoch1")
    ]
