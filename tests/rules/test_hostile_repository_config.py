"""Repositories that make git dangerous."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("git-hazard", "warning", "warning"),
        ("git-hook", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("hostile-repository-config", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A setting that names a program is found, and nothing else."""
    before, after = copies("hostile_repository_config/quiet-clean", tmp_path)
    config = after / "src/code.git/config"
    config.write_text(config.read_text("utf-8") + "[diff]\n\texternal = ./d\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("hostile-repository-config", "src/code.git/config", "warning")
    ]
