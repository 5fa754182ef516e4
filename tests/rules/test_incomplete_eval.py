"""An evaluation did not get through all of its samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Evaluation, Step
from tests.rules.made import copied, hits, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "incomplete-eval"


def step(status, done=None, total=None, **results):
    """An evaluation."""
    samples = {key: value for key, value in (("done", done), ("total", total)) if value is not None}
    return Step(
        at=Location("a.eval"),
        step_id="eval:a",
        name="eval",
        status=status,
        logs=("logs/a.eval",),
        eval=Evaluation(results=results, samples=samples),
    )


@pytest.mark.parametrize(
    ("item", "messages"),
    [
        (step("success", 9, 10, acc=1), ["step eval:a has 9 of 10 samples"]),
        (step("unknown", 0, 10), ["step eval:a has 0 of 10 samples"]),
        (step("interrupted"), ["step eval:a was interrupted before it had any score"]),
        (step("interrupted", 5, 10, acc=1), []),
        (step("failed", 5, 10), []),
        (step("skipped", 0, 10), []),
        (step("success", 10, 10), []),
        (step("success", 12, 10), []),
        (step("success", 9), []),
        (step("success", None, 10), []),
    ],
)
def test_ends(item, messages):
    """What is left over by the rules for errors and for cancelled evaluations."""
    assert told(hits(NAME, steps=(item,))) == messages


@pytest.mark.parametrize("path", ["a.eval", "logs/a.eval"])
def test_log_that_breaks_off(path):
    """It is reported as such, and once."""
    met = problem("unfinished", "the evaluation never ended", path)
    assert hits(NAME, steps=(step("interrupted"), step("unknown", 3, 10)), problems=(met,)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A sample that was not finished is missed, and nothing else."""
    before, after = copied("incomplete_eval/quiet-all-samples", tmp_path)
    (path,) = after.rglob("*.json")
    document = json.loads(path.read_text("utf-8"))
    document["results"]["completed_samples"] -= 1
    path.write_text(json.dumps(document), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == [NAME]
