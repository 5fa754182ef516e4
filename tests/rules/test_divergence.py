"""Losses that rose again."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.rules.timelines import Audit, Compare, changed, hits, mutated, points, series

NAME = "divergence"
DOWN = [10.0 - n for n in range(9)]
RISE = [1.0 + 0.5 * n for n in range(21)]


def judged(values, **more):
    """What the rule says of a loss."""
    finite = [value for value in values if not math.isnan(value)]
    facts = {"points": len(values), "min": min(finite), "max": max(finite), **more}
    return hits(NAME, series=(series(**facts),), table=points(values))


def test_a_loss_that_rises_again():
    """Its end, its lowest level and where that was, its beginning."""
    (hit,) = judged([*DOWN, *RISE])
    assert hit.message == (
        "loss ends at 10.5 (median of the last 3 points), 7 times its lowest level of 1.5 around"
        " step 11; it began at 9"
    )


@pytest.mark.parametrize(
    "values",
    [
        [10.0 - 0.3 * n for n in range(30)],
        # A spike, even at the very end, is no level.
        [*[10.0 - 0.3 * n for n in range(29)], 1e9],
        # Low noise around a level, with single values far above the smallest.
        [0.1 + 0.07 * (n % 3) for n in range(60)],
        # It rose, but lost less than half of what it had gained.
        [*[100.0 - 5 * n for n in range(20)], *[3.0 * n for n in range(5, 15)]],
        # A loss below zero has no ratio.
        [*[-5.0 - n for n in range(20)], *[float(n) for n in range(20)]],
        [5.0] * 40,
        [*DOWN, *RISE[:10]],
        [*[5.0] * 25, *[float("nan")] * 10],
    ],
)
def test_what_is_in_order(values):
    """Noise, overshoots that were made good, short curves, curves that end in NaN."""
    assert judged(values) == []


def test_a_curve_with_holes():
    """Single values that are not finite are left out."""
    values = [*DOWN, float("nan"), *RISE]
    assert len(judged(values)) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"canonical": "eval_loss", "split": "eval"},
        {"canonical": None},
        {"shadow_of": "tb"},
        {"axis": "epoch"},
        {"type": "text"},
        {"min": None, "max": None},
    ],
)
def test_what_is_no_training_loss(facts):
    """A validation loss rises when a model overfits."""
    assert judged([*DOWN, *RISE], **facts) == []
    assert hits(NAME, series=(series(points=30, min=1.0, max=10.0),)) == []


def test_the_thresholds():
    """For losses that rise by nature."""
    facts = {"points": 30, "min": 1.0, "max": 11.0}
    table = points([*DOWN, *RISE])
    for name, value in (("factor", 20), ("lost_share", 1.5), ("min_points", 50)):
        found = hits(NAME, series=(series(**facts),), table=table, thresholds={name: value})
        assert found == []


def test_an_end_that_was_turned_up(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """The last quarter of a noisy run multiplied."""

    def diverge(text: str) -> str:
        rows = [json.loads(line) for line in text.splitlines()]
        for row in rows[30:40]:
            row["loss"] *= 5
        return "".join(json.dumps(row) + "\n" for row in rows)

    copies = changed("rules/divergence/quiet-noisy", tmp_path, "logging.jsonl", diverge)
    assert mutated(audited, new_findings, copies) == [("RA508", "logging.jsonl", "")]
