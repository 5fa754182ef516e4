"""Logs of nobody's: metrics, and the traceback at the end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("generic_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "generic_log")


def test_a_progress_bar_counts_as_it_was_last_drawn(read_one):
    """Carriage returns redraw a line."""
    found = read_one("a.log", "step 1: loss 4.0\rstep 2: loss 3.0\nstep 3: loss 2.0\n")
    assert found.points("loss") == [[2, 3.0], [3, 2.0]]


def test_its_sign_counts_only_where_no_other_speaks(read_one):
    """A log of nobody's does not overrule a producer."""
    found = read_one("a.err", "Traceback (most recent call last):\n  File\nOSError: full\n")
    assert [sign.fallback for sign in found.reading.evidence] == [True]


def test_long_lines_cost_no_time(read_one):
    """Names and separators without end are looked at for a while only."""
    line = "step 1: " + "a b c d " * 100_000
    found = read_one("a.log", f"step 1: loss 1.0\nstep 2: loss 1.0\n{line}\n")
    assert found.points("loss") == [[1, 1.0], [2, 1.0]]
