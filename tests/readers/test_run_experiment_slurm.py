"""SLURM scripts: what was asked for and what was run, as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TRAIN = "tune run kit.recipe --config finetune.yaml\n"


def script(*directives, body=TRAIN):
    """A script with these directives; with one of little interest where there are none."""
    lines = "".join(f"#SBATCH {text}\n" for text in directives or ("--mem=80G",))
    return f"#!/bin/bash\n{lines}{body}"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_slurm", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_slurm")


@pytest.mark.parametrize("line", ["--account=<ACT>", "--partition=<PART>", "-C <CONST>"])
def test_placeholders_are_no_values(read_one, line):
    """Nobody filled them in."""
    found = read_one("finetune.slurm", script("--nodes=1", line))
    assert found.reading.configs[0].values["sbatch"] == {"nodes": "1"}
    assert found.reading.extras["placeholders"] == 1


def test_requested_gpus_are_no_gpus_of_the_run(read_one):
    """What was asked for is in the launcher's configuration, not in the summary."""
    found = read_one("finetune.slurm", script("--gres=gpu:a100:4"))
    assert "summary.gpus" not in found.claims
    assert found.reading.extras == {"requested_gpus": 4}


def test_variables_and_substitutions_stay_as_written(read_one):
    """Nothing is expanded, looked up or run."""
    body = (
        'export TOKEN="$(cat /etc/passwd)"\nexport OUT=`id`\n'
        "tune run --nproc_per_node=$SLURM_GPUS kit.recipe --config ${DIR}/finetune.yaml\n"
    )
    found = read_one("finetune.slurm", script(body=body))
    assert found.claims["repro.env.TOKEN"] == "$(cat /etc/passwd)"
    assert found.claims["repro.env.OUT"] == "`id`"
    (step,) = found.reading.steps
    assert step.command.procs_per_node is None
    assert step.command.argv[-1] == "${DIR}/finetune.yaml"


def test_directives_after_the_first_command_do_not_count(read_one):
    """The scheduler does not read them."""
    found = read_one(
        "finetune.slurm", script("--nodes=1", body=f"cd x\n#SBATCH --nodes=9\n{TRAIN}")
    )
    assert found.reading.steps[0].command.nodes == 1
    assert found.codes == ["late-directive"]


def test_training_environment_is_not_told_by_evaluations(read):
    """What an evaluation exports is not what the run was trained with."""
    body = "export A=1\ninspect eval caps.py@caps\n"
    found = read({"eval/caps/cell.slurm": script(body=body)})["eval/caps/cell.slurm"]
    assert found.claims == {}


def test_command_text_in_a_here_document_is_no_command(read_one):
    """It is the input of another one."""
    body = f"cat > note <<'EOF'\ntune run other --config x\nEOF\n{TRAIN}"
    found = read_one("finetune.slurm", script(body=body))
    assert found.reading.steps[0].command.argv[2] == "kit.recipe"


def test_redirections_and_pipes_end_the_command(read_one):
    """The words of the command are its own; the line is kept whole."""
    body = "srun tune run kit.recipe --config f.yaml > out.log 2>&1 && echo ok\n"
    (step,) = read_one("finetune.slurm", script(body=body)).reading.steps
    assert step.command.argv == ("tune", "run", "kit.recipe", "--config", "f.yaml")
    assert step.command.shell == body.strip()


def test_script_that_is_too_long_is_read_from_its_beginning(read_one):
    """No script is that long; what stands first is used."""
    found = read_one("finetune.slurm", script(body=TRAIN + "# " + "x" * 70_000 + "\n"))
    assert found.reading.steps[0].command.launcher == "tune run"
    assert found.codes == ["size-limit"]


def test_configuration_is_the_file_beside_the_script(read):
    """Where it is there; else the words that were used."""
    files = {
        "r8/finetune.slurm": script(),
        "r8/finetune.yaml": "a: 1\n",
        "r9/finetune.slurm": script(),
    }
    found = read(files)
    assert found["r8/finetune.slurm"].claims["config.pipeline_config"] == "r8/finetune.yaml"
    assert found["r9/finetune.slurm"].claims["config.pipeline_config"] == "finetune.yaml"


def test_configuration_outside_of_the_run_is_text(read_one):
    """A path that leads out is kept as written and looked for nowhere."""
    found = read_one("finetune.slurm", script(body="tune run x --config=../../etc/x.yaml\n"))
    assert found.claims["config.pipeline_config"] == "../../etc/x.yaml"
