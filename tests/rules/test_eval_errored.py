"""An evaluation failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Evaluation, Step
from tests.rules.made import CASES, copied, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "eval-errored"


def step(status="failed", error=None, name="eval", evaluation=None):
    """A step of a pipeline."""
    return Step(
        at=Location("a"), step_id="eval:a", name=name, status=status, error=error, eval=evaluation
    )


def test_what_is_told():
    """How far it came and the error's first line, shortened."""
    samples = Evaluation(samples={"done": 9, "total": 10})
    steps = (
        step(error="RuntimeError('no')\nand more", evaluation=samples),
        step(error="x" * 500),
        step(error=" \n"),
        step(evaluation=Evaluation(samples={"done": 9})),
    )
    assert told(hits(NAME, steps=steps)) == [
        "step eval:a failed after 9 of 10 samples: RuntimeError('no')",
        f"step eval:a failed: {'x' * 160}…",
        "step eval:a failed",
        "step eval:a failed",
    ]


def test_others():
    """Another end, and a step that is no evaluation."""
    assert hits(NAME, steps=(step("success"), step("interrupted"), step(name="train"))) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A log of an erroneous evaluation in place of a finished one is found, and nothing else."""
    before, after = copied("planned_eval_without_result/quiet-all-done", tmp_path)
    (other,) = (CASES / "eval_errored/fires-error/input").rglob("*.eval")
    (log,) = after.glob("*/rank8_lr1e-4/eval/words_epoch1/logs/*.eval")
    log.write_bytes(other.read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == [NAME]
