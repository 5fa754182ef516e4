"""Two artifacts of the run state different facts about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.values import Value
from tests.rules.provenance import claim, hits, mutated, other, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

COMMIT = "36dabb4dac84522f4ece7f5a779a82e1bbbe5f38"


@pytest.mark.parametrize(
    ("name", "one", "another"),
    [
        ("summary.git_commit", COMMIT, "813d2a8"),
        ("summary.git_dirty", True, False),
        ("summary.python", "3.11.7 (main)", "CPython 3.12.7"),
        ("summary.torch", "2.4.0+cu121", "2.4.0+cu118"),
        ("summary.torch", "2.4.0", "2.5.0"),
        ("summary.cuda_driver", "550.54.15", "535.104.05"),
        ("summary.conda_env", "/data/envs/ms", "base"),
        ("summary.user", "alice", "bob"),
        ("config.pipeline_config", "configs/a.yaml", "configs/b.yaml"),
    ],
)
def test_contradiction(name: str, one: Value, another: Value) -> None:
    """Different facts are one finding at the value that was kept, with the other beside it."""
    (hit,) = hits(
        "conflicting-claims", fields={name: claim(one, "a.json", other(another, "b.json"))}
    )
    assert hit.at.path == "a.json"
    assert [place.at.path for place in hit.related] == ["b.json"]


@pytest.mark.parametrize(
    ("name", "one", "another"),
    [
        ("summary.git_commit", COMMIT, COMMIT[:8].upper()),
        ("summary.git_commit", COMMIT, "v1.2-dirty"),
        ("summary.git_commit", COMMIT, None),
        ("summary.git_dirty", True, "true"),
        ("summary.python", "3.11.7 (main) [GCC 12.2.0]", "CPython 3.11"),
        ("summary.python", "unknown", "3.11"),
        ("summary.torch", "2.4.0+cu121", "2.4.0"),
        ("summary.cuda_driver", "550.054.15", "550.54.15"),
        ("summary.conda_env", "/data/envs/ms/", "ms"),
        ("summary.user", "", "bob"),
        ("config.pipeline_config", "configs/a.yaml", "/data/configs/a.yaml"),
        ("summary.run_id", "v0-20261122", "a1b2c3d4"),
        ("summary.started_at", "2026-11-22T01:32:59+00:00", "2026-11-22T09:32:59"),
        ("summary.cuda", "12.1", "12.8"),
        ("summary.torch", ["2.4"], {"a": 1}),
    ],
)
def test_no_contradiction(name: str, one: Value, another: Value) -> None:
    """Other spellings, values that say nothing, and facts of another kind are no contradiction."""
    fields = {name: claim(one, "a.json", other(another, "b.json"))}
    assert hits("conflicting-claims", fields=fields) == []


def test_what_was_derived_contradicts_nothing() -> None:
    """Only statements of artifacts are held against each other."""
    derived = other("3.12", "b.json", Origin.DERIVED)
    assert (
        hits("conflicting-claims", fields={"summary.python": claim("3.11", "a.json", derived)})
        == []
    )


def test_several_artifacts_are_one_finding() -> None:
    """A field is told once; every artifact that differs stands beside it, up to a limit."""
    losers = [other(f"{n:07x}", f"b{n}.json") for n in range(50)]
    (hit,) = hits(
        "conflicting-claims", fields={"summary.git_commit": claim(COMMIT, "a.json", *losers)}
    )
    assert hit.message == (
        f'summary.git_commit is "{COMMIT}" here and "0000000" in b0.json (49 more artifacts differ)'
    )
    assert len(hit.related) == 10
    assert told([hit]) == [hit.message]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A manifest of another commit is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "conflicting_claims/quiet-other-spellings",
        {
            "experiment_manifest.json#/provenance_summary/git_sha": COMMIT.replace("3", "4"),
        },
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["conflicting-claims"]
