"""CoordExp's environment: texts, one claim each."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_runtime_env", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_runtime_env")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_runtime_env")


def test_values_stay_text(read_one):
    """`0` and `false` were never anything but text."""
    found = read_one("runtime_env.json", {"schema_version": 1, "env": {"RANK": "0", "X": "false"}})
    assert found.claims == {"repro.env.RANK": "0", "repro.env.X": "false"}


def test_place_of_an_odd_name_is_escaped(read_one):
    """A name with a slash or a tilde still has a JSON pointer."""
    found = read_one("runtime_env.json", {"schema_version": 1, "env": {"A/B~C": "x"}})
    assert str(found.reading.claims[0].at) == "runtime_env.json#/env/A~1B~0C"


def test_environment_that_is_no_object_is_a_problem(read_one):
    """A list of assignments is not what the producer writes."""
    found = read_one("runtime_env.json", {"schema_version": 1, "env": ["RANK=0"]})
    assert found.claims == {}
    assert found.codes == ["unexpected-type"]
