"""The design's log in its NDJSON form."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.limits import Limits

NAME = "design-experiment.jsonl"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_design_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "run_experiment_design_log")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_design_log")


def test_entry_without_a_time(read_one):
    """It happened, nobody knows when."""
    rows = '{"timestamp": "soon", "action": "A", "result": 3}\n'
    (event,) = read_one(NAME, rows).reading.events
    assert (event.time, event.clock, event.kind, event.detail) == (None, None, "a", "")


def test_timeline_has_a_limit(bench, tmp_path):
    """Entries over the limit are counted."""
    bench.write(tmp_path, {NAME: '{"timestamp": "2025-12-01T10:00:00Z", "action": "A"}\n' * 5})
    found = bench.read("run_experiment_design_log", tmp_path, limits=Limits(events=2))[NAME]
    assert len(found.reading.events) == 2
    assert found.codes == ["events-limit"]
    assert (found.reading.accounting.read, found.reading.accounting.dropped) == (2, 3)
