"""An evaluation was cancelled and has scores all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Evaluation, Source, Step
from tests.rules.made import CASES, copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "cancelled-eval-with-scores"


def step(status="interrupted", results=None, samples=None, **facts):
    """An evaluation."""
    evaluation = Evaluation(results=results or {}, samples=samples or {})
    return Step(
        at=Location("a.eval"),
        step_id="eval:a",
        name="eval",
        status=status,
        eval=evaluation,
        **facts,
    )


def test_how_far_it_came():
    """As far as it is known, at the place that says so."""
    source = {"status": Source(Origin.RECORDED, Location("a.eval", "header.json!"))}
    steps = (
        step(results={"match/accuracy": 0.8}, samples={"done": 5, "total": 10}, sources=source),
        step(results={"a": 1, "b": "NaN"}, samples={"done": 5}),
        step(results={"a": 1, "b": None}),
    )
    found = hits(NAME, steps=steps)
    assert told(found) == [
        "step eval:a was interrupted after 5 of 10 samples, and its log holds 1 score",
        "step eval:a was interrupted after 5 samples, and its log holds 2 scores",
        "step eval:a was interrupted, and its log holds 2 scores",
    ]
    assert [str(hit.at) for hit in found] == ["a.eval#header.json!", "a.eval", "a.eval"]


def test_others():
    """Without scores, with another end, or no evaluation."""
    training = Step(
        at=Location("a"), step_id="1", name="train", status="interrupted", metrics={"loss": 1}
    )
    assert (
        hits(NAME, steps=(step(), step("success", {"a": 1}), step("failed", {"a": 1}), training))
        == []
    )


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A log of a cancelled evaluation in place of a finished one is found, and nothing else."""
    before, after = copied("planned_eval_without_result/quiet-all-done", tmp_path)
    (other,) = (CASES / "cancelled_eval_with_scores/fires-cancelled/input").rglob("*.eval")
    (log,) = after.glob("*/rank8_lr1e-4/eval/words_epoch1/logs/*.eval")
    log.write_bytes(other.read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == [NAME]
