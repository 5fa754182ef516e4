"""`.env` files: quotes and comments as their runner reads them, nothing expanded or run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.env_file import UNRESOLVED, parse
from archiver.limits import DEFAULT
from archiver.model.values import Tagged, to_json


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("A=1   # on", "1"),
        ("A=a#b", "a#b"),
        ("A=# only", ""),
        ('A="a # b"', "a # b"),
        ("A='a'  # c", "a"),
        ('A="x=1 y=2"', "x=1 y=2"),
        ("A=b=c", "b=c"),
        ("export A=1", "1"),
        ("  A = 1", None),
        (r'A="a\n\"', "a\\n\\"),
        ('A="it\'s"', "it's"),
        ("A=${B}/c", "${B}/c"),
        ("A=$B", "$B"),
        ('A="a\nb"', "a\nb"),
        ('A="a"b"', 'a"b'),
    ],
)
def test_value(line, value):
    """Each form of an assignment."""
    assert parse(line.encode() + b"\n").values.get("A") == value


@pytest.mark.parametrize("text", ["$(date)", "`date`", "${X:-y}", "${X%y}"])
def test_what_a_shell_would_evaluate(text):
    """It is kept unresolved and told."""
    found = parse(f'A="{text}"\n'.encode())
    assert found.values == {"A": Tagged(UNRESOLVED, text)}
    assert found.flaws.counts == {"dynamic": 1}


def test_single_quotes_keep_a_shell_away():
    """A shell takes what stands in them as it is."""
    assert parse(b"A='$(date)'\n").values == {"A": "$(date)"}


def test_comments_blanks_and_strangers():
    """Lines that are no assignment are told, the others read."""
    found = parse(b"# c\n\nA=1\r\nset -e\nA=2\n")
    assert (found.values, found.lines) == ({"A": "2"}, {"A": 5})
    assert found.flaws.counts == {"not-an-assignment": 1, "duplicate-name": 1}
    assert not found.complete


def test_a_quote_without_an_end():
    """Only its own line is taken."""
    found = parse(b'A="x\nB=1\n')
    assert found.values == {"A": '"x', "B": "1"}
    assert found.flaws.counts == {"unterminated-quote": 1}


def test_size_is_bounded():
    """A file larger than the limit is not read."""
    assert parse(b"A=1\n" * 10, replace(DEFAULT, python_bytes=20)).values == {}


@given(st.binary(max_size=300))
def test_any_bytes(data):
    """Nothing raises, and what comes out is JSON."""
    to_json(parse(data).values)


@given(st.text(alphabet="AB=1'\"\\#\n $(){}`export", max_size=120))
def test_anything_like_assignments(source):
    """Nothing raises on text that looks like assignments."""
    to_json(parse(source.encode()).values)
