"""Artifacts that end before their content does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, hits, problem, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("truncated", "error", "warning"),
        ("empty", "error", "warning"),
        ("nul-bytes", "error", "warning"),
        ("torn-line", "error", "warning"),
        ("torn-record", "error", "warning"),
        ("unfinished", "error", "warning"),
        ("no-end-mark", "warning", "warning"),
        ("stream-cut", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("truncated-artifact", code) == (required, other)


def test_a_run_of_nothing_but_one_file() -> None:
    """An artifact that is looked at by itself is the one that was asked for."""
    (hit,) = hits("truncated-artifact", problem("empty"), facts=frozenset())
    assert str(hit.severity) == "error"


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A configuration of which nothing is left is found, and nothing else."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    (after / "config_source.yaml").write_bytes(b"")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("truncated-artifact", "config_source.yaml", "warning")
    ]
