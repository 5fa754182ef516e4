"""The Trainer's final figures: flat, timed, and not mistaken for others' metrics."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("hf_results", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "hf_results")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "hf_results")


def test_integer_beyond_doubles_is_a_problem(read_one):
    """A runtime of four hundred digits is no number of seconds."""
    found = read_one("train_results.json", '{"train_runtime": 1' + "0" * 400 + "}")
    assert found.claims == {}
    assert found.codes == ["unexpected-type"]


def test_evaluation_alone_is_no_end_of_training(read_one):
    """`eval_runtime` says nothing about training."""
    found = read_one("eval_results.json", {"eval_loss": 1.5, "eval_runtime": 3})
    assert found.kinds == []
    assert found.reading.steps[0].metrics == {"eval_loss": 1.5, "eval_runtime": 3}


def test_nan_is_a_figure(read_one):
    """A diverged run ended, too."""
    found = read_one("all_results.json", '{"train_runtime": 3.5, "train_loss": NaN}')
    assert found.kinds == ["end-marker"]
    assert math.isnan(found.reading.steps[0].metrics["train_loss"])


def test_damaged_metrics_json_is_left_to_others(read):
    """Under a common name a torn file may be anybody's; under its own it is the Trainer's."""
    found = read({"metrics.json": '{"train_runtime": 3', "train_results.json": '{"train_ru'})
    assert {path: item.match for path, item in found.items()} == {
        "metrics.json": "no",
        "train_results.json": "damaged",
    }
