"""The record of the second plan."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_experiment_g2", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_experiment_g2")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_experiment_g2")
