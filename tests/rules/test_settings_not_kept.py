"""Settings that are not with the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("parent-config-not-kept", "note", "note"),
        ("missing-step-settings", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("settings-not-kept", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A parent that was not copied is found, and nothing else."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    (after / "config_source.yaml").write_text("a: 3\nextends: base.yaml\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("settings-not-kept", "config_source.yaml", "note")
    ]
