"""Reports of evaluations: every number, wherever it stands, and no recursion."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("eval_report", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "eval_report")


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "eval_report")


def test_results_are_bounded(read_one):
    """A report may hold a number for every sample; what is left out is told."""
    found = read_one("datapool/reports/all.json", {"scores": list(range(6000))})
    assert found.codes == ["too-many-results"]
    assert len(found.reading.steps[0].eval.results) == 5000


def test_flags_and_texts_are_no_results(read_one):
    """Only numbers and scores that were not made are."""
    found = read_one("datapool/reports/x.json", {"a": True, "b": "0.5", "c": None, "d": 1})
    assert found.reading.steps[0].eval.results == {"c": None, "d": 1}
