"""Files that would run code when they are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, hits, problem, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("hostile-pickle", "warning", "warning"),
        ("unsafe-pickle", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unsafe-pickle", code) == (required, other)


def test_files_that_name_the_same_are_one_finding() -> None:
    """The first is named, the others are related; another message stands for itself."""
    many = [problem("unsafe-pickle", f"{n}.ckpt", message="x") for n in range(100)]
    first, second = hits("unsafe-pickle", *many, problem("hostile-pickle", "z", message="y"))
    assert (first.message, first.at.path, len(first.related)) == ("x (100 files)", "0.ckpt", 20)
    assert (second.message, second.at.path, second.related) == ("y", "z", ())


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A pickle of a command is found, and nothing else."""
    before, after = copies("unsafe_pickle/quiet-tensors", tmp_path)
    (after / "extra.bin").write_bytes(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unsafe-pickle", "extra.bin", "warning")
    ]
