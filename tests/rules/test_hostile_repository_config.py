"""Repositories that make git dangerous."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from archiver.policy import Policy
from archiver.workflows import validating
from archiver.workflows.options import ValidateOptions
from tests.rules.artifacts import CASES, Audit, Compare, copies, weights


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


def test_a_repository_around_several_runs(tmp_path: Path) -> None:
    """It is told with each of the runs: none of them is handled without it."""
    copies("hostile_repository_config/quiet-clean", tmp_path)
    hazards = CASES / "hostile_repository_config" / "fires-hazards" / "input" / "src"
    shutil.copytree(hazards, tmp_path / "src")
    options = ValidateOptions(Policy(select=("hostile-repository-config",)))
    now = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    runs = validating.validate([tmp_path], options, now).report.runs
    assert len(runs) == 2
    for run in runs:
        assert [(item.at.scope, item.at.path, str(item.severity)) for item in run.findings] == [
            ("experiment", "src/code.git/config", "warning"),
            ("experiment", "src/code.git/objects/info/alternates", "warning"),
            ("experiment", "src/code.git/hooks/pre-commit", "note"),
        ]


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A setting that names a program is found, and nothing else."""
    before, after = copies("hostile_repository_config/quiet-clean", tmp_path)
    config = after / "src/code.git/config"
    config.write_text(config.read_text("utf-8") + "[diff]\n\texternal = ./d\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("hostile-repository-config", "src/code.git/config", "warning")
    ]
