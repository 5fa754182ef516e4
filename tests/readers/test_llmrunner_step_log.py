"""Logs of LLMRunner's steps: what they did, how they failed, and which logs are others'."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact, Member
from archiver.limits import Limits
from archiver.rundir import RunDir

LOG = ".llmrunner/logs/run/eval_0.log"
TRACE = 'Traceback (most recent call last):\n  File "x"\nOSError: disk\n'


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("llmrunner_step_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "llmrunner_step_log")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("1", "failure"), ("2", "failure"), ("137", "failure"), ("143", "interruption"),
     ("-15", "interruption"), ("139", "failure"), ("-6", "failure")],
)  # fmt: skip
def test_exit_codes(read_one, code, kind):
    """Those of signals by which somebody stops it are interruptions; 137 may be lack of memory."""
    found = read_one(LOG, f"eval: failed with exit code {code}\n")
    assert [(e.kind.value, e.step_id) for e in found.reading.evidence] == [(kind, "eval_0")]


def test_the_mark_may_be_glued_to_a_line(read_one):
    """The trainer's last line was never finished."""
    found = read_one(LOG, "elapsed time per iteval: failed with exit code 1\n")
    assert found.kinds == ["failure"]


def test_a_traceback_that_ends_the_log_is_a_failure(read_one):
    """The wrapper's buffered lines may follow it."""
    found = read_one(LOG, TRACE + "eval: suite=s\n")
    assert found.kinds == ["failure"]
    assert found.reading.steps[0].error == "OSError: disk"


def test_a_traceback_that_work_followed_is_none(read_one):
    """It was handled."""
    found = read_one(LOG, "eval: suite=s\n" + TRACE + "going on\n")
    assert found.kinds == []
    assert found.reading.steps[0].error is None


@pytest.mark.parametrize(
    "text",
    ["OUTPUT_PREFIX is required", "Path does not exist: /x", "Missing config: y",
     "set RUN_WITH=cmd or entrypoint"],
)  # fmt: skip
def test_faults_of_settings(read_one, text):
    """Standing alone they are why the step did not begin."""
    found = read_one(LOG, text + "\n")
    assert (found.kinds, found.reading.steps[0].error) == (["failure"], text)


def test_success_is_not_assumed(read_one):
    """A log without any mark says nothing of the end."""
    found = read_one(LOG, "eval: suite=s\n")
    assert (found.kinds, found.codes) == ([], [])
    assert found.reading.steps[0].status == "unknown"


def test_a_script_of_anybodys_is_known_by_its_place(read):
    """It prints no line of the wrapper's."""
    found = read({LOG: "hello\n", "logs/run/eval_0.log": "hello\n"})
    assert {path: item.match for path, item in found.items()} == {
        LOG: "yes", "logs/run/eval_0.log": "no",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["------------------------ arguments ------------------------",
     " iteration       10/     200 | consumed samples: 320 |", "using world size: 8, data",
     " > number of parameters on (tensor, pipeline) model parallel rank (0, 0): 1",
     "iteration: 5 | loss: 1.0 |"],
)  # fmt: skip
def test_a_trainers_log_is_left_to_its_reader(read_one, line):
    """Whatever the wrapper adds."""
    wrapper = "mg2hf: trainer_dir=/x RUN_WITH=cmd"
    text = f"{line}\n{wrapper}\n"
    assert read_one(".llmrunner/logs/run/mg2hf_0.log", text).match == "no"
    assert read_one(LOG, text).match == "yes"


def test_a_trainers_log_is_known_by_its_end(read_one):
    """A long preamble may stand before."""
    text = (
        "x" * 70_000 + "\n iteration 1/ 2 | lm loss: 1 |\ntrain_cpt: trainer_dir=/x RUN_WITH=cmd\n"
    )
    assert read_one(".llmrunner/logs/run/train_cpt_0.log", text).match == "no"


def test_a_number_before_the_name(read_one):
    """Settings files had one in the first eras; ids do not."""
    found = read_one(".llmrunner/logs/run/3.train_cpt.log", "train_cpt: failed with exit code 2\n")
    assert found.reading.steps[0].step_id == "train_cpt"


class Nothing:
    """A sink for points that never come."""

    def add(self, _batch):
        """Refuse."""
        raise AssertionError


def read_for(bench, directory, text, member):
    """Read one log for a run of several."""
    bench.write(directory, {LOG: text})
    limits = Limits()
    reader = next(one for one in registry.readers() if one.name == "llmrunner_step_log")
    with RunDir(directory, "experiment", limits) as run:
        tree = run.walk()
        (selection,) = reader.select(tree)
        artifact = Artifact(run, tree, selection.files, selection.path, limits, member)
        reading = reader.map(reader.parse(artifact), artifact, Nothing())
        artifact.close()
        return reading


def test_a_log_beside_several_runs(bench, tmp_path):
    """It counts for the run whose paths it names, or for any where it names none."""
    text = "eval: suite=s\nreport /d/experiments/a/reports\n"
    own, other = Member("a", ("configs/experiments/a",)), Member("b", ("configs/experiments/b",))
    assert read_for(bench, tmp_path, text, own).steps
    foreign = read_for(bench, tmp_path, text, other)
    assert [problem.code for problem in foreign.problems] == ["foreign-log"]
    assert foreign.steps == ()
    assert read_for(bench, tmp_path, "eval: suite=s\n", other).steps


def test_numbers_that_are_none(read_one):
    """A speed may be anything that looks like a number."""
    text = "Processed 5 documents (1e-e docs/s, 2.5 MB/s).\n"
    found = read_one(".llmrunner/logs/run/tokenize_cpt_0.log", text)
    assert found.reading.steps[0].metrics == {"documents": 5, "mb_per_sec": 2.5}


def test_an_external_script_that_failed(read_one):
    """It is the step's own failure."""
    text = "eval: extern_script=/x/run.sh\neval: extern_script failed with exit code 3\n"
    found = read_one(LOG, text)
    assert [(e.kind.value, e.detail) for e in found.reading.evidence] == [
        ("failure", "failed with exit code 3")
    ]
    assert found.reading.steps[0].error == "failed with exit code 3"


def test_a_killed_step_leaves_no_end_mark(read_one):
    """A last line that is cut is told, and is neither success nor failure."""
    found = read_one(LOG, "eval: suite=s\nhalf a li")
    assert (found.kinds, found.codes) == ([], ["no-end-mark"])
    assert found.reading.steps[0].status == "unknown"
