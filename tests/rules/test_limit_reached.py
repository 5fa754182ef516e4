"""Artifacts that were not looked at to their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("size-limit", "warning", "warning"),
        ("nesting-limit", "warning", "warning"),
        ("too-many-files", "warning", "warning"),
        ("points-limit", "warning", "warning"),
        ("ratio", "warning", "warning"),
        ("more-problems", "note", "note"),
        ("text-cut", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("limit-reached", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A document that is nested too deeply is found, and nothing else."""
    before, after = copies("limit_reached/quiet-shallow", tmp_path)
    (after / "config_source.yaml").write_text("a: " + "{b: " * 120 + "1" + "}" * 120, "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("limit-reached", "config_source.yaml", "warning")
    ]
