"""Files that are written to while they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.rundir import RunDir, Tree
from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("changed-while-reading", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("changed-while-read", code) == (required, other)


def test_mutation(
    audited: Audit, new_findings: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that grows after the directory was listed is found, and nothing else."""
    before, after = copies("corrupt_artifact/quiet-whole", tmp_path)
    sound = audited(before)
    listing = RunDir.walk

    def walk(run: RunDir) -> Tree:
        tree = listing(run)
        with (after / "logging.jsonl").open("ab") as stream:
            stream.write(b"\n")
        return tree

    monkeypatch.setattr(RunDir, "walk", walk)
    found = new_findings(sound, audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("changed-while-read", "logging.jsonl", "warning")
    ]
