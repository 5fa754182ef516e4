"""Best values that contradict the metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.record import Checkpoint
from tests.rules.timelines import (
    AT,
    Audit,
    Compare,
    changed,
    hits,
    json_with,
    mutated,
    points,
    series,
    told,
)

NAME = "contradicted-best"
CURVE = series(key="val_loss", split="eval", points=4, min=0.3, max=0.9)
TABLE = points([0.9, 0.5, 0.3, 0.4])


def best(metric, monitor="val_loss", tags=("best",), at=AT):
    """A checkpoint that was chosen by a metric."""
    return Checkpoint(at=at, path="best.ckpt", tags=tags, metric=metric, monitor=monitor)


@pytest.mark.parametrize(
    ("metric", "weights"),
    [
        (0.3, []),
        (0.9, []),
        # Single precision, and decimals that were cut.
        (0.30000001192092896, []),
        (0.7, [None]),
        (0.1, [None]),
        (0.4, ["note"]),
        (float("nan"), [None]),
        (float("inf"), [None]),
        (None, []),
        ("0.1", []),
        (True, []),
        (1, [None]),
        (10**400, []),
        ([1], []),
    ],
)
def test_a_value_among_the_metrics(metric, weights):
    """Either end is a best; another of the values is a note; any other a contradiction."""
    found = hits(NAME, series=(CURVE,), checkpoints=(best(metric),), table=TABLE)
    assert [hit.severity for hit in found] == weights


def test_the_figures_are_told():
    """What was recorded, against how many values from where to where."""
    (hit,) = hits(NAME, series=(CURVE,), checkpoints=(best(0.1),), table=TABLE)
    assert hit.message == (
        "the best val_loss is recorded as 0.1, but none of its 4 values is (0.3 to 0.9)"
    )
    assert hit.related[0].at == Location("log")
    (hit,) = hits(NAME, checkpoints=(best(float("nan")),))
    assert hit.message == (
        "the best val_loss is recorded as nan: what was searched for it stuck there"
    )


@pytest.mark.parametrize(
    "item",
    [best(0.1, monitor=None), best(0.1, monitor=""), best(0.1, tags=("last",)), best(0.1, "other")],
)
def test_what_cannot_be_judged(item):
    """Metrics without a name or without a curve, checkpoints that are not the best."""
    assert hits(NAME, series=(CURVE,), checkpoints=(item,), table=TABLE) == []


def test_curves_without_points_or_values():
    """Whether the value is among them nobody can say."""
    assert hits(NAME, series=(CURVE,), checkpoints=(best(0.1),)) == []
    empty = series(key="val_loss", split="eval", points=4)
    assert hits(NAME, series=(empty,), checkpoints=(best(0.1),), table=TABLE) == []


@pytest.mark.parametrize(
    ("key", "monitor", "count"),
    [
        ("eval_loss", "loss", 1),
        ("eval/loss", "loss", 1),
        ("val/loss", "val_loss", 1),
        ("train_loss", "loss", 0),
    ],
)
def test_names_of_a_metric(key, monitor, count):
    """Trainers leave off the prefix of what is evaluated."""
    curve = series(key=key, split="eval", points=4, min=0.3, max=0.9)
    found = hits(NAME, series=(curve,), checkpoints=(best(0.1, monitor),), table=TABLE)
    assert len(found) == count


def test_a_value_is_told_once():
    """Every saved state repeats it; one source that agrees is enough."""
    twice = (best(0.1), best(0.1, at=Location("other")))
    assert len(hits(NAME, series=(CURVE,), checkpoints=twice, table=TABLE)) == 1
    late = series(key="val_loss", source="csv", points=4, min=0.1, max=0.9)
    assert told(hits(NAME, series=(CURVE, late), checkpoints=twice, table=TABLE)) == []


def test_a_best_that_was_edited(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A better score than any of the epochs had."""
    change = json_with(best_metric={"val_accuracy": 0.99})
    case = "rules/contradicted_best/quiet-the-best"
    copies = changed(case, tmp_path, "experiment.json", change)
    assert mutated(audited, new_findings, copies) == [
        ("RA503", "experiment.json", "/best_checkpoint_path")
    ]
