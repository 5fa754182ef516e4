"""A fact that was asked for is not in the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from archiver.model.findings import Finding, RunFindings
from archiver.policy import Policy
from archiver.workflows import validating
from archiver.workflows.options import ValidateOptions
from tests.rules.provenance import CASES, NO_COVERAGE, claim, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_missing_field_is_named_with_its_meaning() -> None:
    """The message says what the field means; a field is asked for once."""
    names = ("summary.git_commit", "summary.git_commit")
    assert told(hits("required-fact-missing", required_fields=names)) == [
        "summary.git_commit (commit of the training code) is required and not recorded"
    ]


def test_answered_fields_are_not_missed() -> None:
    """What was recorded, also as nothing, and what the run cannot have, is answered."""
    answers = {
        "data.merged_cpt": "n/a",
        "steps.training.steps": "derived",
        "changes.config_diff": "not recorded",
    }
    found = hits(
        "required-fact-missing",
        fields={"summary.conda_env": claim(None, "a.json"), "repro.env.A": claim("", "a.json")},
        coverage=replace(NO_COVERAGE, fields=answers),
        required_fields=(*answers, "summary.conda_env", "repro.env.A", "repro.env.B"),
    )
    assert told(found) == [
        "changes.config_diff (differences from it) is required and not recorded",
        "repro.env.B is required and not recorded",
    ]


def test_mutation(new_findings: Compare) -> None:
    """Asking for a fact that is not there is found, and nothing else changes."""
    run = CASES / "no_seed" / "quiet-seeded" / "input"

    def audited(*require: str) -> RunFindings:
        options = ValidateOptions(Policy(require=require))
        now = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
        return validating.validate([run], options, now).report.runs[0]

    before = audited("summary.git_commit", "steps.training.steps")
    found = new_findings(before, audited("summary.git_commit", "summary.gpus"))
    assert [(item.name, item.severity.value) for item in found] == [
        ("required-fact-missing", "error")
    ]


def test_nothing_asked_for(audited: Audit) -> None:
    """Without anything asked for the rule is quiet."""
    run = CASES / "no_seed" / "quiet-seeded" / "input"
    assert audited(run, "required-fact-missing").findings == ()
