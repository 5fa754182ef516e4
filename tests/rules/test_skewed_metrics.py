"""Metrics that stand an epoch late."""

from __future__ import annotations

import json
from pathlib import Path

from archiver.model.claims import Location, Problem
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, told

NAME = "skewed-metrics"


def skew(path="metrics.json"):
    """What a reader says of a source."""
    return Problem("skewed-metrics", "3 metrics are late", Location(path, "/epochs/0"), "see csv")


BEST = Problem("skewed-best-epoch", "one too high", Location("experiment.json", "/best_epoch"))


def test_a_best_epoch_is_a_consequence():
    """It is told with the source that it was searched in, else by itself."""
    (hit,) = hits(NAME, problems=(BEST, skew()))
    assert (hit.message, hit.hint, hit.at.path) == ("3 metrics are late", "see csv", "metrics.json")
    assert [place.message for place in hit.related] == ["one too high"]
    assert told(hits(NAME, problems=(BEST,))) == ["one too high"]
    assert hits(NAME) == []


def test_each_source_is_told():
    """Their values are wrong one by one; the best epoch is named once."""
    first, second = hits(NAME, problems=(skew("a"), skew("b"), BEST))
    assert (len(first.related), len(second.related)) == (1, 0)


def test_a_record_that_came_too_early(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """Without what its callback could not know yet, the first record tells the skew."""

    def late(text: str) -> str:
        rows = json.loads(text)["epochs"]
        del rows[0]["train_loss"], rows[0]["val_accuracy"]
        return json.dumps({"epochs": rows})

    copies = changed("rules/skewed_metrics/quiet-in-time", tmp_path, "metrics.json", late)
    assert mutated(audited, new_findings, copies) == [("RA504", "metrics.json", "/epochs/0")]
