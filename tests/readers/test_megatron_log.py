"""Megatron's logs: jobs, ends, results, and what is not one of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("megatron_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "megatron_log")


def line(iteration, loss="lm loss: 5.000000E+00 | ", total=100, stamp="2026-03-01 10:00:00"):
    return (
        f" [{stamp}] iteration {iteration:8d}/{total:8d} | consumed samples: {iteration * 8:12d} |"
        f" elapsed time per iteration (ms): 100.0 | {loss}loss scale: 1.0 |"
        " number of skipped iterations:   0 | number of nan iterations:   0 |\n"
    )


BEGIN = "Traceback (most recent call last):\n  f()\n"
WORLD = "using world size: 2, data-parallel size: 2\n"


def test_vanished_loss_is_no_point(read_one):
    """A NaN is never printed: the final loss is that of the last line that has one."""
    found = read_one("train.log", line(10) + line(20, loss=""))
    assert found.points("lm loss") == [[10, 5.0]]
    assert found.points("consumed samples") == [[10, 80.0], [20, 160.0]]
    assert found.reading.steps[0].sources["training.ppl"].note == "training loss at iteration 10"


def test_capped_perplexity_is_kept_apart(read_one):
    """It is no perplexity: no standard name, and never the step's."""
    text = (
        " validation loss at iteration 10 | lm loss value: 2.1E+01 | lm loss PPL: 4.851652E+08 | \n"
    )
    found = read_one("train.log", line(10) + text)
    (ppl,) = [b.spec for b in found.batches if b.spec.key == "lm loss PPL"]
    assert (ppl.canonical, ppl.attributes) == (None, (("capped at", "exp(20)"),))
    assert found.reading.accounting.reasons == {"capped-perplexity": 1}
    assert found.reading.steps[0].training.ppl == math.exp(5)
    assert found.reading.steps[0].sources["training.ppl"].rule == "exp-of-final-loss"


def test_auxiliary_perplexity_has_no_standard_name(read_one):
    """Only the pair of the language model's loss is one."""
    text = (
        " validation loss at iteration 10 | lm loss value: 1.0E+00 | lm loss PPL: 2.7E+00 |"
        " z_loss value: 1.0E+00 | z_loss PPL: 2.7E+00 | \n"
    )
    found = read_one("train.log", line(10) + text)
    names = {b.spec.key: b.spec.canonical for b in found.batches if b.spec.split == "val"}
    assert names == {
        "lm loss value": "eval_loss", "lm loss PPL": "perplexity",
        "z_loss value": None, "z_loss PPL": None,
    }  # fmt: skip


def test_loss_is_the_mean_of_an_interval(read_one):
    """TensorBoard's is that of one iteration; the series says which one it is."""
    found = read_one("train.log", line(10))
    spec = next(b.spec for b in found.batches if b.spec.key == "lm loss")
    assert spec.attributes == (("mean over", "interval"),)
    assert (spec.canonical, spec.relative_error, spec.step_id) == ("loss", 5e-7, None)


def test_finetuning_begins_at_nothing(read_one):
    """The checkpoint's iteration is not the job's: what was loaded counts from 0."""
    text = (
        " loading checkpoint from /w/cpt at iteration 200\n"
        "  successfully loaded checkpoint from /w/cpt [ t 1/1, p 1/1 ] at iteration 0\n"
        "Setting rerun_state_machine.current_iteration to 0...\n"
    )
    found = read_one("train_sft_0.log", text + line(10))
    assert found.marks[0].resume_step == 0
    step = found.reading.steps[0]
    assert (step.step_id, step.stage) == ("train_sft_0", "sft")
    assert step.inputs == {"loaded_checkpoint": "/w/cpt"}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("exiting program after receiving SIGTERM.", "interruption"),
        ("exiting program after 230.0 minutes", "interruption"),
        ("exiting program at iteration 10", "end-marker"),
        ("after training is done", "end-marker"),
    ],
)
def test_planned_and_signalled_stops(read_one, label, kind):
    """A signal or a time limit cuts training short; a planned iteration ends it."""
    found = read_one("train.log", line(10) + f"[{label}] datetime: 2026-03-01 10:00:01 \n")
    assert found.kinds == [kind]


def test_time_limit_after_all_iterations_is_an_end(read_one):
    """Nothing was cut short."""
    mark = "[exiting program after 230.0 minutes] datetime: 2026-03-01 10:00:01 \n"
    assert read_one("train.log", line(100) + mark).kinds == ["end-marker"]


def test_all_iterations_are_evidence_not_an_end(read_one):
    """Saving may still have failed."""
    assert read_one("train.log", line(100)).kinds == ["progress"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1, "failure"), (137, "failure"), (143, "interruption"), (130, "interruption")],
)
def test_exit_codes_of_the_wrapper(read_one, code, kind):
    """128 and a number is a signal: somebody's SIGTERM interrupts, a kill is a failure."""
    found = read_one("train_cpt_0.log", line(10) + f"train_cpt: failed with exit code {code}\n")
    assert found.kinds == [kind, "running-word"]
    assert found.marks[0].exit_code == code


def test_killed_worker(read_one):
    """Torchrun tells signals as negative exit codes."""
    text = "E0219 22:46:37.731000 41 x.py:869] failed (exitcode: -9) local_rank: 1 (pid: 4)\n"
    found = read_one("train.log", line(10) + text)
    assert found.kinds == ["interruption", "running-word"]
    assert found.reading.evidence[0].detail == "a worker was killed by signal 9"


def test_exception_that_was_handled(read_one):
    """Training went on."""
    found = read_one("train.log", line(10) + BEGIN + "OSError: x\n" + line(20))
    assert found.kinds == ["running-word"]
    assert found.reading.steps[0].error is None


def test_keyboard_interrupt_is_an_interruption(read_one):
    """Somebody stopped it."""
    found = read_one("train.log", line(10) + BEGIN + "KeyboardInterrupt\n")
    assert found.kinds == ["interruption", "running-word"]


def test_iteration_that_goes_back_is_another_job(read_one):
    """In-process recovery prints no start-up lines."""
    found = read_one("train.log", line(10) + line(20) + line(20) + line(15))
    assert [mark.first_step for mark in found.marks] == [10, 15]
    assert found.attempts_of("lm loss") == [0, 0, 0, 1]


def test_job_that_failed_before_its_first_iteration(read_one):
    """Its start-up lines tell it from the next one."""
    found = read_one("train.log", WORLD + BEGIN + "OSError: x\n" + WORLD + line(10))
    assert len(found.marks) == 2
    assert found.kinds == ["failure", "running-word"]
    assert [item.attempt for item in found.reading.evidence] == [0, 1]


def test_async_save_counts_when_it_is_confirmed(read_one):
    """Scheduling it is no checkpoint."""
    start = "  scheduled an async checkpoint save at iteration      10 to /w/ck\n"
    found = read_one("train.log", line(10) + start)
    assert found.reading.checkpoints == ()
    assert found.reading.extras["async_saves_scheduled"] == 1
    done = (
        "  [2026-03-01 10:00:00.123456] successfully saved checkpoint from iteration 10 to /w/ck\n"
    )
    (saved,) = read_one("train.log", line(10) + start + done).reading.checkpoints
    assert (saved.path, saved.step, saved.present) == ("/w/ck/iter_0000010", 10, False)


def test_old_success_line(read_one):
    """Up to core 0.6 it says `at`."""
    text = "  successfully saved checkpoint at iteration   10 to /w/ck\n"
    assert read_one("a.log", line(10) + text).reading.checkpoints[0].step == 10


def test_warnings_are_counted_once_each(read_one):
    """Ranks and intervals repeat them."""
    text = "[rank0]: WARNING: a\n[rank1]: WARNING: a\n/x/y.py:3: UserWarning: b\n[warn] c\n"
    found = read_one("train.log", line(10) + text)
    assert found.reading.steps[0].warnings == (
        "WARNING: a (x2)", "/x/y.py:3: UserWarning: b", "[warn] c",
    )  # fmt: skip
    assert found.reading.accounting.reasons == {"warnings": 4}


def test_many_warnings_are_bounded(read_one):
    """Their number is told all the same."""
    found = read_one("train.log", line(10) + "".join(f"WARNING: {n}\n" for n in range(200)))
    assert len(found.reading.steps[0].warnings) == 50
    assert found.reading.accounting.reasons == {"warnings": 200}


def test_hosts_of_the_launchers_mark(read_one):
    """`[host:rank]:` names a machine, `[default0]:` does not."""
    found = read_one("train.log", "[node-a:1]: hello\n[default0]: hello\n" + line(10))
    assert found.claims["summary.host"] == ["node-a"]


def test_dump_behind_a_mark_with_strangers_between(read_one):
    """Lines of other processes do not belong to it; a second one is another job's."""
    dump = (
        "[default0]:------------------------ arguments ------------------------\n"
        f"[default0]:  lr {'.' * 46} 0.1\n"
        "[default3]:building model ...\n"
        f"[default0]:  seq_length {'.' * 38} 8\n"
        "[default0]:-------------------- end of arguments ---------------------\n"
    )
    found = read_one("train.log", dump + line(10))
    (config,) = found.reading.configs
    assert config.values == {"lr": "0.1", "seq_length": "8"}
    assert (config.typed, config.partial, str(config.at)) == (False, False, "train.log#L1")


def test_torn_dump_is_partial(read_one):
    """The job died while it was printed."""
    text = f"------------------------ arguments ------------------------\n  lr {'.' * 46} 0.1\n"
    assert read_one("train.log", text).reading.configs[0].partial


def test_noise_before_training_does_not_hide_it(read_one):
    """Libraries may print more than recognition looks at."""
    found = read_one("train.log", "NCCL INFO hello\n" * 10_000 + line(10))
    assert found.match == "yes"
    assert found.points("lm loss") == [[10, 5.0]]


def test_progress_bar_before_a_line(read_one):
    """Carriage returns part what was drawn on one line; colours are left out."""
    found = read_one("train.log", "loading:  10%\rloading: 100%\r\x1b[32m" + line(10))
    assert found.points("lm loss") == [[10, 5.0]]


def test_clock_that_goes_back_is_told(read_one):
    """No duration is computed of it."""
    text = line(10, stamp="2026-10-25 02:59:00") + line(20, stamp="2026-10-25 02:10:00")
    found = read_one("train.log", text)
    assert found.codes == ["clock-went-back"]
    assert found.reading.steps[0].training.duration_sec is None


def test_throughput_needs_the_sequence_length(read_one):
    """Without it tokens are not recorded."""
    training = read_one("train.log", line(10) + line(20)).reading.steps[0].training
    assert (training.throughput_tokens_per_sec, training.step_time_sec_avg) == (None, 0.1)


def test_converter_of_a_pipeline_does_not_train(read_one):
    """It dumps its arguments, too."""
    text = f"------------------------ arguments ------------------------\n  lr {'.' * 46} 0.1\n"
    found = read_one(".llmrunner/logs/run/mg2hf_0.log", text)
    step = found.reading.steps[0]
    assert (step.step_id, step.name, step.stage) == ("mg2hf_0", "mg2hf", "other")
    assert found.kinds == []


def test_a_step_of_a_pipeline_claims_nothing_for_the_run(read_one):
    """Its times and its save directory are its own."""
    found = read_one("train_cpt.log", line(10))
    assert found.claims == {}
    assert {batch.spec.step_id for batch in found.batches} == {"train_cpt"}
    assert {item.step_id for item in found.reading.evidence} == {"train_cpt"}


def test_rank_memory_is_the_devices(read_one):
    """In MiB, whatever the label says, and by rank."""
    text = "[Rank 1] (after 10 iterations) memory (MB) | allocated: 1.0 | max allocated: 2048.5\n"
    found = read_one("train.log", line(10) + text)
    spec = next(b.spec for b in found.batches if b.spec.key == "max allocated")
    assert (spec.canonical, spec.unit, spec.labels) == ("gpu_mem", "MiB", (("rank", "1"),))
    assert dict(spec.attributes) == {"memory": "peak", "device": "accelerator"}


def job_log(first, stamps, save="/w/ck"):
    dump = (
        "------------------------ arguments ------------------------\n"
        f"  save {'.' * 44} {save}\n"
        "-------------------- end of arguments ---------------------\n"
    )
    steps = range(first, first + 10 * len(stamps), 10)
    return dump + "".join(
        line(step, stamp=f"2026-03-01 {stamp}:00")
        for step, stamp in zip(steps, stamps, strict=True)
    )


def test_logs_of_jobs_are_ordered_by_their_stamps(read):
    """Ids may wrap around; the later job wins whatever its log is called."""
    later, earlier = job_log(20, ["11:00", "11:10"]), job_log(10, ["10:00", "10:10"])
    found = read({"run1.log": later, "run2.log": earlier})["*run*.log"]
    assert [str(mark.at) for mark in found.marks] == ["run2.log#L1", "run1.log#L1"]
    assert found.attempts_of("lm loss") == [0, 0, 1, 1]


def test_logs_of_ranks_are_not_jobs(read):
    """They are written at the same time; each is read by itself."""
    text = job_log(10, ["10:00", "10:10"])
    found = read({"rank0.log": text, "rank1.log": text})
    assert {path: item.match for path, item in found.items()} == {
        "rank0.log": "yes", "rank1.log": "yes", "*rank*.log": "no",
    }  # fmt: skip


def test_logs_of_other_runs_are_not_jobs(read):
    """They save elsewhere, whatever their names are."""
    found = read(
        {
            "lr1.log": job_log(10, ["10:00"], save="/w/lr1"),
            "lr2.log": job_log(10, ["11:00"], save="/w/lr2"),
        }
    )
    assert found["*lr*.log"].match == "no"


def test_steps_of_a_pipeline_are_not_jobs(read):
    """Their logs differ in a number, too."""
    text = job_log(10, ["10:00"])
    found = read({"train_cpt_0.log": text, "train_cpt_1.log": text.replace("10:00", "12:00")})
    assert set(found) == {"train_cpt_0.log", "train_cpt_1.log"}
