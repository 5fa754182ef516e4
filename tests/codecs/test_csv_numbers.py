"""Cells of a table as numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.csv_numbers import number, numbers


def test_numbers_of_a_column():
    """Blank cells are absent, texts are counted, nan and inf are numbers."""
    found = numbers(["1", "", "nan", "-inf", "x", " ", "1e-05", "1_000"])
    assert list(found.places) == [0, 2, 3, 6]
    assert found.values[0] == 1.0
    assert math.isnan(found.values[1])
    assert list(found.values[2:]) == [-math.inf, 1e-05]
    assert found.non_numeric == 2
    assert numbers(["", ""]).places == ()
    assert list(numbers(["1", "2.5"]).values) == [1.0, 2.5]


@given(st.floats(), st.sampled_from([str, repr, "{:e}".format]))
def test_any_number_is_read(value, spell):
    """However Python spells it."""
    found = number(spell(value))
    assert found is not None
    assert math.isclose(found, value, rel_tol=1e-5) or math.isnan(value)


@pytest.mark.parametrize("cell", ["", "-", "0x10", "1,5", "true", "١", "1_0", "1 2", "infinit"])
def test_what_is_no_number(cell):
    """Whatever float() would say."""
    assert number(cell) is None


@pytest.mark.parametrize("cell", ["7" * 1_000_000 + "x", "7" * 500_000 + "." + "7" * 500_000 + "e"])
def test_long_digits_are_looked_at_once(cell):
    """A cell of a mebibyte of digits is no number at the first character that fits no more."""
    assert number(cell) is None
