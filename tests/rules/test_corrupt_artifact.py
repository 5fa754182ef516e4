"""Artifacts that hold what their format does not allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, hits, problem, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("syntax", "error", "warning"),
        ("bad-crc", "error", "warning"),
        ("ragged-row", "error", "warning"),
        ("bad-pickle", "error", "warning"),
        ("lost-record", "error", "warning"),
        ("bad-tensor", "error", "warning"),
        ("bad-utf8", "warning", "warning"),
        ("bad-encoding", "warning", "warning"),
        ("bad-quotes", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("corrupt-artifact", code) == (required, other)


def test_floods_are_one_finding() -> None:
    """Many flaws of one code are counted; the first places are named."""
    flaws = [problem("syntax", place=f"L{n}", message=f"line {n}") for n in range(1, 6)]
    (hit,) = hits("corrupt-artifact", *flaws, problem("syntax", message="… and 1234 more"))
    assert hit.message == "line 1 (and 1,238 more of this kind)"
    assert hit.at.place == "L1"
    assert [place.at.place for place in hit.related] == ["L2", "L3", "L4", "L5"]


def test_codes_and_files_stand_apart() -> None:
    """One hit for each file and code; what is told twice counts once."""
    found = hits(
        "corrupt-artifact",
        problem("syntax"),
        problem("syntax"),
        problem("bad-utf8"),
        problem("syntax", "must.json"),
    )
    assert [(hit.at.path, hit.message) for hit in found] == [
        ("may.json", "m"),
        ("may.json", "m"),
        ("must.json", "m"),
    ]


def test_messages_are_bounded() -> None:
    """What a file holds may stand in a message, but not all of it."""
    (hit,) = hits("corrupt-artifact", problem("syntax", message="x" * 100_000))
    assert len(hit.message) < 600


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A bracket that nothing opened is found, and nothing else."""
    before, after = copies("ambiguous_text/quiet-once", tmp_path)
    (after / "config_source.yaml").write_text("a: 3\nb: ]\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("corrupt-artifact", "config_source.yaml", "warning")
    ]
