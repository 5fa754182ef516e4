"""Artifacts of versions that are not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("unsupported-version", "error", "warning"),
        ("unknown-header", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unsupported-version", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A newer version is found, and nothing else."""
    before, after = copies("unsupported_version/quiet-known", tmp_path)
    stated = after / "runtime_env.json"
    text = stated.read_text("utf-8")
    stated.write_text(text.replace('"schema_version": 1', '"schema_version": 12'), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unsupported-version", "runtime_env.json", "error")
    ]
