"""Instants and their clocks."""

import pytest

from archiver.model.times import Clock, Instant, from_epoch, parse_iso, seconds_between, utc_micros


@pytest.mark.parametrize(
    ("text", "clock", "iso"),
    [
        ("2026-04-13T00:00:00.123456+00:00", Clock.ZONED, "2026-04-13T00:00:00.123456+00:00"),
        ("2026-04-13T02:00:00+02:00", Clock.ZONED, "2026-04-13T00:00:00+00:00"),
        ("2026-04-13T00:00:00Z", Clock.ZONED, "2026-04-13T00:00:00+00:00"),
        ("2026-04-13 08:00:01", Clock.NAIVE, "2026-04-13T08:00:01"),
    ],
)
def test_iso_texts_keep_their_clock(text, clock, iso):
    """A zone makes a stamp absolute; without one it stays local and is never given a zone."""
    instant = parse_iso(text)
    assert instant is not None
    assert (instant.clock, instant.iso()) == (clock, iso)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "9" * 60, "0001-01-01T00:00:00+23:00x"]
)
def test_other_texts_are_no_times(text):
    """Nothing is guessed."""
    assert parse_iso(text) is None


def test_naive_and_zoned_stamps_are_never_subtracted():
    """The archive does not know which zone the training machine lived in."""
    naive, zoned = parse_iso("2026-01-01T00:00:00"), parse_iso("2026-01-01T00:00:00Z")
    assert naive is not None
    assert zoned is not None
    assert seconds_between(naive, zoned) is None
    assert seconds_between(zoned, Instant(zoned.micros + 1_500_000, Clock.EPOCH)) == 1.5


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("1970-01-02T00:00:01.000002+00:00", 86_401_000_002),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("9999-12-31T23:59:59.999999+00:00", 253_402_300_799_999_999),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (["1970-01-01T00:00:00Z"], None),
    ],
)
def test_utc_micros(value, micros):
    """Exact to the microsecond, and only of what lies on the common time line."""
    assert utc_micros(value) == micros


@pytest.mark.parametrize("seconds", [0, -1, 1e15, float("nan"), float("inf")])
def test_impossible_epoch_seconds_are_no_times(seconds):
    """Event files hold any double."""
    assert from_epoch(seconds) is None
