"""Runs that are marked as running and are not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from archiver.model.record import Attempt, Event, FileEntry
from tests.rules.timelines import (
    AT,
    NOW,
    Audit,
    Compare,
    changed,
    field,
    hits,
    json_with,
    mutated,
    series,
    status,
    step,
    told,
)

NAME = "stale-running"
RUNNING = status("running")


@pytest.mark.parametrize(
    ("last", "count"),
    [
        ("2026-01-08T23:59:00+00:00", 1),
        ("2026-01-09T00:01:00+00:00", 0),
        ("2026-01-09T01:30:00+02:00", 1),
        # Later than now: a clock that is wrong, but no silence.
        ("2027-01-09T00:00:00+00:00", 0),
    ],
)
def test_silence_is_counted_from_the_last_sign_of_life(last, count):
    """Now is ten days into the year; a day of silence is allowed."""
    assert len(hits(NAME, fields=RUNNING, series=(series(last_time=last),))) == count


def test_every_kind_of_sign_counts():
    """An event, a start, a point; the latest of them."""
    early, late = "2026-01-01T00:00:00+00:00", "2026-01-09T12:00:00+00:00"
    started = {**RUNNING, "summary.started_at": field(early)}
    assert len(hits(NAME, fields=started)) == 1
    event = Event(at=AT, time=late, clock="zoned", kind="log", subject="x")
    assert hits(NAME, fields=started, events=(event,)) == []
    attempt = step(attempts=(Attempt(1, "1", "running", started_at=late),))
    assert hits(NAME, fields=started, steps=(attempt,)) == []


def test_local_stamps_do_not_count():
    """Nobody knows when they were; where nothing else is there, the newest file tells."""
    local = {**RUNNING, "summary.started_at": field("2026-01-09T23:00:00")}
    assert hits(NAME, fields=local) == []
    old, new = "2026-01-02T00:00:00+00:00", "2026-01-07T00:00:00+00:00"
    files = [FileEntry("run", str(n), "file", mtime=time) for n, time in enumerate((new, old))]
    (hit,) = hits(NAME, fields=local, files=files)
    assert hit.message == (
        "it is marked as running, but the newest file is of 2026-01-07, 3 days ago"
    )


def test_other_states_and_a_missing_clock():
    """A run that ended is not silent; without the present time nothing is judged."""
    last = (series(last_time="2020-01-01T00:00:00+00:00"),)
    assert hits(NAME, fields=status("success"), series=last) == []
    assert hits(NAME, fields=RUNNING, series=last, now=None) == []
    assert hits(NAME, series=last) == []


def test_a_step_of_a_run_that_ended():
    """An evaluation that nobody saw end, by its own last sign."""
    old = "2026-01-02T00:00:00+00:00"
    attempt = Attempt(1, "1", "running", started_at=old)
    evaluation = step(
        step_id="eval:a", name="eval", status="unknown", status_word="running", attempts=(attempt,)
    )
    last = (series(last_time="2026-01-09T23:00:00+00:00"),)
    found = hits(NAME, fields=status("success"), series=last, steps=(evaluation, step()))
    assert told(found) == [
        f"step eval:a is marked as running, but the last sign of life is {old}, 8 days ago"
    ]


def test_the_threshold():
    """Hours of silence that the policy allows."""
    last = (series(last_time=(NOW - dt.timedelta(hours=30)).isoformat()),)
    assert len(hits(NAME, fields=RUNNING, series=last)) == 1
    assert hits(NAME, fields=RUNNING, series=last, thresholds={"max_silence_hours": 48}) == []


def test_a_word_that_was_never_followed(
    tmp_path: Path, audited: Audit, new_findings: Compare
) -> None:
    """A finished run set back to work is found for that alone."""
    change = json_with(status="training", completed_at=None)
    copies = changed("rules/stale_running/quiet-completed", tmp_path, "experiment.json", change)
    assert mutated(audited, new_findings, copies) == [("RA402", "experiment.json", "/status")]
