"""Commit, host and working directory of each start."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_provenance"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)
