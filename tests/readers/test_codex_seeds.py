"""The seeds of three libraries."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_seeds", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_seeds")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_seeds")


def test_null_is_a_seed_that_was_not_set(read_one):
    """NumPy may be absent."""
    found = read_one("seeds.json", {"python": 7, "numpy": None})
    assert found.reading.configs[0].values == {"seeds": {"python": 7, "numpy": None}}
