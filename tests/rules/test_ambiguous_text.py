"""Texts that readers understand differently."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("duplicate-key", "warning", "warning"),
        ("trailing-data", "warning", "warning"),
        ("two-objects", "warning", "warning"),
        ("yaml-documents", "warning", "warning"),
        ("late-directive", "warning", "warning"),
        ("bom", "note", "note"),
        ("yaml-tag", "note", "note"),
        ("lone-surrogate", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("ambiguous-text", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A key that is repeated is found, and nothing else."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    (after / "config_source.yaml").write_text("a: 3\na: 4\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("ambiguous-text", "config_source.yaml", "warning")
    ]
