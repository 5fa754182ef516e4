"""Files that could not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import CASES, Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("unreadable", "error", "warning"),
        ("encrypted", "error", "warning"),
        ("unsupported-method", "error", "warning"),
        ("unlisted", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unreadable-artifact", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A member that is encrypted is found, and nothing else."""
    before, after = copies("unreadable_artifact/quiet-whole", tmp_path)
    log = "logs/2026_words_old.eval"
    locked = CASES / "unreadable_artifact" / "fires-encrypted" / "input" / log
    (after / log).write_bytes(locked.read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unreadable-artifact", "logs/2026_words_old.eval", "error")
    ]
