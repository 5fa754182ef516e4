"""Times that contradict the order of things."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.model.claims import Location, Problem
from archiver.model.record import Attempt, Event
from tests.rules.timelines import (
    AT,
    Audit,
    Compare,
    changed,
    field,
    hits,
    json_with,
    mutated,
    points,
    series,
    step,
    told,
)

NAME = "times-out-of-order"
OTHER = Location("other")


def run(start, end, at=OTHER):
    """Fields of a run from start to end."""
    return {"summary.started_at": field(start), "summary.finished_at": field(end, at)}


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        (run("2026-01-01T00:00:10Z", "2026-01-01T00:00:00Z"), 1),
        (run("2026-01-01T00:00:10Z", "2026-01-01T01:00:00+02:00"), 1),
        (run("2026-01-01T00:00:04Z", "2026-01-01T00:00:00Z"), 0),
        (run("2026-01-01T00:00:10", "2026-01-01T00:00:00"), 0),
        (run("2026-01-01T00:00:10", "2026-01-01T00:00:00", AT), 1),
        (run("2026-01-01T00:00:10", "2026-01-01T00:00:00Z", AT), 0),
        (run("yesterday", "2026-01-01T00:00:00Z"), 0),
        (run(7, ["2026-01-01T00:00:00Z"]), 0),
    ],
)
def test_an_end_before_its_start(fields, count):
    """On one time line, beyond the slack; local stamps of one artifact alone."""
    assert len(hits(NAME, fields=fields)) == count


def attempts(*spans):
    """A training's attempts."""
    made = (
        Attempt(n, str(n), "x", started_at=a, finished_at=b) for n, (a, b) in enumerate(spans, 1)
    )
    return (step(attempts=tuple(made)),)


def test_attempts():
    """Each began after the one before it began and was over."""
    day = "2026-01-01T{}+00:00".format
    one = (day("10:00:00"), day("11:00:00"))
    assert hits(NAME, steps=attempts(one, (day("11:00:00"), day("12:00:00")))) == []
    assert told(hits(NAME, steps=attempts(one, (day("10:30:00"), None)))) == [
        "attempt 2 of step 1 began 30 min before the last sign of life of attempt 1"
    ]
    assert told(hits(NAME, steps=attempts(one, (day("09:00:00"), day("08:00:00"))))) == [
        "attempt 2 of step 1 ended 60 min before it began",
        "attempt 2 of step 1 began 60 min before attempt 1",
    ]
    local = ("2026-01-01T10:00:00", "2026-01-01T11:00:00")
    assert hits(NAME, steps=attempts(local, (local[0], local[1]))) == []
    assert hits(NAME, steps=attempts(one, local, (None, None))) == []


def event(line, time, clock="zoned", path="log"):
    """One entry of a log."""
    return Event(at=Location(path, line), time=time, clock=clock, kind="x", subject="y")


def test_lines_of_a_log():
    """By line, whatever their order in the timeline; each log by itself."""
    day = "2026-01-01T{}+00:00".format
    found = hits(
        NAME,
        events=(
            event("L10", day("10:00:00")),
            event("L2", day("12:00:00")),
            event("L12", day("09:00:00")),
            event("L1", day("08:00:00"), path="other"),
            event("/start", day("01:00:00")),
            event("L3", day("01:00:00"), "mtime"),
            event("L4", None),
        ),
    )
    (hit,) = found
    assert hit.message == "stamps go back 2 times, first by 2.0 h at L10"
    assert (hit.at.place, hit.related[0].at.place, hit.severity) == ("L10", "L2", None)


def test_local_logs_are_a_note():
    """An hour comes twice in autumn. What a reader said of the log is not said again."""
    events = (
        event("L1", "2026-10-25T02:59:00", "naive"),
        event("L2", "2026-10-25T02:01:00", "naive"),
        event("L3", "2026-10-25T03:00:00+00:00"),
    )
    (hit,) = hits(NAME, events=events)
    assert (hit.message, hit.severity) == ("stamps go back by 58 min at L2", "note")
    met = Problem("clock-went-back", "the clock of the stamps went back", Location("log", "L2"))
    assert told(hits(NAME, events=events, problems=(met,))) == [met.message]


def test_points_of_a_curve():
    """In the order of the steps; what was overwritten or has no time is left out."""
    timed = series(first_time="2026-01-01T00:00:00+00:00", points=4)
    back = points([1, 2, 3, 4], times=[10, 30, 20, 40])
    assert told(hits(NAME, series=(timed,), table=back)) == [
        "the times of loss go back by 10 s between steps 2 and 3"
    ]
    for table in (
        None,
        points([1, 2, 3, 4], times=[10, 30, 26, 40]),
        points([1, 2, 3, 4], times=[10, 30, 20, 40], kept=[1, 0, 1, 1]),
        points([1, 2, 3, 4], times=[10, 30, float("nan"), 40]),
        points([1, 2, 3, 4], steps=[1, 2, None, 4], times=[10, 30, 20, 40]),
        points([1, 2, 3, 4], steps=[1, 3, 2, 4], times=[10, 30, 20, 40]),
        points([1, 2, 3, 4], steps=[1, 2, 2, 4], times=[10, 30, 20, 40]),
    ):
        assert hits(NAME, series=(timed,), table=table) == []


def test_one_curve_of_a_source_stands_for_all():
    """The points of a row share its time: one fault is one finding."""
    timed = series(first_time="2026-01-01T00:00:00+00:00", points=4)
    shorter = series(key="acc", first_time="2026-01-01T00:00:00+00:00", points=3)
    back = points([1, 2], times=[30, 10])
    (hit,) = hits(NAME, series=(shorter, timed), table=back)
    assert hit.message.startswith("the times of loss")


def test_an_end_that_was_moved(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A run that ended before it began is found for that alone."""
    change = json_with(completed_at="2026-11-20T03:19:00.000000Z")
    case = "rules/times_out_of_order/quiet-completed"
    copies = changed(case, tmp_path, "experiment.json", change)
    assert mutated(audited, new_findings, copies) == [("RA403", "experiment.json", "/completed_at")]
