"""Logs that hold nearly every step more than once."""

from __future__ import annotations

from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Severity
from tests.rules.timelines import Audit, Compare, changed, hits, mutated, series, told

NAME = "steps-written-twice"


def test_other_values_weigh_more() -> None:
    """Where all repeats are alike, nothing of the curve was left to chance."""
    speed = series(key="speed", canonical=None, points=9, overwritten=8, duplicates=1)
    (hit,) = hits(NAME, series=(series(points=9, duplicates=9), speed))
    assert hit.message == (
        "18 of 36 points of 2 series repeat a step that was written before; 1 of them with other"
        " values, of which the last counts: speed"
    )
    assert hit.severity is None
    (alike,) = hits(NAME, series=(series(points=9, duplicates=9),))
    assert alike.severity is Severity.NOTE


def test_the_source_with_most_is_named() -> None:
    """One finding per source and training."""
    curves = (
        series(points=9, duplicates=9),
        series(points=9, overwritten=27, key="acc", at=Location("ranks/1")),
        series(points=9, duplicates=9, source="other", at=Location("other")),
        series(points=9, duplicates=9, step_id="2"),
    )
    found = hits(NAME, series=curves)
    assert [hit.at.path for hit in found] == ["ranks/1", "other", "log"]


def test_a_few_series_that_repeat() -> None:
    """TensorBoard logs of Lightning tell the epoch with every row."""
    curves = (
        series(points=9),
        series(key="acc", points=9),
        series(key="epoch", points=9, duplicates=12),
    )
    assert hits(NAME, series=curves) == []


def test_points_without_a_step() -> None:
    """MLflow puts what is logged without a step at step 0: that is no log of two processes."""
    assert hits(NAME, series=(series(points=1, overwritten=99),)) == []


def test_what_has_no_steps() -> None:
    """Of epochs, of texts and of steps that an attempt did again nothing is said."""
    curves = (
        series(points=9, overwritten=9, axis="epoch"),
        series(points=9, overwritten=9, type="text"),
        series(points=9, superseded=9, source="c"),
    )
    assert hits(NAME, series=curves) == []


def test_long_names_are_bounded() -> None:
    """Names come from the log."""
    curves = tuple(series(key=f"{n}" * 500, points=9, overwritten=9) for n in range(9))
    (message,) = told(hits(NAME, series=curves))
    assert message.endswith("… and 4 more")
    assert len(message) < 500


def test_a_log_of_two_ranks(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Every row is written again by another process, which measured its own speed."""

    def doubled(text: str) -> str:
        rows = text.splitlines(keepends=True)
        return "".join(row + row.replace("0.25,", "0.75,") for row in rows)

    case = "rules/steps_written_twice/quiet-one-rank"
    copies = changed(case, tmp_path, "logging.jsonl", doubled)
    assert mutated(audited, new_findings, copies) == [("RA509", "logging.jsonl", "")]
