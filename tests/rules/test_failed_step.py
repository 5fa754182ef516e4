"""Steps that failed in a run that is called a success."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location, Origin
from archiver.model.record import Attempt, Evaluation, Source
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, status, step, told

NAME = "failed-step"
SUCCESS = status("success")


def test_the_step_and_its_error_are_named():
    """The first line of the error, else the producer's word; at the place that says so."""
    place = Location("mg2hf.log", "L5")
    source = Source(Origin.DERIVED, place, "sign-of-failure")
    failed = step(
        step_id="4", name="mg2hf", status="failed", error="no such file\nmore",
        sources={"status": source},
    )  # fmt: skip
    (hit,) = hits(NAME, fields=SUCCESS, steps=(failed,))
    assert hit.message == "step 4 (mg2hf) failed in a run that is called a success: no such file"
    assert hit.at == place
    last = Attempt(2, "7", "interrupted", "NODE_FAIL")
    stopped = step(step_id="4", name="mg2hf", status="interrupted", attempts=(last,))
    assert told(hits(NAME, fields=SUCCESS, steps=(stopped,))) == [
        "step 4 (mg2hf) was interrupted in a run that is called a success (NODE_FAIL)"
    ]


@pytest.mark.parametrize(
    ("whole", "one"),
    [
        ("failed", step(status="failed")),
        ("success", step(status="success")),
        ("success", step(status="skipped")),
        ("success", step(status="unknown")),
        ("success", step(name="eval", status="failed")),
        ("success", step(name="infer", status="failed", eval=Evaluation())),
    ],
)
def test_what_is_in_order(whole, one):
    """Runs that tell of it themselves, steps that did not fail, evaluations."""
    assert hits(NAME, fields=status(whole), steps=(one,)) == []


def test_messages_are_bounded():
    """Errors hold what a process printed."""
    long = step(step_id="x" * 1000, status="failed", error="e" * 100_000)
    (hit,) = hits(NAME, fields=SUCCESS, steps=(long,))
    assert len(hit.message) < 500


def test_a_conversion_that_failed(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Its log ends in a failure, and the runner went on: its word on the step is gone."""
    log = ".llmrunner/logs/20260218_a1/mg2hf_0.log"
    before, after = changed(
        "rules/failed_step/quiet-finished",
        tmp_path,
        log,
        lambda text: text + "mg2hf: failed with exit code 1\n",
    )
    console = after / "run.log"
    lines = console.read_text("utf-8").splitlines(keepends=True)
    console.write_text("".join(line for line in lines if "done step[2]" not in line), "utf-8")
    assert mutated(audited, new_findings, (before, after)) == [("RA406", log, "L5")]
