"""Settings of the monitor, and the sentinel that stops it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_monitor", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_monitor")


def test_setting_of_another_type(read_one):
    """It is told, and not kept."""
    found = read_one("logs/monitor.json", {"poll_sec": "soon", "max_submit": 3})
    assert found.codes == ["unexpected-type"]
    assert found.reading.extras == {"max_submit": 3}
