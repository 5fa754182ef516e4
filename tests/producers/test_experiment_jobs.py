"""Jobs: their names, their states, their attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.producers.experiment_jobs import (
    MOST_JOBS,
    Job,
    JobName,
    Jobs,
    cell_of_directory,
    is_state,
    job_name,
    plain_state,
    seconds_of,
)


@pytest.mark.parametrize(
    ("subject", "cell"),
    [
        ("r8", ""),
        ("r8/finetune.slurm", ""),
        ("r8 (retry)", ""),
        ("r8/caps/epoch0", "caps_epoch0"),
        ("r8/caps/epoch_0", "caps_epoch0"),
        ("r8/caps", "caps"),
        ("r8/caps_epoch0", "caps_epoch0"),
        ("r8/eval/caps_epoch0/cell.slurm", "caps_epoch0"),
        ("r8/eval/caps_epoch0.slurm", "caps_epoch0"),
        ("r8/eval/caps_epoch_epoch1/cell.slurm", "caps_epoch_epoch1"),
        ("r8/caps_epoch/epoch1", "caps_epoch_epoch1"),
    ],
)
def test_names_of_jobs(subject: str, cell: str) -> None:
    """All spellings of one job give one name; a task's own name may hold `_epoch`."""
    assert job_name(subject, "r8") == JobName("r8", cell)


@pytest.mark.parametrize("subject", ["r88", "r", "other/r8", "", "r8_long/finetune.slurm"])
def test_jobs_of_other_runs(subject: str) -> None:
    """A name that begins alike is another's."""
    assert job_name(subject, "r8") is None


def test_run_is_read_off_the_name() -> None:
    """Without a run at hand, the first part names it."""
    assert job_name("r8/caps/epoch0") == JobName("r8", "caps_epoch0")
    assert job_name("/caps") is None


@pytest.mark.parametrize(
    ("directory", "cell"),
    [
        ("eval/caps_epoch0", "caps_epoch0"),
        ("exp/r8/eval/caps_epoch0/logs", "caps_epoch0"),
        ("eval", ""),
        ("eval/logs", ""),
        ("", ""),
        ("evals/caps", ""),
    ],
)
def test_cell_of_a_directory(directory: str, cell: str) -> None:
    """The directory below `eval`, unless it is the logs of the old layout."""
    assert cell_of_directory(directory) == cell


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:10:11", 611),
        ("1:02:03", 3723),
        ("12:34", 754),
        ("1-02:03:04", 93784),
        ("1h 02m 03s", 3723),
        ("28m 22s", 1702),
        ("45 minutes", 2700),
        ("1h2m3s", 3723),
        ("2 hours and 5 minutes", 7500),
        ("1 day, 2 hours", 93600),
        ("90s", 90),
        ("UNLIMITED", None),
        ("", None),
        ("5", None),
        ("9" * 100, None),
        ("1h x", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    """The scheduler's clocks and people's words."""
    assert seconds_of(text) == seconds


@given(st.text(alphabet="0123456789:-hms, dand"))
def test_any_duration_is_read(text: str) -> None:
    """Nothing raises."""
    seconds_of(text)


def test_states() -> None:
    """What `sacct` adds to a state is no part of it."""
    assert plain_state("CANCELLED by 418203") == plain_state("CANCELLED+") == "CANCELLED"
    assert is_state("CANCELLED by 1")
    assert is_state("SUBMIT_FAILED")
    assert not is_state("COMPL")
    assert not is_state("?")


def test_state_of_a_job_that_was_never_submitted() -> None:
    """The log begins in the middle: the job is met at its first state."""
    jobs = Jobs()
    jobs.change("", "7", "RUNNING", "L3")
    assert [(job.id, job.place) for job in jobs.by_step[""]] == [("7", "L3")]
    assert jobs.step_of("7") == ""


def test_state_without_an_id_is_the_latest_job_s() -> None:
    """A rejected submission after it has no state."""
    jobs = Jobs()
    jobs.submit("", Job("L1", "7"))
    jobs.submit("", Job("L2", state="SUBMIT_FAILED"))
    jobs.change("", None, "COMPLETED", "L3")
    assert [job.state for job in jobs.by_step[""]] == ["COMPLETED", "SUBMIT_FAILED"]


@pytest.mark.parametrize(
    ("states", "attempts"),
    [
        (("PENDING", "RUNNING", "COMPLETED"), 1),
        (("PENDING", "CONFIGURING", "RUNNING"), 1),
        (("RUNNING", "PENDING", "RUNNING"), 2),
        (("RUNNING", "NODE_FAIL", "PENDING"), 2),
        (("RUNNING", "PREEMPTED", "RUNNING"), 2),
        (("RUNNING", "COMPLETING", "COMPLETED"), 1),
    ],
)
def test_going_back_to_the_queue_is_a_new_start(states: tuple[str, ...], attempts: int) -> None:
    """Work that was under way or over begins again."""
    jobs = Jobs()
    for number, state in enumerate(states):
        jobs.change("", "7", state, f"L{number + 1}")
    assert len(jobs.by_step[""]) == attempts


def test_number_of_jobs_has_a_limit() -> None:
    """What is over it is counted, and the jobs that were entered go on."""
    jobs = Jobs()
    for number in range(MOST_JOBS + 3):
        jobs.submit("", Job(f"L{number + 1}", str(number)))
    jobs.change("", "0", "COMPLETED", "L9")
    assert len(jobs.by_step[""]) == MOST_JOBS
    assert jobs.left_out == 3
    assert jobs.by_step[""][0].state == "COMPLETED"
