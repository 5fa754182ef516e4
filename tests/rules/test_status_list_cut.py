"""A list of changed files stops at its producer's limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archiver.model.findings import Finding, RunFindings
from tests.rules.provenance import CASES, hits, mutated, repository, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_each_checkout_is_told() -> None:
    """A checkout whose list was cut is a finding at its place."""
    cut = repository(status=("?? a",) * 200, status_cut=True)
    assert told(hits("status-list-cut", repositories=(cut, repository(status=("?? a",))))) == [
        (
            "the status of CoordExp stops at its producer's limit of 200 entries; further changes "
            "are not listed"
        )
    ]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """One entry more reaches the limit; it is found, and nothing else."""
    home = CASES / "status_list_cut" / "quiet-one-fewer" / "input"
    metadata = json.loads((home / "run_metadata.json").read_text("utf-8"))
    status = [*metadata["git_status_porcelain"], "?? outputs/one_more.json"]
    before, after = mutated(
        tmp_path,
        "status_list_cut/quiet-one-fewer",
        {"run_metadata.json#/git_status_porcelain": status},
    )
    for run in (before, after):
        (run / "diff.patch").write_text("--- a\n+++ b\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["status-list-cut"]
