"""No artifact says which commit of the code ran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.extension import Fact
from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import NULL, claim, hits, mutated, problem, repository, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_failure_of_git_is_told_at_its_place() -> None:
    """Where git failed, that is the finding, and the run is not told as well."""
    found = hits(
        "unknown-commit", problems=(problem("git-failed", "a.json", "/git_sha", "git failed"),)
    )
    assert told(found) == ["git failed"]
    assert found[0].at.place == "/git_sha"


def test_warnings_do_not_say_that_the_commit_is_unknown() -> None:
    """A warning among the changes leaves the question of the commit open."""
    found = hits("unknown-commit", problems=(problem("git-warning", "a.json", "/s", "warned"),))
    assert told(found) == ["warned", "no artifact states the commit of the training code"]


def test_commit_of_the_run_is_enough() -> None:
    """A field or a checkout of the run states it; that of a dependency does not."""
    assert hits("unknown-commit", fields={"summary.git_commit": claim("abc", "a.json")}) == []
    assert hits("unknown-commit", repositories=(repository(commit="abc"),)) == []
    task = repository(role="dependency", commit="abc")
    assert len(hits("unknown-commit", repositories=(task,))) == 1


def test_single_artifact_is_not_asked_for_a_commit() -> None:
    """Looked at by itself, an artifact is told of git's failures alone."""
    assert hits("unknown-commit", facts=frozenset({Fact.FILES})) == []
    assert hits("unknown-commit", steps=()) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A start at which git failed is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "unknown_commit/quiet-stated",
        {
            "run_metadata.json#/git_sha": NULL,
            "experiment_manifest.json#/provenance_summary/git_sha": NULL,
        },
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["unknown-commit"]
