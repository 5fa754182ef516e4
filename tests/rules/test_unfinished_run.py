"""Runs that failed or were interrupted."""

from __future__ import annotations

from pathlib import Path

from archiver.model.claims import Location
from tests.rules.timelines import (
    AT,
    Audit,
    Compare,
    changed,
    hits,
    json_with,
    mutated,
    status,
    step,
    told,
)

NAME = "unfinished-run"


def test_the_sign_that_decided_is_told():
    """In the words of the status' note, without the other signs."""
    other = Location("b.log", "L2")
    note = "b.log#L2: rows stop; log#L1: exit code 1; see above"
    known = status("failed", from_=(AT, other), note=note)
    assert told(hits(NAME, fields=known)) == ["the run failed: exit code 1; see above"]
    note = "log#L1: killed by signal 9; b.log#L2: rows stop"
    known = status("interrupted", from_=(AT, other), note=note)
    assert told(hits(NAME, fields=known)) == ["the run was interrupted: killed by signal 9"]
    assert told(hits(NAME, fields=status("failed"))) == ["the run failed"]


def test_the_error_says_more():
    """Its first line, of the step that failed as the run did."""
    steps = (step(status="success", error="x"), step(status="failed", error="out of memory\nat"))
    found = hits(NAME, fields=status("failed", note="log#L1: failed"), steps=steps)
    assert told(found) == ["the run failed: out of memory"]


def test_running_runs():
    """An archive knows no present time; there, they are unfinished as far as anybody knows."""
    assert hits(NAME, fields=status("running")) == []
    assert told(hits(NAME, fields=status("running"), now=None)) == [
        "no end of the run was recorded"
    ]


def test_evaluations_have_rules_of_their_own():
    """Where a run is nothing but its evaluations, so is its fault."""
    assert hits(NAME, fields=status("failed", rule="evaluations-alone")) == []
    assert len(hits(NAME, fields=status("failed", rule="sign-of-failure"))) == 1


def test_other_runs_are_no_fault():
    """Success, and what nobody knows; nor does a hostile status stop the rule."""
    for value in ("success", "unknown", None, 3, ["failed"]):
        assert hits(NAME, fields=status(value)) == []
    assert hits(NAME) == []


def test_a_run_that_failed(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Its last word changed to failure is found for that alone."""
    error = {"type": "IndexError", "message": "x", "traceback": "Traceback"}
    change = json_with(status="failed", error=error)
    copies = changed("rules/unfinished_run/quiet-completed", tmp_path, "experiment.json", change)
    assert mutated(audited, new_findings, copies) == [("RA408", "experiment.json", "/status")]
