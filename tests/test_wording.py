"""How messages show values and lists."""

from __future__ import annotations

import pytest

from archiver.model.values import Tagged, Value
from archiver.wording import counted, cut, listed, shown


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


def test_counted() -> None:
    """A number with its noun."""
    assert counted(1, "file") == "1 file"
    assert counted(2, "file") == "2 files"
    assert counted(2, "entry", "entries") == "2 entries"
