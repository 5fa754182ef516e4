"""Artifacts that break the schema of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("schema-violation", "error", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("schema-violation", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A value of another type is found once, and nothing else."""
    before, after = copies("unexpected_content/quiet-known", tmp_path)
    stated = after / "run_metadata.json"
    text = stated.read_text("utf-8")
    stated.write_text(
        text.replace('"git_status_porcelain": []', '"git_status_porcelain": 3'), "utf-8"
    )
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("schema-violation", "run_metadata.json", "error")
    ]
    assert found[0].at.place == "/git_status_porcelain"
    assert found[0].line == 10
