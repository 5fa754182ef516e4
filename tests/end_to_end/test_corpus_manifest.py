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
    assert fields["summary.gpus"] == ["2 x NVIDIA A100-SXM4-80GB"]
    assert fields["summary.cuda_driver"] == "550.54.15"
    assert fields["summary.python"] == "3.11.7"
    installed = {item["name"]: item["version"] for item in found["dependencies"]}
    assert installed == {
        "certifi": "2025.10.5", "codex_ml": None, "filelock": "3.20.0", "numpy": "2.3.4",
        "torch": None, "transformers": "4.57.1",
    }  # fmt: skip
