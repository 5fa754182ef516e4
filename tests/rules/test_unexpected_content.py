"""Values that a reader cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, hits, problem, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("unexpected-type", "error", "warning"),
        ("unexpected-shape", "error", "warning"),
        ("unexpected-value", "error", "warning"),
        ("not-an-object", "error", "warning"),
        ("unknown-status", "warning", "warning"),
        ("no-epoch", "warning", "warning"),
        ("float-overflow", "warning", "warning"),
        ("unread-line", "warning", "warning"),
        ("non-string-key", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unexpected-content", code) == (required, other)


def test_what_breaks_the_schema_is_told_by_that() -> None:
    """A value that the schema refuses already is no second finding."""
    broken = problem("schema-violation", place="/seed")
    assert hits("unexpected-content", broken, problem("unexpected-type", place="/seed")) == []
    (hit,) = hits("unexpected-content", broken, problem("unexpected-type", place="/lr"))
    assert hit.at.place == "/lr"


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A row that is a list is found, and nothing else."""
    before, after = copies("unexpected_content/quiet-known", tmp_path)
    stream = after / "logging.jsonl"
    first, second, rest = stream.read_bytes().split(b"\n", 2)
    stream.write_bytes(b"\n".join([first, b"[" + second + b"]", rest]))
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unexpected-content", "logging.jsonl", "error")
    ]
