"""SLURM's console output: sparse losses, how each job ended, and nothing of an evaluation's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BANNER = "Running FullFinetuneRecipe with resolved config:\n\n"
NOTE = "slurmstepd: error: *** {} ON n1 CANCELLED AT 2026-05-20T14:03:09{} ***\n"
EVALUATED = "words (10 samples): hf/tiny\nLog:\nlogs/2026-06-20T11_w_x.eval\n"


def bar(epoch: int, step: int, loss: str) -> str:
    """A token as tqdm shows it."""
    return f"\r{epoch}|{step}|Loss: {loss}:  50%|##  | 5/10 [00:00<00:00, 75.22it/s]"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("slurm_stdout", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "slurm_stdout")


@pytest.fixture
def read_text(read):
    """The outcome of one job's output at the top of a run."""

    def call(text, path="slurm-7.out"):
        return next(iter(read({path: text}).values()))

    return call


def test_several_tokens_of_one_line(read_text):
    """Carriage returns and moves of the cursor part them; newlines do not."""
    text = bar(1, 1, "2.5") + "\x1b[A" + bar(1, 2, "1e-05") + bar(1, 3, "inf") + "\n"
    assert read_text(text).points("Loss") == [[1, 2.5], [2, 1e-05], [3, "Infinity"]]


def test_drawn_again(read_text):
    """A bar that closes after the next epoch began repeats an old step, which counts once."""
    text = bar(1, 9, "2.5") + bar(1, 10, "2.25") + bar(2, 11, "2.0") + bar(1, 10, "2.25") + "\n"
    found = read_text(text)
    assert found.points("Loss") == [[9, 2.5], [10, 2.25], [11, 2.0]]
    assert found.reading.accounting.reasons == {"redrawn": 1}


def test_epochs_are_from_one(read_text):
    """The epoch is kept as written, and that it counts from 1."""
    (batch,) = read_text(bar(1, 9, "2.5") + bar(2, 11, "2.0") + "\n").batches
    assert list(batch.epochs) == [1.0, 2.0]
    assert batch.spec.attributes == (("epoch_base", "1"),)


def test_validation_is_rounded(read_text):
    """Four decimals, at the step that was drawn last, in a series of its own."""
    text = (
        bar(1, 5, "2.5")
        + "Validation loss: 2.4000\n"
        + bar(1, 10, "2.0")
        + "Validation loss: nan\n"
    )
    found = read_text(text)
    assert found.points("Validation loss", "eval") == [[5, 2.4], [10, "NaN"]]
    errors = {b.spec.key: (b.spec.absolute_error, b.spec.relative_error) for b in found.batches}
    assert errors == {"Loss": (0.0, 2.0**-24), "Validation loss": (0.00005, 2.0**-24)}


def test_a_validation_before_any_step(read_text):
    """Without a step drawn it has none."""
    found = read_text("Validation loss: 2.4000\n" + bar(1, 1, "2.0"))
    assert found.points("Validation loss", "eval") == [[None, 2.4]]


def test_a_torn_token_is_none(read_text):
    """What is cut within a number is not taken for a shorter one."""
    assert read_text(bar(1, 1, "2.5") + "\r1|2|Loss: 2.1").points("Loss") == [[1, 2.5]]


def test_jobs_are_attempts_by_their_numbers(read):
    """Ids are numbers: 9 comes before 10, whatever the names' order."""
    found = read({f"slurm-{job}.out": bar(1, 1, "2.5") for job in (10, 9)})
    (outcome,) = found.values()
    assert [mark.id for mark in outcome.marks] == ["9", "10"]
    assert outcome.attempts_of("Loss") == [0, 1]


def test_both_files_of_a_job(read):
    """Output and errors of one job are one attempt."""
    (found,) = read({"slurm-7.out": bar(1, 1, "2.5"), "slurm-7.err": "torchtune: x\n"}).values()
    assert [mark.logs for mark in found.marks] == [("slurm-7.err", "slurm-7.out")]


def test_tasks_of_an_array(read):
    """A task of an array is a job of its own."""
    (found,) = read({f"slurm-7_{task}.out": bar(1, 1, "2.5") for task in (1, 2)}).values()
    assert [mark.id for mark in found.marks] == ["7_1", "7_2"]


@pytest.mark.parametrize(
    ("what", "why", "word"),
    [
        ("JOB 7", " DUE TO TIME LIMIT", "CANCELLED DUE TO TIME LIMIT"),
        ("JOB 7", " DUE TO NODE FAILURE, SEE LOG FOR DETAILS", "CANCELLED DUE TO NODE FAILURE"),
        ("STEP 7.0", " DUE TO PREEMPTION", "CANCELLED DUE TO PREEMPTION"),
        ("JOB 7", "", "CANCELLED"),
    ],
)
def test_notes_of_death(read_text, what, why, word):
    """The scheduler's note interrupts the attempt, at a local time without a zone."""
    found = read_text(bar(1, 1, "2.5") + NOTE.format(what, why))
    (mark,) = found.marks
    assert mark.status_word is None
    assert [event.detail for event in found.reading.events] == [word]
    assert (mark.host, mark.ended.iso()) == ("n1", "2026-05-20T14:03:09")
    assert found.kinds == ["interruption", "progress"]
    assert found.claims["summary.host"] == ["n1"]


def test_out_of_memory_without_a_traceback(read_text):
    """The message alone is a failure."""
    found = read_text("torchtune\ntorch.OutOfMemoryError: CUDA out of memory. Tried 2 GiB.\n")
    assert found.kinds == ["failure"]
    assert found.reading.steps[0].error == (
        "torch.OutOfMemoryError: CUDA out of memory. Tried 2 GiB."
    )


def test_killed_for_memory(read_text):
    """So is the scheduler's note of a process that the system killed."""
    text = "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch. Some were killed.\n"
    assert read_text(text).kinds == ["failure"]


def test_a_traceback(read_text):
    """Message and stack stand with the step; marks of ranks are left out."""
    text = (
        "[rank0]: Traceback (most recent call last):\n"
        '[rank0]:   File "a.py", line 1, in f\n'
        "[rank0]: ValueError: bad shape\n"
    )
    found = read_text(text)
    (step,) = found.reading.steps
    assert step.error == "ValueError: bad shape"
    assert step.error_stack.splitlines()[1] == '  File "a.py", line 1, in f'
    assert found.kinds == ["failure"]


def test_an_interrupt(read_text):
    """A keyboard interrupt is no failure."""
    text = 'Traceback (most recent call last):\n  File "a", line 1\nKeyboardInterrupt\n'
    assert read_text(text).kinds == ["interruption"]


def test_a_traceback_that_was_handled(read_text):
    """Where training went on, the exception before it did not end it."""
    text = 'Traceback (most recent call last):\n  File "a"\nOSError: x\n' + bar(1, 2, "2.5") + "\n"
    found = read_text(text)
    assert found.kinds == ["progress"]
    assert found.reading.steps[0].error is None


def test_an_exit_code(read_text):
    """What srun says of a task counts, unless the scheduler ended it."""
    line = "srun: error: n1: task 0: Exited with exit code 9\n"
    assert read_text(line).kinds == ["failure"]
    assert read_text(line).marks[0].exit_code == 9
    assert read_text(line + NOTE.format("JOB 7", "")).kinds == ["interruption"]


def test_a_configuration_with_blank_lines_in_texts(read_text):
    """The dump ends where YAML does, not at the first blank line."""
    text = (
        BANNER + "dataset:\n  prompt: 'one\n\n    two'\n  # a remark\nlr: 1.0e-05\n\n"
        "log_peak_memory_stats was set to True, however, training uses cpu.\nseed: 3\n"
    )
    (config,) = read_text(text).reading.configs
    assert config.values == {"dataset": {"prompt": "one\ntwo"}, "lr": 1e-05}
    assert str(config.at) == "slurm-7.out#L2"
    assert (config.role, config.typed) == ("resolved", False)


def test_what_changed_for_a_retry(read):
    """The later attempt's configuration is the run's; what differs is told with the attempt."""
    first = BANNER + "batch_size: 4\nmodel:\n  lora_rank: 8\n"
    second = BANNER + "batch_size: 2\nmodel:\n  lora_rank: 8\n"
    (found,) = read({"slurm-1.out": first, "slurm-2.out": second}).values()
    assert [mark.params_changed for mark in found.marks] == [(), (("batch_size", 2),)]
    assert [config.values["batch_size"] for config in found.reading.configs] == [2]


@pytest.mark.parametrize(
    "files",
    [
        {"r/artifacts/epoch_0/slurm-7.out": "", "r/finetune.yaml": ""},
        {"r/eval/slurm-7.out": "", "r/finetune.yaml": ""},
        {"r/artifacts/slurm-7.out": "", "r/eval/words/cell.slurm": ""},
    ],
)
def test_evaluations_are_none_of_the_training(read, files):
    """In epoch_N, in eval, and where nothing was trained: no step 1, no evidence, no attempt."""
    path = next(path for path in files if "slurm-7" in path)
    text = EVALUATED + "Traceback (most recent call last):\n  x\nValueError: y\n"
    (found,) = read({**files, path: text + NOTE.format("JOB 7", "")}).values()
    assert found.kinds == []
    assert found.reading.steps == ()
    assert found.claims == {}
    assert found.marks == ()
    assert [event.kind for event in found.reading.events] == ["job_cancelled"]


def test_an_evaluation_in_the_trainings_directory(read):
    """Its own words tell it, too: the training beside it keeps its attempts."""
    files = {
        "r/finetune.yaml": "",
        "r/artifacts/slurm-1.out": bar(1, 1, "2.5"),
        "r/artifacts/slurm-2.out": EVALUATED,
        "r/eval/words_epoch0/logs/2026-06-20T11_w_x.eval": "",
    }
    (found,) = read(files).values()
    assert [trail.step_id for trail in found.reading.attempts] == ["", "eval:words_epoch0"]
    assert [step.step_id for step in found.reading.steps] == ["1", "eval:words_epoch0"]


def test_a_trained_run_that_failed_before_anything(read):
    """A note alone, beside a training's configuration, is the training's."""
    files = {"r/finetune.yaml": "", "r/artifacts/slurm-7.out": NOTE.format("JOB 7", "")}
    (found,) = read(files).values()
    assert found.kinds == ["interruption"]


def test_the_start_that_the_metric_log_tells(read_text):
    """The name of the metric log holds the second of the start, which joins the two."""
    found = read_text("Writing logs to /data/a/logs/log_1795301172.txt\n")
    assert found.marks[0].started.iso() == "2026-11-21T22:46:12+00:00"


def test_many_redraws_in_little_memory(read_text):
    """A whole training on one line is read piece by piece."""
    text = "".join(bar(1, n, f"{n / 8}") for n in range(1, 30_001))
    found = read_text(text)
    assert len(found.points("Loss")) == 30_000
    assert found.codes == []
