"""Names that lead out of their directory."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("odd-name", "warning", "warning"),
        ("unsafe-path", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unsafe-path", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A member of an absolute name is found, and nothing else."""
    before, after = copies("unsafe_path/quiet-members", tmp_path)
    with zipfile.ZipFile(after / "logs/2026_words_old.eval", "a") as log:
        log.writestr("/etc/cron.d/x", b"")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unsafe-path", "logs/2026_words_old.eval", "warning")
    ]
