"""Real runs of trackers, held to what their files say by eye."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def archived(cli: Cli, place: Path, archives: Path) -> dict[str, dict[str, Any]]:
    """Run id -> the record of each run below a directory."""
    assert cli("collect", place, "-o", archives).code == 0
    records = [json.loads(path.read_text("utf-8")) for path in archives.glob("*/*/record.json")]
    return {record["run"]["run_id"]: record for record in records}


def values(record: dict[str, Any]) -> dict[str, Any]:
    return {name: field["value"] for name, field in record["fields"].items()}


def test_online_runs(corpus: Path, cli: Cli, tmp_path: Path) -> None:
    """21 runs that were never closed; the copied latest run is none of its own.

    No log holds an exit record. Four end inside a record, two are empty: of one of those nothing
    but names is left.
    """
    found = archived(cli, corpus / "public" / "wandb__IvLabs__context_enhancement", tmp_path)
    assert len(found) == 21
    status = {run_id: values(record)["summary.status"] for run_id, record in found.items()}
    interrupted = {run_id for run_id, word in status.items() if word == "interrupted"}
    assert interrupted == {"13x89xbb", "283wh5ic", "1uvovpmg", "jb82kk3e"}
    assert status["1rof3sg8"] == status["24a5vtdd"] == "unknown"
    assert set(status.values()) == {"interrupted", "running", "unknown"}
    groups = {run_id: record["run"]["experiment"] for run_id, record in found.items()}
    for empty in ("1rof3sg8", "24a5vtdd"):
        assert groups.pop(empty) == "wandb__IvLabs__context_enhancement"
    assert set(groups.values()) == {"translation_test"}


def test_what_an_online_run_says_of_its_machine(corpus: Path, cli: Cli, tmp_path: Path) -> None:
    """As `wandb-metadata.json` and the log have it."""
    run = "wandb__IvLabs__context_enhancement/wandb/run-20220314_143035-2sjmj13q"
    told = values(archived(cli, corpus / "public" / run, tmp_path)["2sjmj13q"])
    wanted = {
        "summary.git_commit": "b0d9903bd05f2106a725b772a0233435242f724e",
        "summary.gpus": ["Quadro RTX 6000 x 1"],
        "summary.host": ["Roboticslab"],
        "summary.os": "Windows-10-10.0.19041-SP0",
        "summary.python": "3.7.11",
        "summary.started_at": "2022-03-14T09:00:35+00:00",
        "summary.torch": "1.10.1",
        "summary.user": "Welcome",
        "summary.conda_env": "context_enhancement",
    }
    assert {name: told[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("run_id", "system"),
    [
        ("8re9pzed", {"cpu": "%", "memory": "%", "proc.memory.availableMB": "MB"}),
        ("6ph91tit", {"memory_percent": "%", "disk./.usageGB": "GB"}),
    ],
)
def test_offline_runs_of_five_releases(
    run_id: str, system: dict[str, str], corpus: Path, cli: Cli, tmp_path: Path
) -> None:
    """Oldest and newest: one experiment, ended by an exit record, figures with their units."""
    found = archived(cli, corpus / "codex_ml" / "wandb-offline-matrix", tmp_path)
    assert set(found) == {"8re9pzed", "qet0jzmm", "q2hf2frk", "6kw5pjjo", "6ph91tit"}
    record = found[run_id]
    told = values(record)
    assert (told["summary.status"], told["summary.python"]) == ("success", "3.11.7")
    assert told["summary.experiment"] == "codex-offline"
    units = {item["key"]: item.get("unit") for item in record["series"]}
    assert {key: units[key] for key in system} == system
    (curve,) = [item for item in record["series"] if item["key"] == "train/loss"]
    assert (curve["points"], curve["first_step"], curve["last_step"]) == (120, 1, 120)
    assert curve["last"] == 2.4534846083831283


def test_every_source_tells_how_far_it_came(corpus: Path, cli: Cli, tmp_path: Path) -> None:
    """NDJSON ends at 240, the log of W&B at 120, the event file at 62, each of MLflow's at 60.

    None is a copy of another: their values differ. The training's figures are those of the
    longest curve, not of the result that was logged beside the hyper-parameters.
    """
    found = archived(cli, corpus / "codex_ml" / "ext-rotated-3shards", tmp_path)
    record = found.pop("3f0d5c1e-7a44-4b0e-9a3c-5b0f6f2f9a11")
    note = record["fields"]["summary.status"]["note"]
    for told in ("rows end at step 240", "last row at step 120", "last event at step 62"):
        assert told in note
    assert not any("shadow_of" in item for item in record["series"])
    (step,) = record["steps"]
    assert step["training"]["final_loss"] == 0.3049387536455673
    assert step["metrics"]["eval/loss"] == 0.40115432897566716
    lasts = {
        max(item["last_step"] for item in record["series"] if item["key"] == "train/loss")
        for record in found.values()
        if any(item["key"] == "train/loss" for item in record["series"])
    }
    assert (len(found), lasts) == (5, {60})


def test_ends_of_a_damaged_curve(corpus: Path, cli: Cli, tmp_path: Path) -> None:
    """Rows without a step are no end of it; the first one is that of step 0."""
    found = archived(cli, corpus / "codex_ml" / "malformed-truncated-nan", tmp_path)
    series = found["run-malformed"]["series"]
    (curve,) = [
        item
        for item in series
        if (item["key"], item.get("split"), item["type"]) == ("loss", "train", "number")
    ]
    assert (curve["first_step"], curve["last_step"]) == (0, 60)
    assert (curve["first"], curve["last"]) == (1.386, 0.5161210104932159)
