"""Clocks that cannot be compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.model.record import Attempt
from tests.rules.timelines import FIXTURES, Audit, Compare, field, hits, mutated, step

NAME = "mixed-clocks"
ZONED, LOCAL = "2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00"


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (ZONED, LOCAL, 1),
        (LOCAL, ZONED, 1),
        (ZONED, ZONED, 0),
        (LOCAL, LOCAL, 0),
        (ZONED, "noon", 0),
        (ZONED, 3, 0),
    ],
)
def test_start_and_end(start, end, count):
    """One with and one without a zone leave the duration open."""
    fields = {"summary.started_at": field(start), "summary.finished_at": field(end)}
    assert len(hits(NAME, fields=fields)) == count


def test_attempts_are_told_where_the_run_is_in_order():
    """One fault is one finding."""
    mixed = step(attempts=(Attempt(1, "1", "x", started_at=LOCAL, finished_at=ZONED),))
    (hit,) = hits(NAME, steps=(mixed,))
    assert hit.message == (
        f"attempt 1 of step 1 started at {LOCAL} on a local clock without a zone and finished at"
        f" {ZONED}, so its duration is not known"
    )
    fields = {"summary.started_at": field(ZONED), "summary.finished_at": field(LOCAL)}
    (hit,) = hits(NAME, fields=fields, steps=(mixed,))
    assert hit.message.startswith("it started")


def test_a_run_whose_heartbeat_is_gone(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """Its end then stands in the log alone, in local time."""
    copies = tmp_path / "before", tmp_path / "after"
    for copy in copies:
        shutil.copytree(FIXTURES / "runs/coordexp-clean/input", copy)
    (beat,) = copies[1].rglob("train_heartbeat.rank0.jsonl")
    beat.unlink()
    assert mutated(audited, new_findings, copies) == [("RA404", "train.log", "L434")]
