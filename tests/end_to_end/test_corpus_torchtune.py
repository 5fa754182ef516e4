"""Real torchtune runs on SLURM with their evaluations: values read by eye and by inspect-ai."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Found = dict[str, tuple[dict[str, Any], pd.DataFrame]]
RANK4, RANK8, BASE = (f"Llama-3.2-1B-Instruct_{name}" for name in ("rank4", "rank8", "base"))
CAPS = "eval:capitalization"
LOG = "artifacts/logs/log_*.txt"
STDOUT = "artifacts/slurm-*.out"
# Of both evaluations in their order, as inspect-ai's own reader gives them.
ACCURACY = {
    RANK4: {"epoch0": 0.4, "epoch1": 0.9},
    RANK8: {"epoch0": 0.4, "epoch1": 0.9},
}


@pytest.fixture
def archived(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> Callable[[str], Found]:
    """Archive a directory of the corpus: run -> record and points."""

    def run(name: str) -> Found:
        ran = cli("collect", corpus / name, "-o", tmp_path / "archives")
        assert (ran.code, ran.err) == (0, "")
        found: Found = {}
        for path in sorted(tmp_path.glob("archives/*/*/record.json")):
            record = json.loads(path.read_bytes())
            points = path.parent / "metrics.parquet"
            table = pd.read_parquet(points) if points.exists() else pd.DataFrame()
            found[record["run"]["run_id"]] = (record, table)
        return found

    return run


def step(record: dict[str, Any], step_id: str) -> dict[str, Any]:
    """One step of a record."""
    found: dict[str, Any] = next(item for item in record["steps"] if item["step_id"] == step_id)
    return found


def points(table: pd.DataFrame, key: str, source: str) -> list[tuple[int, float]]:
    """Step and value of a series."""
    chosen = table[(table.key == key) & (table.source == source)]
    return [(int(s), float(v)) for s, v in zip(chosen.step, chosen.value, strict=True)]


def shadows(record: dict[str, Any]) -> dict[str, str]:
    """Series that another source says better."""
    return {s["key"]: s["shadow_of"] for s in record["series"] if s.get("shadow_of")}


def results(record: dict[str, Any], step_id: str) -> dict[str, float]:
    """Results of an evaluation."""
    found: dict[str, float] = step(record, step_id)["eval"]["results"]
    return found


def test_completed_runs(archived: Callable[[str], Found]) -> None:
    """cap_rank: every loss from the metric log, the sparse console beside it, both evaluations."""
    found = archived("run_experiment/cap_rank_2026-06-20")
    record, table = found[RANK4]
    losses = points(table, "loss", LOG)
    assert [number for number, _ in losses] == list(range(1, 21))
    assert (losses[0][1], losses[-1][1]) == (14.83500862121582, 14.072946548461914)
    assert points(table, "val_loss", LOG) == [
        (5, 14.572665214538574), (10, 14.088216781616211), (15, 13.508529663085938),
        (20, 13.334790229797363),
    ]  # fmt: skip
    assert points(table, "Loss", STDOUT) == [
        (5, 13.327670097351074), (6, 15.718321800231934), (10, 14.450579643249512),
        (14, 15.315402030944824), (15, 14.136448860168457), (18, 12.907305717468262),
        (20, 14.072946548461914),
    ]  # fmt: skip
    assert shadows(record) == {"Loss": LOG, "Validation loss": LOG}
    training = step(record, "1")
    assert training["status"] == "success"
    assert training["params"]["optimizer"]["lr"] == 0.01
    assert training["params_from"] == ["artifacts/slurm-7310442.out"]
    for run, epochs in ACCURACY.items():
        for epoch, accuracy in epochs.items():
            evaluated = step(found[run][0], f"{CAPS}_{epoch}")
            assert evaluated["status"] == "success"
            assert evaluated["eval"]["samples"] == {"done": 10, "total": 10}
            assert results(found[run][0], f"{CAPS}_{epoch}")["match/accuracy"] == accuracy
            assert evaluated["eval"]["checkpoint"].endswith(f"artifacts/{epoch[:5]}_{epoch[5:]}")
    curve = table[(table.key == "match/accuracy")]
    assert sorted(zip(curve.epoch, curve.value, strict=True)) == [(0.0, 0.4), (1.0, 0.9)]
    assert results(found[BASE][0], CAPS)["includes/accuracy"] == 0.2
    tags = {item["path"]: item["tags"] for item in record["checkpoints"]}
    assert tags["artifacts/epoch_1"] == ["last"]


def test_a_run_without_training(archived: Callable[[str], Found]) -> None:
    """The control run has artifacts, a console and GPU samples, all of its evaluation."""
    record, table = archived("run_experiment/cap_rank_2026-06-20")[BASE]
    assert [item["step_id"] for item in record["steps"]] == [CAPS]
    assert not {"resources.peak_vram_gb", "resources.gpu_util_avg_pct"} & record["fields"].keys()
    assert set(table.step_id) == {CAPS}
    assert step(record, CAPS)["metrics"]["real_sec"] == 43.24


def test_failures(archived: Callable[[str], Found]) -> None:
    """cap_failures: out of memory and again, the time limit, a cancel, an erroneous evaluation."""
    found = archived("run_experiment/cap_failures_2026-05-20")
    record, table = found["oom_bs4"]
    attempts = step(record, "1")["attempts"]
    assert [(item["id"], item["status"]) for item in attempts] == [
        ("8812302", "failed"), ("8812307", "success"),
    ]  # fmt: skip
    assert points(table, "loss", LOG)[-1] == (40, 9.201888084411621)
    assert set(table[table.key == "Loss"].attempt) == {2}
    record, table = found["timed_out"]
    assert step(record, "1")["status"] == "interrupted"
    assert points(table, "Loss", STDOUT)[-1] == (7, 15.808403015136719)
    assert [number for number, _ in points(table, "loss", LOG)] == [2, 4, 6]
    assert record["fields"]["summary.host"]["value"] == ["della-l09g4"]
    assert "resources.gpu_util_avg_pct" not in record["fields"]
    record, _ = found["lr1e-2"]
    broken = step(record, f"{CAPS}_epoch1")
    assert (broken["status"], broken["status_word"]) == ("failed", "error")
    assert broken["error"] == "RuntimeError('CUDA error: device-side assert triggered (simulated)')"
    assert broken["eval"]["results"] == {}
    assert step(record, "1")["status"] == "success"
    assert results(record, f"{CAPS}_epoch0")["match/accuracy"] == 0.6


def test_the_old_layout(archived: Callable[[str], Found]) -> None:
    """legacy: weights beside the experiment, flat evaluations, one of them a JSON document."""
    found = archived("run_experiment/legacy_2025-12")
    record, table = found["rank8_lr1e-5"]
    assert points(table, "loss", "ck-out-rank8_lr1e-5/logs/log_*.txt") == [
        (5, 13.288360595703125), (10, 14.141738891601562), (15, 10.948226928710938),
        (20, 10.418425559997559),
    ]  # fmt: skip
    assert [item["path"] for item in record["checkpoints"] if "epoch" in item["path"]][:2] == [
        "ck-out-rank8_lr1e-5/epoch_0", "ck-out-rank8_lr1e-5/epoch_1",
    ]  # fmt: skip
    assert results(record, f"{CAPS}_epoch0")["match/accuracy"] == 0.4
    assert results(record, f"{CAPS}_epoch1")["match/accuracy"] == 0.9
    record, _ = found["rank16_lr1e-5"]
    assert record["fields"]["summary.host"]["value"] == ["della-l03g5"]
    assert [event["detail"] for event in record["events"] if event["kind"] == "job_cancelled"] == [
        "CANCELLED DUE TO NODE FAILURE"
    ]
    assert [item["step_id"] for item in found[BASE][0]["steps"]] == [CAPS]


def test_evaluations_alone(archived: Callable[[str], Found]) -> None:
    """Public logs of 0.3.136: deflate, stamps in local time, a short hash of the task's code."""
    ((record, _),) = archived("public/inspect-eval__asapsav__teormineval-sample-review").values()
    assert record["run"]["producers"] == ["inspect_ai"]
    assert [(s["eval"]["results"], s["eval"]["samples"]) for s in record["steps"]] == [
        (
            {
                "model_graded_fact/accuracy": 7.666666666666667,
                "model_graded_fact/stderr": 0.6562403073540733,
            },
            {"done": 30, "total": 30},
        ),
        (
            {
                "model_graded_fact/accuracy": 9.2,
                "model_graded_fact/stderr": 0.4422166387140533,
            },
            {"done": 10, "total": 10},
        ),
    ]
    assert {(item["name"], item["commit"]) for item in record["repositories"]} == {
        ("TeorMininumEval", "a659e51")
    }
    started = {e["time"] for e in record["events"] if e["kind"] == "eval_started"}
    assert started == {"2025-10-07T15:02:25+00:00", "2025-10-07T15:09:36+00:00"}


def test_samples_of_eight_gpus(archived: Callable[[str], Found]) -> None:
    """Another sampler: a column for the GPU, stamps with a zone, 639 ticks of eight GPUs."""
    found = archived("public/nanogpt-custom__karpathy__nanoGPT/pr643_gpu")
    ((record, table),) = found.values()
    power = table[table.key == "power_W"]
    assert len(power) == 5112
    assert power.labels.nunique() == 8
    assert record["fields"]["resources.gpu_util_avg_pct"]["origin"] == "derived"
