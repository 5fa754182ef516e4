"""Reports: listed and kept, never believed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_report", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_report")


def test_status_in_a_report_is_nobody_s_word(read):
    """An agent's table says complete; that is no sign of how a run ended."""
    text = "# Experiment Summary\n\n**Status:** 3/3 complete\n"
    found = read({"summary.md": text}, "r8")["summary.md"]
    assert (found.kinds, found.claims) == ([], {})
