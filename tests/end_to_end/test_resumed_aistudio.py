"""An ai-studio experiment that was resumed in place: its versions are starts of one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

HEADER = "epoch,lr-Adam,step,train_loss,val_loss\r\n"
FIRST = HEADER + "".join(
    (
        ",0.1,0,,\r\n0,,4,,2.5\r\n0,,4,3.0,\r\n",
        ",0.1,5,,\r\n1,,9,,2.25\r\n1,,9,2.0,\r\n",
        ",0.1,10,,\r\n2,,14,,2.125\r\n2,,14,1.5,\r\n",
    )
)
"""Three epochs of five steps."""
SECOND = HEADER + "".join(
    (
        ",0.1,5,,\r\n1,,9,,1.75\r\n1,,9,1.875,\r\n",
        ",0.1,10,,\r\n2,,14,,1.5\r\n2,,14,1.25,\r\n",
        ",0.1,15,,\r\n3,,19,,1.25\r\n3,,19,1.125,\r\n",
    )
)
"""Resumed after the first epoch, whose checkpoint was the last one."""
EXPERIMENT = {
    "id": "exp-52f003c5",
    "name": "Resumed",
    "created_at": "2026-02-20T18:44:00Z",
    "status": "completed",
    "started_at": "2026-02-20T19:00:00Z",
    "completed_at": "2026-02-20T19:10:00Z",
    "split_name": "Default 70-20-10",
    "model": {"backbone": "resnet18"},
    "hyperparameters": {"max_epochs": 4, "early_stopping_patience": 0},
    "best_epoch": None,
    "best_checkpoint_path": None,
}
EPOCHS = [
    {"epoch": 1, "val_loss": 2.5},
    {"epoch": 2, "val_loss": 2.25, "train_loss": 3.0},
    {"epoch": 3, "val_loss": 2.125, "train_loss": 2.0},
    {"epoch": 4, "val_loss": 1.25, "train_loss": 1.25},
]
"""Epochs 2 and 3 were not recorded again: they are of the discarded trajectory."""


@pytest.fixture
def resumed(tmp_path: Path) -> Path:
    """The run directory."""
    home = tmp_path / "exp-52f003c5"
    files = {
        "experiment.json": json.dumps(EXPERIMENT),
        "metrics.json": json.dumps({"epochs": EPOCHS}),
        "lightning_logs/version_0/metrics.csv": FIRST,
        "lightning_logs/version_0/hparams.yaml": "learning_rate: 0.1\n",
        "lightning_logs/version_1/metrics.csv": SECOND,
        "lightning_logs/version_1/hparams.yaml": "learning_rate: 0.1\n",
    }
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(text.encode())
    return home


def test_a_resume_supersedes_what_it_trained_again(
    resumed: Path, collected: Callable[..., Path]
) -> None:
    """One curve: epoch 1 of the first start, epochs 2 to 4 of the second, and 20 steps done."""
    record = json.loads((collected(resumed) / "record.json").read_text())
    (loss,) = [item for item in record["series"] if item.get("canonical") == "loss"]
    kept = [loss[name] for name in ("points", "superseded", "segments", "first", "last")]
    assert kept == [4, 2, 2, 3.0, 1.125]
    (step,) = record["steps"]
    assert step["training"]["final_loss"] == 1.125
    assert step["training"]["steps"] == 20
    assert step["retries"] == 1
    assert [item["status"] for item in step["attempts"]] == ["interrupted", "success"]


def test_the_list_of_epochs_is_told_to_mix_trajectories(
    resumed: Path, collected: Callable[..., Path]
) -> None:
    """Its values of epochs 2 and 3 are nobody's result; the log's are preferred."""
    record = json.loads((collected(resumed) / "record.json").read_text())
    codes = [item["code"] for item in record["problems"]]
    assert "discarded-trajectory" in codes
    (step,) = record["steps"]
    assert step["metrics"]["val_loss"] == 1.25
