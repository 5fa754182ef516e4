"""CoordExp's inference summary: samples done, errors counted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_infer_summary", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_infer_summary")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_infer_summary")


def test_counters_stand_in_for_missing_error_codes(read_one):
    """Both keys hold the same counts; one is enough."""
    document = {"mode": "coord", "errors_total": 2, "total_read": 3, "counters": {"empty": 2}}
    found = read_one("infer_summary.json", document)
    step = found.reading.steps[0]
    assert step.metrics == {"empty": 2}
    assert step.eval.samples == {"total": 3}


def test_count_of_another_type_is_a_problem(read_one):
    """A text is no count."""
    document = {"mode": "coord", "errors_total": "two", "total_read": 3}
    found = read_one("summary.json", document)
    assert found.codes == ["unexpected-type"]
    assert found.reading.steps[0].warnings == ()
