"""CoordExp's detection scores: -1.0 is undefined, scores are no curve."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_eval_metrics", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_eval_metrics")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_eval_metrics")


def test_minus_one_is_no_score(read_one):
    """-1.0 means undefined; -0.5 and 0 are values."""
    scores = {"AP": -1.0, "APs": -1, "delta": -0.5, "AR": 0.0}
    found = read_one("metrics.json", {"metrics": scores, "counters": {}})
    step = found.reading.steps[0]
    assert step.eval.results == {"AP": None, "APs": None, "delta": -0.5, "AR": 0.0}
    assert step.warnings == ("written as -1.0, which means undefined: AP, APs",)


def test_metrics_that_are_no_object_are_a_problem(read_one):
    """A list of scores has no names."""
    found = read_one("metrics.json", {"metrics": [0.5], "counters": None})
    assert found.codes == ["unexpected-type"]
    assert found.reading.steps[0].eval.results == {}
