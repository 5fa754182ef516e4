"""Metric logs of which much could not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.record import Accounting
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, series, told

NAME = "lost-points"


def book(path="log", **counts):
    """What became of an artifact's records."""
    return Accounting(path, "k", 1, **counts)


def test_the_share_is_told():
    """Of everything that stands in the file."""
    found = hits(NAME, series=(series(),), accounting=(book(read=25, dropped=1, corrupt=4),))
    assert told(found) == [
        "4 of 30 records could not be read; the figures of its 1 series are of the rest"
    ]


@pytest.mark.parametrize(
    "books",
    [
        book(read=96, corrupt=4),
        book(read=2, corrupt=2),
        book(read=3, corrupt=1, reasons={"truncated": 1}),
        book(read=3, dropped=30),
        book("config.json", corrupt=1),
        book(),
    ],
)
def test_what_is_no_loss(books):
    """A few, the torn end of a killed run, what readers pass over, files without metrics."""
    assert hits(NAME, series=(series(), series(type="text")), accounting=(books,)) == []


def test_the_threshold():
    """Percent that may be lost."""
    lost = {"series": (series(),), "accounting": (book(read=96, corrupt=4),)}
    assert len(hits(NAME, **lost, thresholds={"max_lost_pct": 1})) == 1


def test_rows_that_were_damaged(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Most of a log overwritten: the damage is another rule's, its weight this one's."""

    def damage(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join([lines[0], *["#" * 200 + "\n"] * 3, *lines[4:]])

    case = "rules/resume_overlap/quiet-goes-on"
    copies = changed(case, tmp_path, "logging.jsonl", damage)
    assert mutated(audited, new_findings, copies) == [
        ("RA004", "logging.jsonl", "L2"),
        ("RA510", "logging.jsonl", ""),
    ]
