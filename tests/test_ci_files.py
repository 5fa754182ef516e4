"""What other repositories use of this one: the hooks for pre-commit and the GitHub action."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from archiver.outputs import github

ROOT = Path(__file__).resolve().parent.parent
KILLED = ROOT / "fixtures" / "runs" / "coordexp-killed" / "input"
CLEAN = ROOT / "fixtures" / "runs" / "hf_trainer-clean" / "input"


def document(name: str) -> Any:
    """One YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of somebody else's, with a damaged run and a file that is no artifact."""
    home = tmp_path / "repository"
    shutil.copytree(KILLED, home / "runs")
    (home / "package.json").write_text('{"name": "x"}')
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=home, check=True, capture_output=True)
    return home


def hooked(repository: Path, hook: dict[str, Any], *args: str) -> subprocess.CompletedProcess[str]:
    """Run a hook over all files with what is installed here, instead of in its own environment."""
    entry = hook["entry"].replace("runarchive", f"{sys.executable} -m archiver", 1)
    local = {**hook, "entry": entry, "language": "system", "args": list(args)}
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    (repository / "hooks.yaml").write_text(yaml.safe_dump(config), "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "-c", "hooks.yaml", "--all-files"],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(repository / ".cache"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_manifest_of_hooks_is_valid() -> None:
    """pre-commit accepts the manifest."""
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_hook_on_changed_artifacts(repository: Path) -> None:
    """Damaged artifacts fail at their place; files of no known kind do not."""
    artifacts, _ = document(".pre-commit-hooks.yaml")
    done = hooked(repository, artifacts)
    assert done.returncode == 1
    assert "error   logging.jsonl:8" in done.stdout
    assert "of no known kind" in done.stdout
    for name in ("logging.jsonl", "experiment_manifest.json", "train_heartbeat.rank0.jsonl"):
        (path,) = repository.rglob(name)
        path.unlink()
    subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
    done = hooked(repository, artifacts)
    assert done.returncode == 0, done.stdout


def test_hook_on_whole_runs(repository: Path) -> None:
    """The runs below the directories in `args` are audited as a whole."""
    _, runs = document(".pre-commit-hooks.yaml")
    done = hooked(repository, runs, "runs")
    assert done.returncode == 1
    assert "can this run be reproduced" in done.stdout


def acted(tmp_path: Path, where: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the last step of the action as a runner does: inputs in variables, bash with -e."""
    action = document("action.yml")
    step = action["runs"]["steps"][-1]
    command = tmp_path / "runarchive" / "bin" / "runarchive"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archiver "$@"\n')
    command.chmod(0o755)
    given = {name: spec.get("default", "") for name, spec in action["inputs"].items()} | {
        name.replace("_", "-"): value for name, value in inputs.items()
    }
    variables = {
        variable: given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
        for variable, expression in step["env"].items()
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=where,
        env={**os.environ, **variables, "RUNNER_TEMP": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_action_annotates_and_fails(tmp_path: Path, repository: Path) -> None:
    """Findings become annotations, errors fail the step, the SARIF report is written as well."""
    done = acted(tmp_path, repository, paths="runs\n", sarif="found.sarif")
    assert done.returncode == 1
    assert "::error file=runs/" in done.stdout
    assert (repository / "found.sarif").stat().st_size > 0
    assert github.ENCODER.name in document("action.yml")["runs"]["steps"][-1]["run"]


def test_action_takes_its_inputs_literally(tmp_path: Path, repository: Path) -> None:
    """What an input holds is never run; a threshold and a policy reach the command."""
    done = acted(tmp_path, repository, paths='runs"; touch hacked; "')
    assert done.returncode == 2
    assert not (repository / "hacked").exists()
    assert acted(tmp_path, repository, paths="runs", fail_on="never").returncode == 0
    (repository / "p.toml").write_text('fail-on = "never"\n')
    assert acted(tmp_path, repository, paths="runs", policy="p.toml").returncode == 0


def test_action_on_a_clean_run(tmp_path: Path) -> None:
    """Nothing but notes: the step passes."""
    shutil.copytree(CLEAN, tmp_path / "work" / "runs")
    done = acted(tmp_path, tmp_path / "work", paths="runs")
    assert done.returncode == 0, done.stdout + done.stderr
