"""Runs that were deleted in their tracker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("deleted-run", "note", "note"),
        ("deleted-experiment", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("deleted-run", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """The mark of a deleted run is found, and nothing else."""
    before, after = copies("deleted_run/quiet-active", tmp_path)
    stated = after / "meta.yaml"
    text = stated.read_text("utf-8")
    stated.write_text(text.replace("lifecycle_stage: active", "lifecycle_stage: deleted"), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("deleted-run", "meta.yaml", "note")
    ]
