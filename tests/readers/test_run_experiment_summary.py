"""The design of an experiment: its runs, whose directories are theirs, and what is planned."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.rundir import RunDir

SUMMARY = "experiment_summary.yaml"
READER = next(item for item in registry.readers() if item.name == "run_experiment_summary")


@pytest.fixture
def members(bench, tmp_path):
    """Write a tree and ask the first summary in it for its runs: name -> paths."""

    def ask(files, limits=Limits()):  # noqa: B008
        bench.write(tmp_path, files)
        with RunDir(tmp_path, "run", limits) as run:
            tree = run.walk()
            (selection,) = READER.select(tree)
            artifact = Artifact(run, tree, selection.files, selection.path, limits)
            found = READER.members(artifact)
            artifact.close()
            return found

    return ask


def summary(*names, output=""):
    """A summary of runs of these names."""
    runs = "".join(f"  - {{name: {name}, type: fine-tuned}}\n" for name in names)
    return f"experiment: {{name: caps}}\nruns:\n{runs}{output}"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_summary", case)


@settings(max_examples=60)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_summary")


def test_runs_with_and_without_files(members):
    """A run that was never set up has no directory and is a run all the same."""
    found = members({f"caps/{SUMMARY}": summary("r8", "r16"), "caps/r8/finetune.yaml": "a: 1\n"})
    assert [(item.name, item.paths, item.home) for item in found] == [
        ("r8", ("caps/r8",), "caps"),
        ("r16", ("caps/r16",), "caps"),
    ]


def test_checkpoints_of_the_old_layout(members):
    """Beside the summary, beside the experiment, below the base directory; nowhere else."""
    output = "output: {base_directory: /scratch/outs/, checkpoint_pattern: 'ck-out-{run_name}/e'}\n"
    found = members(
        {
            f"legacy/caps/{SUMMARY}": summary("r8", output=output),
            "legacy/ck-out-r8/epoch_0/config.json": "{}",
            "legacy/caps/ck-out-r8/epoch_0/config.json": "{}",
            "outs/ck-out-r8/epoch_0/config.json": "{}",
            "elsewhere/ck-out-r8/epoch_0/config.json": "{}",
            "legacy/ck-out-r88/epoch_0/config.json": "{}",
        }
    )
    assert sorted(found[0].paths) == [
        "legacy/caps/ck-out-r8",
        "legacy/caps/r8",
        "legacy/ck-out-r8",
        "outs/ck-out-r8",
    ]


def test_pattern_of_checkpoints_is_text(members):
    """Only the run's name is filled in; nothing of the pattern is evaluated."""
    output = "output: {checkpoint_pattern: '{run_name.__class__}-{run_name}/epoch_{N}'}\n"
    files = {
        SUMMARY: summary("r8", output=output),
        "{run_name.__class__}-r8/epoch_0/config.json": "{}",
        "ck-out-r8/epoch_0/config.json": "{}",
    }
    assert members(files)[0].paths == ("r8", "{run_name.__class__}-r8")


@pytest.mark.parametrize("name", ["..", "../other", "/etc", "a/b", ".", "'a\\b'"])
def test_names_that_are_paths_lead_nowhere(members, bench, tmp_path, name):
    """A run of such a name is a run without files, and a problem."""
    found = members({f"caps/{SUMMARY}": summary(name), "other/x.json": "{}"})
    assert [item.paths for item in found] == [()]
    outcome = bench.read("run_experiment_summary", tmp_path)[f"caps/{SUMMARY}"]
    assert outcome.codes == ["unsafe-path"]


def test_runs_of_one_name_are_one(members, bench, tmp_path):
    """The first counts; the second is a problem, not a run."""
    assert [item.name for item in members({SUMMARY: summary("r8", "r8")})] == ["r8"]
    outcome = bench.read("run_experiment_summary", tmp_path, "r8")[SUMMARY]
    assert outcome.codes == ["duplicate-run"]


def test_runs_without_a_name(members, bench, tmp_path):
    """They cannot be archived under one; the others can."""
    text = "experiment: {name: caps}\nruns: [{type: control}, 7, {name: 12}, {name: r8}]\n"
    assert [item.name for item in members({SUMMARY: text})] == ["r8"]
    outcome = bench.read("run_experiment_summary", tmp_path)[SUMMARY]
    assert sorted(outcome.codes) == ["unexpected-type"] + ["unnamed-run"] * 3


def test_number_of_runs_has_a_limit(members):
    """A hostile design does not become a million archives."""
    names = [f"r{n}" for n in range(9)]
    assert len(members({SUMMARY: summary(*names)}, Limits(members=5))) == 5


def test_null_runs(members):
    """An experiment whose runs are not made yet has none."""
    assert members({SUMMARY: "experiment: {name: caps}\nruns:\n"}) == ()


def test_date_of_the_design_is_no_start(read_one):
    """`date` is a day, and not the run's."""
    text = summary("r8").replace("{name: caps}", "{name: caps, date: 2026-06-01}")
    assert "summary.started_at" not in read_one(SUMMARY, text, "r8").claims


def test_learning_rate_without_a_dot_is_text(read_one):
    """Of the run's own; another run's is not this one's problem."""
    text = (
        "experiment: {name: caps}\nruns:\n"
        "  - {name: r8, type: fine-tuned, parameters: {lr: 1e-5}}\n"
        "  - {name: r16, type: fine-tuned, parameters: {lr: 1.0e-5}}\n"
    )
    found = read_one(SUMMARY, text, "r8")
    assert found.reading.configs[1].values == {"lr": "1e-5"}
    assert found.codes == ["yaml-readings-differ"]
    other = read_one(SUMMARY, text, "r16")
    assert other.reading.configs[1].values == {"lr": 1e-05}
    assert other.codes == []


def test_sexagesimal_time(read_one):
    """`1:30:00` is a number to YAML 1.1, and said to be one of base 60."""
    text = (
        "experiment: {name: caps}\n"
        "runs: [{name: r8, parameters: {time: 1:30:00}, compute: {time: 0:59:00}}]\n"
    )
    whole, own = read_one(SUMMARY, text, "r8").reading.configs
    assert own.values == {"time": 5400}
    assert own.types == {"/time": "sexagesimal"}
    assert whole.types == {"/runs/0/parameters/time": "sexagesimal"}
    assert whole.values["runs"][0]["compute"] == {"time": "0:59:00"}


def test_evaluation_only_run(read_one):
    """It trains nothing; its checkpoint is the one that it was given."""
    text = (
        "experiment: {name: caps}\n"
        "runs: [{name: e, type: eval-only, parameters: {checkpoint_path: /ck/epoch_1}}]\n"
        "evaluation: {matrix: [{run: e, tasks: [a_epoch, b], epochs: null}]}\n"
    )
    found = read_one(SUMMARY, text, "e")
    assert [step.step_id for step in found.reading.steps] == ["eval:a_epoch", "eval:b"]
    assert {step.eval.checkpoint for step in found.reading.steps} == {"/ck/epoch_1"}


def test_planned_evaluations_have_a_limit(bench, tmp_path):
    """A matrix is tasks times epochs; the product of two long lists is cut."""
    text = summary("r8") + (
        f"evaluation: {{matrix: [{{run: r8, tasks: [{', '.join('abcd')}],"
        f" epochs: {list(range(9))}}}]}}\n"
    )
    bench.write(tmp_path, {SUMMARY: text})
    found = bench.read("run_experiment_summary", tmp_path, "r8", Limits(members=10))[SUMMARY]
    assert len(found.reading.steps) == 11


def test_unknown_type_of_run_is_not_taken_for_a_training(read_one):
    """A word that no release knows is a problem."""
    found = read_one(SUMMARY, "experiment: {name: caps}\nruns: [{name: r8, type: new}]\n", "r8")
    assert found.reading.steps == ()
    assert found.codes == ["unknown-run-type"]


def test_run_that_the_design_does_not_name(read_one):
    """A directory that looks like a run and is none of the experiment's."""
    found = read_one(SUMMARY, summary("r8"), "stray")
    assert found.codes == ["unlisted-run"]
    assert found.claims == {"summary.experiment": "caps"}


def test_yaml_objects_are_never_made(read_one):
    """A tag is data."""
    text = summary("r8") + "controls: !!python/object/apply:os.system ['true']\n"
    found = read_one(SUMMARY, text, "r8")
    assert found.codes == ["yaml-tag"]
