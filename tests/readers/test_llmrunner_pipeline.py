"""LLMRunner's settings: steps, places, resolved values, and the experiments of a root."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.rundir import RunDir

HOME = "configs/experiments/tiny"
POOL = "datapool/experiments/tiny"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("llmrunner_pipeline", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "llmrunner_pipeline")


def members(directory):
    """The runs that the root's settings name."""
    limits = Limits()
    reader = next(one for one in registry.readers() if one.name == "llmrunner_pipeline")
    found = {}
    with RunDir(directory, "run", limits) as run:
        tree = run.walk()
        for selection in reader.select(tree):
            artifact = Artifact(run, tree, selection.files, selection.path, limits)
            found[selection.path] = reader.members(artifact)
            artifact.close()
    return found


def plans(found):
    """Id -> number, whether it is on, and places."""
    return {p.step_id: (p.number, p.enabled, p.places) for p in found.reading.plans}


def test_places_of_steps(bench):
    """Logs of the run id that is set, the directories and files that a step writes."""
    found = bench.read("llmrunner_pipeline", bench.input("llmrunner_pipeline"))[HOME]
    assert plans(found) == {
        "tokenize_cpt_0": (1, True, (f"{POOL}/data/tokenized/cpt/tiny_text_document.idx",)),
        "mg2hf_0@2": (2, False, ()),
        "train_cpt_0": (
            3, True, (".llmrunner/logs/r7/train_cpt_0.log", f"{POOL}/model/cpt_checkpoints"),
        ),
        "mg2hf_0": (4, True, ()),
        "eval_0": (5, True, ()),
    }  # fmt: skip


def test_a_place_of_two_trainings_is_nobodys(read):
    """Which of them wrote there, names do not tell; a conversion yields to a training."""
    save = 'SAVE_DIR = "${DATAPOOL_ROOT}/model/a"\n'
    found = read(
        {
            f"{HOME}/pipeline.py": 'DATAPOOL_ROOT = "${DATAPOOL}/experiments/tiny"\n'
            'STEPS = [{"type": "train_cpt"}, {"type": "train_cpt"}, {"type": "train_sft"},'
            ' {"type": "mg2hf"}]\n',
            f"{HOME}/steps/train_cpt_0.py": save,
            f"{HOME}/steps/train_cpt_1.py": save,
            f"{HOME}/steps/train_sft_0.py": 'SAVE_DIR = "${DATAPOOL_ROOT}/model/b"\n',
            f"{HOME}/steps/mg2hf_0.py": 'OUT_HF_DIR = "${DATAPOOL_ROOT}/model/b"\n',
            f"{POOL}/model/a/x": "x",
            f"{POOL}/model/b/x": "x",
        }
    )[HOME]
    assert [places for _, _, places in plans(found).values()] == [(), (), (f"{POOL}/model/b",), ()]


def test_absolute_paths_below_the_root_are_found(read):
    """Where the settings spell the root, a path below it is one of the tree."""
    found = read(
        {
            "configs/pipeline.env": "DATAPOOL_ROOT=/srv/lr/datapool\nSTEP_TRAIN_CPT_ENABLED=1\n",
            "configs/steps/train_cpt.env": "SAVE_DIR=${DATAPOOL_ROOT}/model/cpt\n",
            "datapool/model/cpt/x": "x",
        }
    )["configs"]
    assert plans(found)["train_cpt"][2] == ("datapool/model/cpt",)


def test_a_path_that_leads_out_is_no_place(read):
    """`..` is never followed."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'RUN_ID = "a"\nSTEPS = ["train_cpt_0"]\n',
            f"{HOME}/steps/train_cpt_0.py": 'SAVE_DIR = "${ROOT_DIR}/../datapool"\n'
            'OUTPUT_X = "../a"\n',
            "datapool/x": "x",
            "a/x": "x",
        }
    )[HOME]
    assert [places for _, _, places in plans(found).values()] == [()]


def test_a_dry_run_by_its_settings(read):
    """Only `1` is dry, and only where no log says that it ran."""
    files = {f"{HOME}/steps/eval_0.py": "A = 1\n"}
    pipeline = 'RUN_ID = "a"\nDRY_RUN = {}\nSTEPS = ["eval_0"]\n'
    for value, status in (("1", "skipped"), ("True", "unknown"), ("0", "unknown")):
        found = read({**files, f"{HOME}/pipeline.py": pipeline.format(value)})[HOME]
        step = found.reading.steps[0]
        assert (step.status, step.status_word == "dry run") == (status, status == "skipped")
        assert ("repro.env.DRY_RUN" in found.claims) == (value == "1")


def test_a_dry_run_that_has_a_log_is_not_called_dry(read):
    """The settings may have been edited after the run."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'RUN_ID = "a"\nDRY_RUN = 1\nSTEPS = ["eval_0"]\n',
            f"{HOME}/steps/eval_0.py": "A = 1\n",
            ".llmrunner/logs/a/eval_0.log": "x\n",
        }
    )[HOME]
    assert found.reading.steps[0].status == "unknown"


def test_a_stale_log_of_a_disabled_step(read):
    """It is of an earlier execution."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'RUN_ID = "a"\nSTEPS = [{"type": "eval", "enabled": 0}]\n',
            f"{HOME}/steps/eval_0.py": "A = 1\n",
            ".llmrunner/logs/a/eval_0.log": "x\n",
        }
    )[HOME]
    assert found.codes == ["stale-log"]
    assert found.reading.steps[0].status == "skipped"


def test_a_step_without_settings(read):
    """The runner would stop there; the step stays in the plan."""
    found = read({f"{HOME}/pipeline.py": 'RUN_ID = "a"\nSTEPS = [{"type": "eval"}]\n'})[HOME]
    assert found.codes == ["missing-step-settings"]
    assert found.reading.steps[0].config is None


def test_step_settings_know_only_some_keys_of_the_pipeline(read):
    """A step of the newer eras cannot refer to any key that it likes."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'MODEL_PREFIX = "m"\nOTHER = "o"\nSTEPS = ["eval_0"]\n'
            'RUN_ID = "r"\n',
            f"{HOME}/steps/eval_0.py": 'A = "${MODEL_PREFIX} ${OTHER}"\n',
        }
    )[HOME]
    assert found.reading.steps[0].params["A"].value == "m ${OTHER}"


def test_a_default_run_id_is_not_claimed(read):
    """Empty means `run`, which names no run."""
    found = read({f"{HOME}/pipeline.py": 'RUN_ID = ""\nSTEPS = []\nSTEP_EVAL_ENABLED = 0\n'})[HOME]
    assert "summary.run_id" not in found.claims


def test_settings_that_stand_alone(read):
    """Somebody kept the experiment's directory and nothing else."""
    found = read(
        {"pipeline.py": 'STEPS = ["eval_0"]\nWORKDIR = "/w"\n', "steps/eval_0.py": "A = 1\n"}
    )["pipeline.py"]
    assert found.match == "yes"
    assert found.claims["paths.workdir"] == "/w"
    assert [config.id for config in found.reading.configs][:2] == ["pipeline.py", "steps/eval_0.py"]


def test_settings_are_never_run(read, tmp_path):
    """A call is text."""
    target = tmp_path / "ran"
    source = f"import os\nos.mkdir({str(target)!r})\nSTEPS = ['eval_0']\nRUN_ID = 'a'\n"
    assert read({f"{HOME}/pipeline.py": source})[HOME].match == "yes"
    assert not target.exists()


def test_settings_without_end_are_bounded(read):
    """Parsing is slow; a hundred files of the largest size are not all parsed."""
    big = "X = [" + "0," * 60_000 + "]\n"
    steps = {f"{HOME}/steps/eval_{n}.py": big for n in range(12)}
    found = read({f"{HOME}/pipeline.py": 'RUN_ID = "a"\nSTEPS = ["eval_0"]\n', **steps})[HOME]
    assert set(found.codes) == {"size-limit"}
    assert (found.reading.accounting.read, found.reading.accounting.corrupt) == (9, 4)


def two(bench, tmp_path, logs):
    """A root with two experiments."""
    bench.write(
        tmp_path,
        {
            **{
                f"configs/experiments/{name}/pipeline.py": f'DATAPOOL_ROOT = "${{DATAPOOL}}'
                f'/experiments/{pool}"\nSTEPS = ["eval_0"]\n'
                for name, pool in (("a", "a"), ("b", "b-pool"))
            },
            **logs,
        },
    )
    return members(tmp_path)


def test_one_experiment_is_the_whole_root(bench):
    """Nothing needs to be parted."""
    assert members(bench.input("llmrunner_pipeline")) == {HOME: ()}


def test_each_experiment_of_a_root_is_a_run(bench, tmp_path):
    """Told once; a log goes to the experiment that its paths speak of, else to each."""
    found = two(
        bench,
        tmp_path,
        {
            ".llmrunner/logs/run/eval_0.log": "save=/x/datapool/experiments/b-pool/model\n",
            ".llmrunner/logs/run/hf2mg_0.log": "nothing\n",
            "nohup.out": "[2026-02-20 10:00:00] config_dir=/x/configs/experiments/a\n",
            "datapool/experiments/a/x.log": "x\n",
        },
    )
    assert found["configs/experiments/b"] == ()
    assert [(m.name, m.home, m.paths) for m in found["configs/experiments/a"]] == [
        (
            "a", "",
            ("configs/experiments/a", "configs/common", "datapool/experiments/a",
             ".llmrunner/logs/run/hf2mg_0.log", "nohup.out"),
        ),
        (
            "b", "",
            ("configs/experiments/b", "configs/common", "datapool/experiments/b-pool",
             ".llmrunner/logs/run/eval_0.log", ".llmrunner/logs/run/hf2mg_0.log"),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["pipeline.py", "pipeline.env"])
def test_names_alone_make_no_pipeline(read, name):
    """Other programs have such files."""
    assert [found.match for found in read({f"x/{name}": "A=1\n"}).values()] == ["no"]


def test_conversions_to_one_directory_wipe_each_other(read):
    """It is cleared before each; one of its own, or that of a step that is off, is not."""
    on = '{"type": "mg2hf"}'
    steps = f'[{on}, {on}, {on}, {{"type": "mg2hf", "enabled": 0}}]'
    files = {
        f"{HOME}/pipeline.py": f'DATAPOOL_ROOT = "/d"\nSTEPS = {steps}\n',
        f"{HOME}/steps/mg2hf_0.py": 'OUT_HF_DIR = "${DATAPOOL_ROOT}/model/hf_cpt"\n',
        f"{HOME}/steps/mg2hf_1.py": "A = 1\n",
        f"{HOME}/steps/mg2hf_2.py": 'HF_OUTPUT_DIR = "${DATAPOOL_ROOT}/model/hf/"\n',
    }
    problems = read(files)[HOME].reading.problems
    assert [(p.code, p.message) for p in problems] == [
        ("export-wiped", "mg2hf_2 clears the directory that mg2hf_1 exports to")
    ]


def test_modules_of_the_second_era_do_not_refer_to_themselves(read):
    """One pass over the pipeline's keys; a shell that sources a file sees what stands above."""
    found = read(
        {
            f"{HOME}/pipeline.env": "WORKDIR=/w\nSTEP_EVAL_ENABLED=1\nSTEP_TRAIN_SFT_ENABLED=1\n",
            f"{HOME}/steps/eval.py": 'A = "${WORKDIR}"\nB = "${A}"\n',
            f"{HOME}/steps/train_sft.env": "A=${WORKDIR}\nB=${A}\n",
        }
    )[HOME]
    steps = {step.step_id: step.params for step in found.reading.steps}
    assert (steps["eval"]["A"], steps["eval"]["B"].value) == ("/w", "${A}")
    assert steps["train_sft"] == {"A": "/w", "B": "/w"}


def test_the_configured_environment_of_the_first_eras(read):
    """The key was dropped later; what is configured is derived."""
    text = "CONDA_ENV=mega\nRUN_ID=a\nSTEP_EVAL_ENABLED=1\n"
    found = read({"configs/pipeline.env": text, "configs/steps/eval.env": "A=1\n"})["configs"]
    claim = next(c for c in found.reading.claims if c.field == "summary.conda_env")
    assert (claim.value, claim.origin.value, str(claim.at)) == (
        "mega", "derived", "configs/pipeline.env#L1",
    )  # fmt: skip


def test_retries_follow_from_there_being_no_such_feature(read):
    """A trainer may have been started again by itself, so of it nobody knows."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'RUN_ID = "a"\nSTEPS = ["mg2hf_0", {"step": "train_sft"}]\n',
            f"{HOME}/steps/mg2hf_0.py": "A = 1\n",
            f"{HOME}/steps/train_sft_0.py": "A = 1\n",
        }
    )[HOME]
    convert, train = found.reading.steps
    assert (convert.retries, convert.sources["retries"].rule) == (0, "no-retry-feature")
    assert (train.step_id, train.retries, "retries" in train.sources) == (
        "train_sft_0",
        None,
        False,
    )


def test_what_a_step_wrote_and_what_it_trained(read):
    """Outputs that are there, of the configured ones; the pipeline names the model."""
    found = read(
        {
            f"{HOME}/pipeline.py": 'DATAPOOL_ROOT = "${DATAPOOL}/experiments/tiny"\n'
            'BASE_MODEL_NAME = "Tiny"\nSTEPS = ["tokenize_cpt_0", "train_cpt_0"]\n',
            f"{HOME}/steps/tokenize_cpt_0.py": 'OUTPUT_PREFIX = "${DATAPOOL_ROOT}/data/t"\n',
            f"{HOME}/steps/train_cpt_0.py": 'SAVE_DIR = "${DATAPOOL_ROOT}/model/gone"\n',
            f"{POOL}/data/t_text_document.bin": "x",
            f"{POOL}/data/t_text_document.idx": "x",
        }
    )[HOME]
    tokenize, train = found.reading.steps
    assert tokenize.outputs["present"] == [
        f"{POOL}/data/t_text_document.bin", f"{POOL}/data/t_text_document.idx",
    ]  # fmt: skip
    assert ("present" in train.outputs, "base_model" in tokenize.inputs) == (False, False)
    assert train.inputs["base_model"] == "Tiny"


@pytest.mark.parametrize("name", ["*", "eval_?", "[e]val_0", "../run/eval_0"])
def test_an_id_is_no_pattern_and_no_path(read, name):
    """Logs of others do not become the step's own."""
    found = read(
        {
            f"{HOME}/pipeline.py": f'RUN_ID = "a"\nSTEPS = [{{"type": "eval", "id": "{name}"}}]\n',
            ".llmrunner/logs/run/eval_0.log": "x\n",
        }
    )[HOME]
    assert [places for _, _, places in plans(found).values()] == [()]


def test_trainers_have_a_path_and_no_version(read):
    """A path is no version; one that only the environment knew is none at all."""
    text = 'RUN_ID = "a"\nSTEPS = ["eval_0"]\nMEGATRON = "/srv/mg"\nMINDSPEED = "${MINDSPEED}"\n'
    found = read({f"{HOME}/pipeline.py": text, f"{HOME}/steps/eval_0.py": "A = 1\n"})[HOME]
    (trainer,) = found.reading.dependencies
    assert (trainer.name, trainer.version, trainer.note, trainer.origin.value) == (
        "megatron", None, "configured at /srv/mg", "derived",
    )  # fmt: skip
