"""The submitters' state files: the last job of each script, earlier ones by their traces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

STATE = "logs/run-torchtune.state.json"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_state", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "run_experiment_state")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_state")


def test_rejected_submission(read_one):
    """No job, an error of several lines: an attempt that failed."""
    entry = {
        "job_id": None,
        "state": "SUBMIT_FAILED",
        "error": "sbatch: error: A\nsbatch: error: B",
    }
    found = read_one(STATE, {"r8/finetune.slurm": entry}, "r8")
    assert [(mark.id, mark.status_word) for mark in found.marks] == [(None, "SUBMIT_FAILED")]
    assert found.kinds == ["failure"]
    assert found.reading.steps[0].error == "sbatch: error: A\nsbatch: error: B"


@pytest.mark.parametrize(
    ("key", "step_id"),
    [
        ("r8/finetune.slurm", ""),
        ("r8/eval/caps_epoch0/cell.slurm", "eval:caps_epoch0"),
        ("r8/eval/caps_epoch0.slurm", "eval:caps_epoch0"),
        ("r8/eval/caps/cell.slurm", "eval:caps"),
    ],
)
def test_scripts_name_their_step(read_one, key, step_id):
    """The path of the script, in either layout."""
    found = read_one(STATE, {key: {"job_id": "1", "state": "RUNNING"}}, "r8")
    assert [trail.step_id for trail in found.reading.attempts] == [step_id]


def test_exhausted_retries_are_a_failure_of_memory(read_one):
    """Every retry was one, and so is the last job."""
    entry = {
        "job_id": "3",
        "state": "FAILED",
        "oom_exhausted_logged": True,
        "retry_history": [{"batch_size": 4}, {"batch_size": 2}],
    }
    found = read_one(STATE, {"r8/finetune.slurm": entry}, "r8")
    assert found.kinds == ["failure"] * 3
    assert [mark.params_changed for mark in found.marks] == [
        (),
        (("batch_size", 4),),
        (("batch_size", 2),),
    ]


def test_state_of_no_run_at_all(read_one):
    """An empty state file is the toolkit's, and says nothing."""
    found = read_one(STATE, {}, "r8")
    assert (found.match, found.marks, found.codes) == ("yes", (), [])


def test_entries_of_other_types_are_counted(read_one):
    """A list where an entry should be is dropped; the others are used."""
    entries = {"r8/finetune.slurm": {"job_id": "1", "state": "COMPLETED"}, "r16/finetune.slurm": []}
    found = read_one(STATE, entries, "r8")
    assert found.kinds == ["end-marker"]
    assert found.reading.accounting.reasons == {"no-entry": 1}
