"""Evaluated records are counted, and lines end at line feeds alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_eval_records"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)
