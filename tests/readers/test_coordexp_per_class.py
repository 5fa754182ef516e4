"""CoordExp's table of classes: unquoted names, no final line end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_per_class", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_per_class")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_last_line_may_lack_its_end(read_one, end):
    """The producer writes no final line end; no line is lost."""
    found = read_one("per_class.csv", f"category,AP\na,0.5\nb,0.25{end}")
    assert found.reading.extras == {"AP": {"a": 0.5, "b": 0.25}}


def test_undefined_precision_is_no_value(read_one):
    """-1.0 means that no object of the class was there."""
    found = read_one("per_class.csv", "category,AP\na,-1.0\nb,nan")
    assert found.reading.extras["AP"]["a"] is None
    assert math.isnan(found.reading.extras["AP"]["b"])


def test_line_without_a_number_is_located(read_one):
    """The good lines around it are kept."""
    found = read_one("per_class.csv", "category,AP\na,0.5\nnothing\nb,0.25")
    assert [str(problem.at) for problem in found.reading.problems] == ["per_class.csv#L3"]
    assert found.reading.accounting.read == 2
