"""What one evaluation was given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TEXT = "task_name: caps\nscorers: [{name: match}]\n"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_eval_config", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_eval_config")


@pytest.mark.parametrize(
    ("path", "step_id"),
    [
        ("eval/caps_epoch0/eval.yaml", "eval:caps_epoch0"),
        ("caps/r8/eval/caps/eval_config.yaml", "eval:caps"),
        ("eval/eval/caps/eval.yaml", "eval:caps"),
        ("eval/eval_config.yaml", None),
        ("eval.yaml", None),
    ],
)
def test_step_is_the_directory_below_eval(read_one, path, step_id):
    """In the run as in the experiment; a file for all evaluations belongs to none."""
    found = read_one(path, TEXT)
    assert [config.step_id for config in found.reading.configs] == [step_id]
    assert [step.step_id for step in found.reading.steps] == ([step_id] if step_id else [])


def test_epoch_zero_is_an_epoch(read_one):
    """The first one; null is the base model."""
    (step,) = read_one("eval/caps_epoch0/eval.yaml", TEXT + "epoch: 0\nsplit: null\n").reading.steps
    assert step.inputs["epoch"] == 0
    assert "split" not in step.inputs
