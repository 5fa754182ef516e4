"""Writes that were never moved into place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("newer-temporary", "warning", "warning"),
        ("unfinished-write", "warning", "warning"),
        ("leftover-temporary", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("leftover-temporary", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A temporary file that adds nothing is found, and nothing else."""
    before, after = copies("leftover_temporary/quiet-renamed", tmp_path)
    name = ".metrics.json.0123456789abcdef0123456789abcdef.tmp"
    (after / name).write_bytes((after / "metrics.json").read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("leftover-temporary", ".metrics.json.0123456789abcdef0123456789abcdef.tmp", "note")
    ]
