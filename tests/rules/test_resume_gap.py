"""Steps that are missing between attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.points import OVER_CHECKPOINTS
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, points, series

NAME = "resume-gap"
CURVE = series(segments=2, points=6)
GAP = points([1] * 6, [10, 20, 30, 50, 60, 70], attempts=[1, 1, 1, 2, 2, 2])


def test_a_gap():
    """The last point before, the first one after, and how far apart points are otherwise."""
    (hit,) = hits(NAME, series=(CURVE,), table=GAP)
    assert hit.message == (
        "loss has no point between steps 30 and 50, where attempt 2 took over; the points before"
        " it are at most 10 steps apart"
    )


@pytest.mark.parametrize(
    ("steps", "attempts", "count"),
    [
        ([10, 20, 30, 40], [1, 1, 2, 2], 0),
        # The first step after a resume may be logged besides the regular ones.
        ([10, 20, 31, 40], [1, 1, 2, 2], 0),
        ([10, 20, 15, 20], [1, 1, 2, 2], 0),
        ([10, 20, 32, 42], [1, 1, 2, 2], 1),
        ([10, 20, 20, 30, 70, 80], [1, 1, 2, 2, 3, 3], 1),
        ([10, 20, 200, 210], [0, 0, 0, 0], 0),
        ([10, None, 100], [1, 2, 2], 1),
        ([None, None], [1, 2], 0),
        ([1], [1], 0),
    ],
)
def test_where_attempts_meet(steps, attempts, count):
    """The usual distance is no gap; without numbers of attempts nothing is."""
    table = points([1.0] * len(steps), steps, attempts=attempts)
    assert len(hits(NAME, series=(CURVE,), table=table)) == count


@pytest.mark.parametrize(
    "other",
    [
        series(segments=1),
        series(segments=2, split="eval"),
        series(segments=2, axis="epoch"),
        series(segments=2, type="text"),
        series(segments=2, shadow_of="tb"),
        series(segments=2, attributes=dict(OVER_CHECKPOINTS)),
    ],
)
def test_what_is_no_training_curve(other):
    """Nor is a curve without its points judged."""
    assert hits(NAME, series=(other,), table=GAP) == []
    assert hits(NAME, series=(CURVE,)) == []


def test_one_curve_of_a_training():
    """Its longest, the loss where several are; each training by itself."""
    curves = (series(key="acc", canonical=None, segments=2, points=6), CURVE)
    (hit,) = hits(NAME, series=curves, table=GAP)
    assert hit.message.startswith("loss ")
    two = (CURVE, series(segments=2, points=6, step_id="2"))
    assert len(hits(NAME, series=two, table=GAP)) == 2


def test_rows_that_were_lost(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The first rows that a second process wrote are cut out of a log."""

    def cut(text: str) -> str:
        lines = text.splitlines(keepends=True)
        first = lines[6].replace('"elapsed_time": "3s"', '"elapsed_time": "1s"')
        return "".join([*lines[:4], first, *lines[7:]])

    copies = changed("rules/resume_gap/quiet-goes-on", tmp_path, "logging.jsonl", cut)
    assert mutated(audited, new_findings, copies) == [("RA505", "logging.jsonl", "")]
