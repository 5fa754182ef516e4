"""Figures of the jobs: of this run, of its training, and of no other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "exploration/compute_utilization.json"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_compute", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "run_experiment_compute")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_compute")


def test_evaluations_are_no_training(read_one):
    """Their time and their GPU are not the run's."""
    job = {"run_name": "r8", "job_type": "eval", "wall_time": "0:01:00", "gpu_util_mean": 5.0}
    found = read_one(NAME, {"experiment_name": "caps", "jobs": [job]}, "r8")
    assert found.claims == {}
    assert found.reading.extras == {"jobs": [job]}


def test_several_runs_and_none_at_hand(read_one):
    """Nobody's figures are taken for those of the directory."""
    jobs = [
        {"run_name": name, "job_type": "finetune", "wall_time": "0:01:00"} for name in ("r8", "r16")
    ]
    found = read_one(NAME, {"jobs": jobs})
    assert found.claims == {}
    assert found.reading.accounting.reasons == {"other-runs": 2}


def test_wall_time_that_is_none(read_one):
    """A text that is no time is not guessed at."""
    job = {"run_name": "r8", "job_type": "finetune", "wall_time": "a while"}
    assert read_one(NAME, {"jobs": [job]}, "r8").claims == {}
