"""When things happened, as a record tells it."""

import pytest

from archiver import stamps
from archiver.model.claims import Location, Origin
from archiver.model.record import (
    Attempt,
    Coverage,
    Event,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Step,
)

AT = Location("log", "L1")


def record(**parts):
    """A record of these parts."""
    identity = RunIdentity("r", "e", (), {}, "d", "0" * 64)
    return RunRecord(run=identity, coverage=Coverage(0, 0, 0, 0, 0, 0, {}), **parts)


def day(number, zone="+00:00"):
    """Noon of a day in January."""
    return f"2026-01-{number:02}T12:00:00{zone}"


@pytest.mark.parametrize("value", [None, 3, True, ["2026-01-01"], "soon", "", "2026-13-01"])
def test_what_is_no_stamp(value):
    """Records hold whatever files hold."""
    assert stamps.of(value, AT) is None


def test_fields():
    """With the place that states them; absent ones are None."""
    known = record(fields={"summary.started_at": Resolved(day(2), Origin.RECORDED, AT, "r")})
    found = stamps.of_field(known, "summary.started_at")
    assert (found.text, found.at, found.instant.absolute) == (day(2), AT, True)
    assert stamps.of_field(known, "summary.finished_at") is None


def test_the_last_sign_of_life():
    """Of fields, events, points and attempts; not of file times, nor of local clocks."""
    event = Event(at=AT, time=day(3), clock="zoned", kind="x", subject="y")
    copied = Event(at=AT, time=day(30), clock="mtime", kind="x", subject="y")
    assert stamps.last(record(events=(event, copied))).text == day(3)
    points = Series(at=AT, key="loss", source="log", last_time=day(4))
    assert stamps.last(record(events=(event,), series=(points,))).text == day(4)
    attempt = Attempt(1, "1", "x", started_at=day(5), finished_at=day(29, ""))
    step = Step(at=AT, step_id="1", name="train", attempts=(attempt,))
    assert stamps.last(record(events=(event,), steps=(step,))).text == day(5)
    assert stamps.last(record()) is None


def test_the_first_of_equal_signs_of_life():
    """Whoever tells the last instant first is named; a later one in another zone wins by time."""
    other = Location("other", "L1")
    events = (
        Event(at=AT, time="2026-01-03T12:00:00+00:00", clock="zoned", kind="x", subject="y"),
        Event(at=other, time="2026-01-03T14:00:00+02:00", clock="zoned", kind="x", subject="y"),
    )
    assert stamps.last(record(events=events)).at == AT
    later = Event(at=other, time="2026-01-03T11:30:00-01:00", clock="zoned", kind="x", subject="y")
    hostile = Event(at=AT, time=["2027"], clock="zoned", kind="x", subject="y")
    found = stamps.last(record(events=(*events, later, hostile)))
    assert (found.at, found.text) == (other, later.time)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.25 s"),
        (-31, "31 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2.0 h"),
        (172_799, "48.0 h"),
        (172_800, "2 days"),
        (148_608_000, "1720 days"),
    ],
)
def test_lengths_of_time(seconds, text):
    """In the largest unit that says enough, whichever way they run."""
    assert stamps.span(seconds) == text
