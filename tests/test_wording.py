"""How messages show values and lists."""

from __future__ import annotations

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, Report, RunFindings, Severity, Suppressed
from archiver.model.values import Tagged, Value
from archiver.wording import counted, cut, listed, shown, verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (1e-05, "1e-05"), ("é", '"é"'), (float("nan"), "NaN"),
        ([1, 2], "a list of 2"), ({}, "{}"), ({"a": 1, "b": 2}, "an object of a, b"),
        (10**1000, "an integer of 3322 bits"),
        (Tagged("unresolved", "${x}"), '"${x}"'),
    ],
)  # fmt: skip
def test_shown(value: Value, text: str) -> None:
    """A value is shown as JSON; what is large by what it is."""
    assert shown(value) == text


def test_shown_is_bounded() -> None:
    """However long a value is, its text is not."""
    hostile: tuple[Value, ...] = ("x" * 10**6, {"k" * 10**6: 1}, {str(n): n for n in range(10**5)})
    assert all(len(shown(value)) <= 60 for value in hostile)


def test_cut() -> None:
    """A text that is cut says so."""
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"


def test_listed() -> None:
    """The first items, and how many more there are."""
    assert listed([]) == ""
    assert listed(["a", "b"]) == "a, b"
    assert listed(map(str, range(8)), 3) == "0, 1, 2 and 5 more"


def test_listed_of_a_total() -> None:
    """What is not shown is not made: only its number is known."""
    made = (str(10 // (3 - n)) for n in range(9))
    assert listed(made, 3, total=9) == "3, 5, 10 and 6 more"
    assert listed(iter("ab"), 3, total=2) == "a, b"


def test_counted() -> None:
    """A number with its noun."""
    assert counted(1, "file") == "1 file"
    assert counted(2, "file") == "2 files"
    assert counted(2, "entry", "entries") == "2 entries"


def test_verdict() -> None:
    """What was found, on what that stands, and what does not count; ones are told as ones."""
    assert verdict(Report(runs=(), rules=0)) == (
        "0 errors, 0 warnings, 0 notes in 0 runs, 0 artifacts, 0 rules"
    )
    found = Finding(rule="RA1", name="x", severity=Severity.ERROR, message="m", at=Location(""))
    run = RunFindings(
        path="a",
        run_id="a",
        findings=(found,),
        suppressed=(Suppressed(found, "why"),),
        known=(found, found),
        rules_not_run={"RA2": "needs"},
        artifacts=1,
    )
    assert verdict(Report(runs=(run,), rules=1)) == (
        "1 error, 0 warnings, 0 notes in 1 run, 1 artifact, 1 rule; 1 suppressed;"
        " 2 in the baseline; 1 rule could not run everywhere"
    )
