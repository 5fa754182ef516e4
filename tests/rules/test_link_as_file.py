"""Files that hold nothing but a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("link-as-file", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("link-as-file", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A copied link is found, and nothing else."""
    before, after = copies("link_as_file/quiet-checkpoint", tmp_path)
    (after / "checkpoints/last-v1.ckpt").write_bytes(b"best.ckpt")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("link-as-file", "checkpoints/last-v1.ckpt", "warning")
    ]
