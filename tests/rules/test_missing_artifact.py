"""An artifact that every run of its producer has is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archiver.case import Expected, Hit
from archiver.extension import Severity
from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import claim, entries, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NEEDED = Expected("coordexp", "CoordExp", "new", "coordexp.runtime_env", required=True, since="old")
ALLOWED = Expected("coordexp", "CoordExp", "new", "coordexp.train_log", required=False, since="")
SHARED = Expected("ms_swift", "ms-swift", "any", "ms_swift.args", required=True, since="any")


def missing(*expected: Expected, status: str = "success", **parts: object) -> list[Hit]:
    """What is missed of a run of that status."""
    fields = {"summary.status": claim(status, "")}
    return hits("missing-artifact", expected=expected, fields=fields, **parts)


def test_message_says_since_when() -> None:
    """The finding names the era of the run and the one since which the kind is expected."""
    (hit,) = missing(NEEDED, ALLOWED)
    assert hit.message == (
        "CoordExp's run of era new has no coordexp.runtime_env (expected since era old)"
    )
    assert hit.severity is Severity.ERROR


def test_present_and_optional_kinds_are_not_missed() -> None:
    """A kind that a file is, or that a contract only allows, is no finding."""
    files = entries("runtime_env.json", kind="coordexp.runtime_env")
    assert missing(NEEDED, ALLOWED, files=files) == []


def test_kind_that_two_producers_require_is_missed_once() -> None:
    """The first contract that requires a kind speaks for the others."""
    twice = Expected("coordexp", "CoordExp", "new", "ms_swift.args", required=True, since="new")
    assert told(missing(twice, SHARED)) == [
        "CoordExp's run of era new has no ms_swift.args (expected since era new)"
    ]


def test_contract_of_one_era_does_not_name_it() -> None:
    """`any` is no era that means something to a person."""
    assert told(missing(SHARED)) == ["ms-swift's run has no ms_swift.args"]


def test_run_that_ended_early_is_warned_of() -> None:
    """A failed or interrupted run may have ended before the artifact was due; so may a dry run."""
    for status in ("failed", "interrupted"):
        assert [hit.severity for hit in missing(NEEDED, status=status)] == [Severity.WARNING]
    (dry,) = missing(NEEDED, status="unknown", series=())
    assert dry.severity is Severity.WARNING
    (hostile,) = hits(
        "missing-artifact", expected=(NEEDED,), fields={"summary.status": claim(["failed"], "")}
    )
    assert hostile.severity is Severity.ERROR
    (trained,) = missing(NEEDED, status="unknown")
    assert trained.severity is Severity.ERROR


def test_results_alone_are_a_run(tmp_path: Path, audited: Audit) -> None:
    """The Trainer's scripts save results and state apart; who publishes may keep the results."""
    results = {"epoch": 3.0, "train_loss": 0.5, "train_runtime": 9.5, "train_samples": 8}
    for name in ("all_results.json", "train_results.json"):
        (tmp_path / name).write_text(json.dumps(results, indent=4) + "\n", "utf-8")
    run = audited(tmp_path)
    assert run.producers == ("hf_trainer",)
    assert "missing-artifact" not in {item.name for item in run.findings}


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A required file that is taken away is found, and nothing else."""
    before, after = mutated(
        tmp_path, "missing_artifact/quiet-older-era", {"runtime_env.json": None}
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["missing-artifact"]
