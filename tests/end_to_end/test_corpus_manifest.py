"""Real codex_ml runs and MLflow stores: lockfiles, checkpoints, environments, tracked runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Collect = Callable[..., Path]


def record(archive: Path) -> dict[str, Any]:
    """The record of an archive."""
    return json.loads((archive / "record.json").read_bytes())


@pytest.mark.parametrize(
    "name", ["lock-match", "lock-mismatch-edited", "lock-null-git-null", "ext-rotated-3shards"]
)
def test_verdicts_as_recomputed(corpus: Path, cli: Callable[..., Any], tmp_path: Path, name: str):
    """Each manifest's digest against the lockfile, as an independent script compared them."""
    expected = json.loads((corpus / "expected/codex_ml.lock_check.json").read_bytes())
    wanted = {
        (item["recorded"], item["match"])
        for path, item in expected.items()
        if path.startswith(f"{name}/")
    }
    assert cli("collect", corpus / "codex_ml" / name, "-o", tmp_path).code == 0
    (found,) = [
        record(path.parent)
        for path in tmp_path.glob("*/*/record.json")
        if record(path.parent)["run"]["directory"] == name
    ]
    outcome = {"match": True, "mismatch": False, "not_recorded": None}
    told = {
        (entry["recorded_sha256"], outcome[entry["verdict"]])
        for entry in found["lockfiles"]
        if entry["path"] == "uv.lock"
    }
    assert told == wanted


def test_nested_digest_of_another_lock(corpus: Path, collected: Collect) -> None:
    """Null at the top, and the digest of `requirements/lock.txt` below."""
    found = record(collected(corpus / "codex_ml/lock-null-git-null"))
    assert [(entry["path"], entry["verdict"]) for entry in found["lockfiles"]] == [
        ("requirements/lock.txt", "match"),
        ("uv.lock", "not_recorded"),
    ]
    assert "summary.git_commit" not in found["fields"]
    assert found["fields"]["repro.env.PYTHONHASHSEED"]["value"] == "0"
    assert found["fields"]["repro.env.CODEX_DDP"]["value"] is None


def test_locked_packages(corpus: Path, collected: Collect) -> None:
    """Thirteen packages of the edited lock, numpy among them with the edited version."""
    found = record(collected(corpus / "codex_ml/lock-mismatch-edited"))
    locked = {item["name"]: item["version"] for item in found["dependencies"]}
    assert (len(locked), locked["numpy"], locked["certifi"]) == (13, "2.3.5", "2025.10.5")


def test_checkpoint_of_the_core_saver(corpus: Path, collected: Collect) -> None:
    """Recorded and computed digests stand side by side."""
    found = record(collected(corpus / "codex_ml/lock-match"))
    (item,) = found["checkpoints"]
    assert (item["path"], item["step"], item["epoch"], item["metric"]) == (
        "checkpoints/epoch-0001", 1, 1.0, 0.7461967750874422,
    )  # fmt: skip
    payload = "checkpoints/epoch-0001/ckpt-20261120-091502-318774-0001.pt"
    digests = {(entry["origin"], entry["value"]) for entry in item["digests"]
               if entry["path"] == payload}  # fmt: skip
    value = "0521f8ab7f344989ec6ee62685829f1495ffc00e2f0ab478f74a443b0513c0d7"
    assert digests == {("recorded", value), ("derived", value)}


def test_flat_checkpoints_and_environment(corpus: Path, collected: Collect) -> None:
    """Three flat checkpoints, the last by `checksums.json`; the machine as it was captured."""
    found = record(collected(corpus / "codex_ml/functional-train"))
    assert [(item["path"], item["epoch"], item["tags"]) for item in found["checkpoints"]] == [
        ("epoch-0.pt", 0.0, ["other"]),
        ("epoch-1.pt", 1.0, ["other"]),
        ("epoch-2.pt", 2.0, ["last"]),
    ]
    fields = {name: item["value"] for name, item in found["fields"].items()}
    assert fields["summary.gpus"] == ["NVIDIA A100-SXM4-80GB x 2"]
    assert fields["summary.cuda_driver"] == "550.54.15"
    assert fields["summary.python"] == "3.11.7"
    installed = {item["name"]: item["version"] for item in found["dependencies"]}
    assert installed == {
        "certifi": "2025.10.5", "codex_ml": None, "filelock": "3.20.0", "numpy": "2.3.4",
        "torch": None, "transformers": "4.57.1",
    }  # fmt: skip


def runs_of(cli: Callable[..., Any], source: Path, archives: Path) -> dict[str, dict[str, Any]]:
    """Directory name -> record, of every archive."""
    assert cli("collect", source, "-o", archives).code == 0
    found = [record(path.parent) for path in archives.glob("*/*/record.json")]
    return {item["run"]["directory"]: item for item in found}


STATUS = {"FINISHED": "success", "FAILED": "failed", "KILLED": "interrupted"}


def test_store_of_its_own(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    """One archive per run, each with the metrics that MLflow itself counted."""
    expected = json.loads((corpus / "expected/codex_ml.mlflow.json").read_bytes())
    name = "mlflow-filestore-3.17.2/mlruns"
    experiment = expected[name]["789041706871322352"]
    found = runs_of(cli, corpus / "codex_ml" / name, tmp_path)
    assert set(found) == set(experiment["runs"])
    for run_id, wanted in experiment["runs"].items():
        run = found[run_id]
        fields = {key: item["value"] for key, item in run["fields"].items()}
        assert fields["summary.experiment"] == "codex"
        assert fields["summary.status"] == STATUS[wanted["status"]]
        params = [item["values"] for item in run.get("configs", ()) if item["id"] == "params"]
        assert len(params[0] if params else {}) == wanted["params"]
        points = {
            item["key"]: item["points"] + item.get("duplicates", 0) + item.get("overwritten", 0)
            for item in run["series"]
        }
        assert points == {key: count for key, (count, _) in wanted["metrics"].items()}
        codes = [item["code"] for item in run.get("problems", ())]
        assert codes == (["deleted-run"] if wanted["stage"] == "deleted" else [])


def test_nested_run(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    """The child names its parent; the deleted run keeps its status."""
    found = runs_of(cli, corpus / "codex_ml/mlflow-filestore-3.17.2", tmp_path)
    assert found["8b3d6199d30f4b79b8cb99c40fe9dabd"]["run"]["related"] == [
        {"relation": "parent", "run_id": "5d47153036ca499489bf666f7bbcb74b"}
    ]
    params = found["aac52b45b9794fd69007d819987582a9"]["configs"]
    values = next(item["values"] for item in params if item["id"] == "params")
    assert (values["multi"], values["empty"], values["training.lr"]) == (
        "line one\nline two: x", "", "5e-05",
    )  # fmt: skip


def test_store_inside_of_a_run(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    """Several runs of a store are runs of their own, and none speaks for the one around them."""
    found = runs_of(cli, corpus / "codex_ml/ext-rotated-3shards", tmp_path)
    assert len(found) == 6
    around = found["ext-rotated-3shards"]
    assert "mlflow" not in around["run"]["producers"]
    assert not [item for item in around["series"] if "mlruns" in item["source"]]
    assert around["fields"]["summary.status"]["value"] != "failed"
