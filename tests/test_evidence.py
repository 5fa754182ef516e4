"""What a status stands on, read from its note."""

import pytest

from archiver.evidence import detail
from archiver.model.claims import Location, Origin
from archiver.model.record import Resolved

FIRST, SECOND = Location("a", "L1"), Location("b", "/status")


def status(note, *places):
    """A derived status with this note."""
    return Resolved("failed", Origin.DERIVED, FIRST, "r", "rule", places, note)


@pytest.mark.parametrize(
    ("note", "first", "second"),
    [
        ("a#L1: exit code 1; b#/status: still training", "exit code 1", "still training"),
        ("b#/status: still; a#L1: one; two", "one; two", "still"),
        ("b#/status: it names a#L1: in its text", "", "it names a#L1: in its text"),
        ("nothing in the run says how it ended", "", ""),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_the_detail_of_a_place(note, first, second):
    """From its place to the next one, with semicolons of its own."""
    known = status(note, FIRST, SECOND)
    assert (detail(known, FIRST), detail(known, SECOND)) == (first, second)


def test_long_notes_are_cut():
    """Nobody shows more; thousands of places cost no more than their number."""
    places = [Location(f"log-{n}") for n in range(20_000)]
    note = "; ".join(f"{place}: {'x' * 100}" for place in places)
    assert detail(status(note, *places), places[0]) == "x" * 100
    assert len(detail(status("a#L1: " + "y" * 10_000), FIRST)) == 1000
