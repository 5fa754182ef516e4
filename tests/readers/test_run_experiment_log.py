"""The toolkit's logs: whose record it is, what became of each job, and what stands broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.limits import Limits
from archiver.model.claims import Trust

LOG = "logs/run-torchtune.log"
EVALS = "logs/run-inspect.log"
REJECTED = """[2026-06-01 10:00:01] SUBMIT_JOB: r8
Details: sbatch finetune.slurm
Result: failure: sbatch: error: QOSMaxSubmitJobPerUserLimit
Error: You have too many jobs
Job ID: 999

sbatch: error: Batch job submission failed: it's 1 -> 2 too many
[2026-06-01 10:00:06] SUBMIT_JOB: r16
Details: sbatch finetune.slurm
Job ID: 502
Result: success

"""


def record(action, subject="", *body, at="2026-06-01 10:00:00"):
    """One record with its blank line."""
    head = f"[{at}] {action}" + (f": {subject}" if subject else "")
    return "\n".join([head, *body, "", ""])


def changed(new, old="PENDING", job="501", subject="r8/finetune.slurm", at="2026-06-01 10:01:00"):
    """A state change as the submitters write it."""
    return record("STATE_CHANGE", subject, f"Details: job {job}: {old} -> {new}", at=at)


SUBMITTED = record("SUBMIT_JOB", "r8", "Details: sbatch finetune.slurm", "Job ID: 501")


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_log", case)


@settings(max_examples=60)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_log")


def test_rejected_submission_keeps_its_text_and_takes_no_job_of_another(read_one):
    """What sbatch printed looks like keys and values; the next record's job is the next run's."""
    found = read_one(LOG, REJECTED, "r8")
    (mark,) = found.marks
    assert (mark.id, mark.status_word) == (None, "SUBMIT_FAILED")
    assert found.kinds == ["failure"]
    (step,) = found.reading.steps
    assert step.error == (
        "sbatch: error: QOSMaxSubmitJobPerUserLimit\nError: You have too many jobs\n"
        "Job ID: 999\nsbatch: error: Batch job submission failed: it's 1 -> 2 too many"
    )
    (other,) = read_one(LOG, REJECTED, "r16").marks
    assert other.id == "502"


def test_names_of_a_job_are_one_job(read_one):
    """`run/task/epochN` and `run/eval/cell/cell.slurm` are one evaluation."""
    found = read_one(
        EVALS,
        record("SUBMIT_EVAL", "r8/caps/epoch0", "Details: sbatch cell.slurm", "Job ID: 601")
        + changed("RUNNING", job="601", subject="r8/eval/caps_epoch0/cell.slurm")
        + changed("COMPLETED", "RUNNING", "601", "r8/eval/caps_epoch0.slurm"),
        "r8",
    )
    (trail,) = found.reading.attempts
    assert trail.step_id == "eval:caps_epoch0"
    assert [(mark.id, mark.status_word) for mark in trail.marks] == [("601", "COMPLETED")]


def test_names_that_begin_alike_are_told_apart(read_one):
    """Run `r8` is not run `r8_long`."""
    text = record("SUBMIT_JOB", "r8_long", "Job ID: 1") + record("SUBMIT_JOB", "r8", "Job ID: 2")
    assert [mark.id for mark in read_one(LOG, text, "r8").marks] == ["2"]


def test_agent_names_a_bare_run_in_the_log_of_evaluations(read_one):
    """The script, then the job id, tell which evaluation is meant."""
    text = record("SUBMIT_EVAL", "r8", "Details: sbatch caps_epoch1.slurm", "Result: Job ID 7")
    found = read_one(EVALS, text + changed("RUNNING", job="7", subject="r8"), "r8")
    (trail,) = found.reading.attempts
    assert (trail.step_id, trail.marks[0].status_word) == ("eval:caps_epoch1", "RUNNING")


@pytest.mark.parametrize(
    "body",
    [
        ("Details: job 501: RUNNING -> COMPLETED",),
        ("Details: RUNNING \u2192 COMPLETED", "Result: done"),
        ("Previous: RUNNING", "Current: COMPLETED", "Action: Updated run state"),
    ],
)
def test_spellings_of_a_state_change(read_one, body):
    """Submitters and agents of two times spell it in three ways."""
    found = read_one(LOG, SUBMITTED + record("STATE_CHANGE", "r8", *body), "r8")
    assert [mark.status_word for mark in found.marks] == ["COMPLETED"]
    assert found.kinds == ["end-marker"]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("SUBMIT_JOB", ("Job ID: 77", "Result: success")),
        ("SUBMIT_JOB", ("Details: sbatch finetune.slurm", "Result: Job ID 77")),
        (
            "OOM_RETRY",
            ("Details: batch_size 8 -> 4 (attempt 1/3)", "Result: resubmitted as job 77"),
        ),
    ],
)
def test_spellings_of_a_job_id(read_one, action, body):
    """A job id stands in one of three places."""
    assert [mark.id for mark in read_one(LOG, record(action, "r8", *body), "r8").marks] == ["77"]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("COMPLETED", "end-marker"),
        ("FAILED", "failure"),
        ("OUT_OF_MEMORY", "failure"),
        ("TIMEOUT", "interruption"),
        ("CANCELLED by 418203", "interruption"),
        ("CANCELLED+", "interruption"),
        ("NODE_FAIL", "interruption"),
        ("PREEMPTED", "interruption"),
        ("RUNNING", "running-word"),
    ],
)
def test_states_of_a_training(read_one, state, kind):
    """Each of SLURM's words is one rung of the ladder, and is kept as written."""
    found = read_one(LOG, SUBMITTED + changed(state, "?"), "r8")
    assert found.kinds == [kind]
    assert found.marks[0].status_word == state


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("COMPLETED", []),
        ("FAILED", []),
        ("NODE_FAIL", ["interruption"]),
        ("OUT_OF_MEMORY", ["failure"]),
    ],
)
def test_states_of_an_evaluation(read_one, state, kinds):
    """Its script ends with the exit code of something else; a kill by the scheduler is one."""
    text = record("SUBMIT_EVAL", "r8/caps", "Job ID: 601")
    found = read_one(EVALS, text + changed(state, job="601", subject="r8/caps"), "r8")
    assert found.kinds == kinds
    assert found.claims == {}


def test_requeue_is_a_new_attempt_of_the_same_job(read_one):
    """RUNNING back to PENDING: the scheduler starts the job again."""
    found = read_one(
        LOG,
        SUBMITTED
        + changed("RUNNING", at="2026-06-01 10:01:00")
        + changed("PENDING", "RUNNING", at="2026-06-01 10:05:00")
        + changed("RUNNING", at="2026-06-01 10:09:00")
        + changed("COMPLETED", "RUNNING", at="2026-06-01 10:20:00"),
        "r8",
    )
    assert [(mark.id, mark.status_word) for mark in found.marks] == [
        ("501", "RUNNING"),
        ("501", "COMPLETED"),
    ]
    assert found.kinds == ["interruption", "end-marker"]
    assert found.claims["summary.started_at"] == "2026-06-01T10:01:00"


def test_manual_resubmission_is_a_new_attempt(read_one):
    """A second submission under another id, although ALL_COMPLETE stands before it."""
    found = read_one(
        LOG,
        SUBMITTED
        + changed("FAILED")
        + record("ALL_COMPLETE", "", "Details: terminal-state breakdown: FAILED=1")
        + record("SUBMIT_JOB", "r8", "Job ID: 502")
        + changed("RUNNING", job="502"),
        "r8",
    )
    assert [mark.id for mark in found.marks] == ["501", "502"]
    assert found.kinds == ["failure", "running-word"]


def test_record_told_twice_is_one_submission(read_one):
    """An agent may write what the submitter wrote already."""
    assert len(read_one(LOG, SUBMITTED + SUBMITTED, "r8").marks) == 1


def test_retries_until_exhausted(read_one):
    """Every halving is an attempt; the last one failed of memory, too."""
    retry = "Details: batch_size {} -> {} (attempt {}/3); finetune.yaml updated"
    found = read_one(
        LOG,
        SUBMITTED
        + changed("FAILED")
        + record("OOM_RETRY", "r8", retry.format(8, 4, 1), "Result: resubmitted as job 502")
        + changed("OUT_OF_MEMORY", job="502")
        + record("OOM_RETRY", "r8", retry.format(4, 2, 2), "Result: resubmitted as job 503")
        + changed("FAILED", job="503")
        + record("OOM_EXHAUSTED", "r8", 'Details: gave up after [{"batch_size": 4}]'),
        "r8",
    )
    assert [(mark.id, mark.params_changed) for mark in found.marks] == [
        ("501", ()),
        ("502", (("batch_size", 4),)),
        ("503", (("batch_size", 2),)),
    ]
    assert found.kinds == ["failure", "failure", "failure"]
    assert {item.detail for item in found.reading.evidence} == {
        "job 501 ran out of memory",
        "job 502 ran out of memory",
        "job 503 ran out of memory",
    }


def test_refused_retry_is_a_rejection(read_one):
    """The batch was halved and the scheduler did not take the job."""
    text = record("OOM_RETRY_SUBMIT_FAILED", "r8", "Details: batch_size 8 -> 4 (attempt 1/3)")
    found = read_one(LOG, SUBMITTED + changed("FAILED") + text, "r8")
    assert [mark.status_word for mark in found.marks] == ["FAILED", "SUBMIT_FAILED"]
    assert found.marks[1].params_changed == (("batch_size", 4),)


def test_agent_explains_what_slurm_said(read_one):
    """FAILED, for a node that was lost: SLURM's own word counts; host and exit code are kept."""
    found = read_one(
        LOG,
        SUBMITTED
        + record(
            "STATE_CHANGE",
            "r8",
            "Details: RUNNING \u2192 FAILED",
            "Result: SLURM state NODE_FAIL (exit 1:0)",
            "Error: slurmstepd: error: *** JOB 501 ON node-l03g5 CANCELLED AT"
            " 2026-06-01T10:52:40 DUE TO NODE FAILURE ***",
        ),
        "r8",
    )
    (mark,) = found.marks
    assert (mark.status_word, mark.host, mark.exit_code) == ("NODE_FAIL", "node-l03g5", 1)
    assert found.kinds == ["interruption"]


def test_lines_of_python_logging_are_no_records_of_the_toolkit(read_one):
    """The same stamp stands before other programs' lines; they end a record all the same."""
    lines = (
        "[2026-06-01 10:00:02] [cruijff_kit] INFO: Result: failure\n"
        "[2026-06-01 10:00:02] kit.jobs - WARNING: slow\n"
        "[2026-06-01 10:00:02,123] ERROR lost\n"
    )
    found = read_one(LOG, SUBMITTED.rstrip() + "\n" + lines, "r8")
    assert [mark.status_word for mark in found.marks] == [None]
    events = [(event.kind, event.detail) for event in found.reading.events[1:]]
    assert events == [("warning", "slow"), ("error", "lost")]
    assert found.reading.accounting.read == 4


def test_record_inside_a_line(read_one):
    """Two records on one line are two records; a quoted one is text."""
    text = (
        SUBMITTED.rstrip()
        + changed("RUNNING")
        + record(
            "STATUS_CHECK", "", 'Details: saw "[2026-06-01 09:00:00] SUBMIT_JOB: r8" in the log'
        )
    )
    found = read_one(LOG, text, "r8")
    assert [(mark.id, mark.status_word) for mark in found.marks] == [("501", "RUNNING")]
    assert found.codes == ["glued-record"]


def test_interleaved_records_do_not_exchange_jobs(read_one):
    """Where two job ids stand in one record, nobody knows whose they are."""
    text = (
        "[2026-06-01 10:00:01] SUBMIT_JOB: r16\n"
        "[2026-06-01 10:00:01] SUBMIT_JOB: r8\n"
        "Details: sbatch finetune.slurm\nJob ID: 501\nResult: success\n"
        "Details: sbatch finetune.slurm\nJob ID: 502\nResult: success\n"
    )
    found = read_one(LOG, text, "r8")
    assert [mark.id for mark in found.marks] == [None]
    assert found.codes == ["repeated-key"]


@pytest.mark.parametrize("cut", ["Job ID: 5", "Result: Job ID 5"])
def test_job_id_at_a_torn_end_is_not_believed(read_one, cut):
    """It may be the beginning of a longer one."""
    found = read_one(LOG, f"[2026-06-01 10:00:01] SUBMIT_JOB: r8\n{cut}", "r8")
    assert [mark.id for mark in found.marks] == [None]
    assert found.codes == ["torn-line"]


def test_state_cut_short_is_no_state(read_one):
    """`COMPL` is no state of SLURM."""
    found = read_one(LOG, SUBMITTED + changed("RUNNING") + changed("COMPL", "RUNNING")[:-2], "r8")
    assert [mark.status_word for mark in found.marks] == ["RUNNING"]


def test_subject_cut_short_is_no_job(read_one):
    """The last header may name half a job."""
    text = SUBMITTED + "[2026-06-01 10:01:00] STATE_CHANGE: r8/finet"
    found = read_one(LOG, text, "r8")
    assert [trail.step_id for trail in found.reading.attempts] == [""]
    assert found.reading.accounting.corrupt == 1


def test_stamp_that_is_no_time(read_one):
    """Month 13 has no place on the time line; the record counts."""
    found = read_one(LOG, record("SUBMIT_JOB", "r8", "Job ID: 5", at="2026-13-01 10:00:00"), "r8")
    assert [mark.id for mark in found.marks] == ["5"]
    assert found.codes == ["bad-time"]
    assert found.reading.events[0].time is None


def test_repeated_hour_keeps_file_order(read_one):
    """When clocks are set back, stamps go backwards and jobs do not."""
    found = read_one(
        LOG,
        SUBMITTED
        + changed("RUNNING", at="2026-10-25 02:50:00")
        + changed("COMPLETED", "RUNNING", at="2026-10-25 02:10:00"),
        "r8",
    )
    assert found.kinds == ["end-marker"]
    assert found.marks[0].ended.iso() == "2026-10-25T02:10:00"


@pytest.mark.parametrize(
    ("wall", "seconds"),
    [("00:10:11", 611), ("1-02:03:04", 93784), ("UNLIMITED", None), ("", None)],
)
def test_wall_clock_time_of_the_training(read_one, wall, seconds):
    """The scheduler's accounting; a day stands before a hyphen."""
    text = SUBMITTED + record("COMPUTE_METRICS", "r8", "Job ID: 501", f"GPU Time: {wall} / 1:00:00")
    found = read_one(LOG, text, "r8")
    assert found.claims.get("resources.train_time_sec") == seconds
    assert all(claim.trust is Trust.STATED for claim in found.reading.claims)


def test_wall_clock_time_of_an_evaluation_is_no_training_time(read_one):
    """Whether the subject tells, or the job id does."""
    text = record("SUBMIT_EVAL", "r8/caps", "Job ID: 601")
    usage = record("COMPUTE_UTILIZATION", "r8", "Job ID: 601", "GPU Time: 00:01:00 / 00:10:00")
    assert read_one(EVALS, text + usage, "r8").claims == {}


def test_time_of_an_earlier_attempt_is_not_the_run_s(read_one):
    """The accounting of the job that failed is not that of the job that counts."""
    usage = record("COMPUTE_UTILIZATION", "r8", "Job ID: 501", "GPU Time: 00:01:00 / 00:10:00")
    retry = record("OOM_RETRY", "r8", "Result: resubmitted as job 502")
    assert read_one(LOG, SUBMITTED + retry + usage, "r8").claims == {}


def test_warnings_are_kept_whole(read_one):
    """A line without a key, a warning over two lines, a remark after the figures."""
    text = SUBMITTED + record(
        "THROUGHPUT_STATUS",
        "r8",
        "tps/gpu = 611.4 (predicted 930.0, ratio 0.66)",
        "WARNING: Throughput 66% of predicted",
        "    (possible causes: contention)",
    )
    text += record("COMPUTE_UTILIZATION", "r8", "CPU Efficiency: 97.2%", "\u26a0\ufe0f Time limit")
    (step,) = read_one(LOG, text, "r8").reading.steps
    assert step.warnings == (
        "Throughput 66% of predicted\n(possible causes: contention)",
        "\u26a0\ufe0f Time limit",
    )


def test_log_of_several_runs_without_a_run_at_hand(read_one):
    """Nobody's jobs are taken for those of the directory."""
    text = SUBMITTED + record("SUBMIT_JOB", "r16", "Job ID: 502")
    found = read_one(LOG, text)
    assert found.marks == ()
    assert len(found.reading.events) == 2


def test_log_of_one_run_without_a_run_at_hand(read_one):
    """Where only one run is named, it is that one."""
    assert [mark.id for mark in read_one(LOG, SUBMITTED + changed("RUNNING")).marks] == ["501"]


def test_timeline_has_a_limit(bench, tmp_path):
    """Entries over the limit are counted; the jobs are followed to their end."""
    bench.write(tmp_path, {LOG: SUBMITTED + changed("RUNNING") + changed("COMPLETED", "RUNNING")})
    found = bench.read("run_experiment_log", tmp_path, "r8", Limits(events=2))[LOG]
    assert len(found.reading.events) == 2
    assert found.codes == ["events-limit"]
    assert found.kinds == ["end-marker"]


def test_module_names_every_action_that_it_handles():
    """Actions of jobs are among the known ones, so that they are found inside of lines, too."""
    from archiver.codecs.action_log import ACTIONS
    from archiver.producers import experiment_logs

    source = Path(experiment_logs.__file__).read_text("utf-8")
    handled = set(re.findall(r'"([A-Z]+_[A-Z_]+)": _', source))
    assert handled
    assert handled <= ACTIONS
