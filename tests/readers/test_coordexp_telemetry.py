"""CoordExp's telemetry: accounted for, not interpreted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_telemetry", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_telemetry")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_telemetry")


def test_same_names_elsewhere_are_not_taken(read):
    """Only the folder makes an `events.jsonl` or a `step_N.json` telemetry."""
    found = read({"logs/events.jsonl": "{}\n", "step_1.json": "{}"})
    assert {item.match for item in found.values()} == {"no"}
    assert {item.opened for item in found.values()} == {()}
