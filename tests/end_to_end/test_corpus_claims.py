"""Real runs of ai-studio and Lightning, and directories of nobody's, read by eye."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def record_of(archive: Path) -> dict[str, Any]:
    """The record of an archive."""
    found: dict[str, Any] = json.loads((archive / "record.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("run", "steps"),
    [
        ("aistudio-completed", 48),
        ("aistudio-early-stopped", 18),
        ("aistudio-failed-exception", 18),
        ("aistudio-killed-midway", 18),
        ("aistudio-nan-infinity", 6),
        ("runjson-completed-mae-min", 28),
        ("runjson-failed-exception", 8),
        ("plain-lightning/lightning_logs/version_0", 18),
        ("plain-lightning/lightning_logs/version_1", 24),
    ],
)
def test_steps_done(corpus: Path, collected: Callable[..., Path], run: str, steps: int) -> None:
    """One more than the last row of the training, which counts from 0; a test stands there."""
    (step,) = record_of(collected(corpus / "lightning" / run))["steps"]
    assert step["training"]["steps"] == steps


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("aistudio-completed", None),
        ("aistudio-early-stopped", "after 6 of at most 40 epochs"),
        ("aistudio-failed-exception", None),
        ("aistudio-nan-infinity", None),
        ("runjson-completed-mae-min", None),
    ],
)
def test_early_stops(
    corpus: Path, collected: Callable[..., Path], run: str, told: str | None
) -> None:
    """Only visible as fewer epochs; derived, and beside the status."""
    archive = collected(corpus / "lightning" / run)
    (step,) = record_of(archive)["steps"]
    assert step["outputs"].get("ended_early") == told
    assert ("; ended after" in (archive / "ARCHIVE.md").read_text("utf-8")) is (told is not None)


@pytest.mark.parametrize(
    "run",
    ["aistudio-completed", "aistudio-early-stopped", "aistudio-nan-infinity",
     "aistudio-killed-midway", "runjson-completed-mae-min"],
)  # fmt: skip
def test_one_evaluation_loss(corpus: Path, collected: Callable[..., Path], run: str) -> None:
    """`val_loss` of metrics.json is that of Lightning's log, whatever the axis."""
    series = record_of(collected(corpus / "lightning" / run))["series"]
    (loss,) = [item for item in series if item.get("canonical") == "eval_loss"]
    assert loss["source"].startswith("lightning_logs/version_0/")
    (shadow,) = [s for s in series if s["key"] == "val_loss" and s["source"] == "metrics.json"]
    assert shadow["shadow_of"] == loss["source"]


def test_captured_streams_claim_no_run(corpus: Path, collected: Callable[..., Path]) -> None:
    """Captures of several runs: each is a step with its own end and loss."""
    record = record_of(collected(corpus / "lightning" / "_sse"))
    assert "summary.run_id" not in record["fields"]
    ends = {step["at"]["path"]: step["status"] for step in record["steps"]}
    assert ends == {
        "api_stream.completed.txt": "success",
        "api_stream.naninf.txt": "success",
        "notifier.completed.jsonl": "success",
        "notifier.failed.jsonl": "failed",
        "notifier.killed.jsonl": "unknown",
    }


@pytest.mark.parametrize(
    ("directory", "told"),
    [
        ("nanogpt-custom__karpathy__nanoGPT", "12 curves in 12 files"),
        ("megatron-golden__NVIDIA__Megatron-LM", "37 curves in 37 files"),
    ],
)
def test_nobodys_curves_are_no_result(
    corpus: Path, collected: Callable[..., Path], directory: str, told: str
) -> None:
    """Many runs in one directory: none of their losses stands for it, and the rest is listed."""
    archive = collected(corpus / "public" / directory)
    document = (archive / "ARCHIVE.md").read_text("utf-8")
    assert f"- **Loss**: {told}, which end between" in document
    assert "### Files of No Known Kind" in document
    assert record_of(archive)["steps"] == []
