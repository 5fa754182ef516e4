"""Real runs beside the repository: archived without a fault, with the values read by eye."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Find = Callable[[str], list[tuple[dict[str, Any], Path]]]
NEVER = ("gpus", "cuda", "cuda_driver", "user", "os")
COMMIT = "cd05f3bdba80b2c0ebb3038758394270db1e4b6a"


@pytest.fixture
def find(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> Find:
    """Archive a directory of the corpus; the record and place of each archive, by path."""

    def run(name: str) -> list[tuple[dict[str, Any], Path]]:
        ran = cli("collect", corpus / name, "-o", tmp_path / "archives")
        assert (ran.code, ran.err) == (0, "")
        archives = sorted(path.parent for path in tmp_path.glob("archives/*/*/record.json"))
        found = [(json.loads((place / "record.json").read_bytes()), place) for place in archives]
        for record, place in found:
            check(record, place)
        return found

    return run


def check(record: dict[str, Any], place: Path) -> None:
    """What holds for all of them: nothing claimed that nobody recorded, no litter, no raw text."""
    for name in NEVER:
        assert f"summary.{name}" not in record["fields"], name
    host = record["fields"].get("summary.host")
    if host is not None:
        assert "tfevents" in host["at"]["path"]
        assert all(f".{name}" in host["at"]["path"] for name in host["value"])
    text = (place / "ARCHIVE.md").read_text("utf-8")
    assert not [char for char in text if ord(char) < 32 and char != "\n"]
    assert not any(item["code"] == "reader-crash" for item in record.get("problems", ()))
    assert not list(place.parent.glob(".*"))


def one(found: list[tuple[dict[str, Any], Path]]) -> tuple[dict[str, Any], pd.DataFrame]:
    ((record, place),) = found
    return record, pd.read_parquet(place / "metrics.parquet")


def values(record: dict[str, Any], *names: str) -> list[Any]:
    return [record["fields"].get(f"summary.{name}", {}).get("value") for name in names]


def test_a_clean_run(find: Find) -> None:
    """01: clean git, ended well, best and last checkpoint, every loss."""
    record, points = one(find("coordexp/01-clean-head"))
    assert values(record, "status", "git_commit", "git_dirty", "host", "torch") == [
        "success", COMMIT, False, ["gpu-worker-01"], "2.13.0+cpu",
    ]  # fmt: skip
    log = points[(points.source == "logging.jsonl") & (points.key == "loss")]
    assert (len(log), log.value.iloc[0], log.value.iloc[-1]) == (13, 6.02975845, 3.63221245)
    assert set(log.status) == {"kept"}
    assert {item["path"]: item["tags"] for item in record["checkpoints"]} == {
        "checkpoint-40": ["other"], "checkpoint-60": ["best", "last"],
    }  # fmt: skip


def test_a_run_without_git(find: Find) -> None:
    """03: git was not recorded, which is neither clean nor dirty."""
    record, _ = one(find("coordexp/03-no-yaml-no-git-no-eval"))
    assert values(record, "status", "git_commit", "git_dirty", "host") == ["success"] + [None] * 3
    for name in ("git_commit", "git_dirty", "host"):
        assert f"summary.{name}" not in record["fields"]
        assert record["coverage"]["fields"][f"summary.{name}"] == "not recorded"


def test_an_old_run(find: Find) -> None:
    """04: nine keys of provenance are enough."""
    record, _ = one(find("coordexp/04-old-2026-01"))
    assert values(record, "status", "git_commit", "git_dirty") == ["success", COMMIT, False]
    assert record["run"]["producers"][0] == "coordexp"


def test_a_killed_run(find: Find) -> None:
    """06: interrupted, and the torn files are the evidence."""
    record, _ = one(find("coordexp/06-crashed-truncated"))
    status = record["fields"]["summary.status"]
    assert (status["value"], status["origin"]) == ("interrupted", "derived")
    for name in ("logging.jsonl", "train_heartbeat.rank0.jsonl", "tfevents"):
        assert any(name in part and "torn" in part for part in status["note"].split("; ")), name
    problems = {(item["code"], item["at"]["path"]) for item in record["problems"]}
    assert {("empty", "experiment_manifest.json"), ("truncated", "logging.jsonl"),
            ("truncated", "run_metadata.json")} <= problems  # fmt: skip


def test_a_resumed_run(find: Find) -> None:
    """07: steps 25 and 30 of the first attempt are superseded, in the log and in TensorBoard."""
    record, points = one(find("coordexp/07-resumed"))
    assert values(record, "status", "git_dirty") == ["success", False]
    for key in ("loss", "train/loss"):
        rows = points[(points.key == key) & (points.status == "superseded")]
        assert sorted(rows.step) == [25, 30], key
    (step,) = record["steps"]
    assert step["retries"] == 1


def test_an_inference_run(find: Find) -> None:
    """09: another producer era; -1.0 is undefined, not a score."""
    record, points = one(find("coordexp/09-infer-eval"))
    assert record["run"]["eras"] == {"coordexp": "infer"}
    assert values(record, "status", "git_commit") == ["unknown", None]
    results = next(step["eval"]["results"] for step in record["steps"] if step["name"] == "eval")
    assert results["bbox_AP"] == 0.597029702970297
    assert [results[name] for name in ("bbox_APs", "bbox_APm", "bbox_ARs", "bbox_ARm")] == [
        None
    ] * 4
    assert points.empty or -1.0 not in set(points.value)


def test_a_plain_trainer_run(find: Find) -> None:
    """HF Trainer alone: a thousand losses, no git, no machine."""
    record, points = one(find("public/hf__Fujump__qlora"))
    assert values(record, "status", "git_commit", "host") == ["success", None, None]
    loss = points[points.key == "loss"]
    assert (len(loss), loss.value.iloc[0], loss.value.iloc[-1]) == (1000, 5.4962, 0.0886)


def test_doubled_steps(find: Find) -> None:
    """ms-swift 2 logged every step twice: kept once, counted as duplicates."""
    record, points = one(find("public/swift2__TangBinghao__swift"))
    rows = points[points.key == "loss"]
    assert rows.status.value_counts().to_dict() == {"kept": 2956, "duplicate": 2955}
    (loss,) = [item for item in record["series"] if item["key"] == "loss"]
    assert (loss["points"], loss["duplicates"]) == (2956, 2955)


def test_event_files_alone(find: Find) -> None:
    """Megatron: the host of the file names is all that is known of the machine."""
    record, points = one(find("public/megatron-tb__NVIDIA__Megatron-LM"))
    assert values(record, "status", "host") == ["unknown", ["ip-26-0-168-34"]]
    assert record["run"]["producers"] == ["tensorboard"]
    assert not points.empty


def test_variants_of_event_files(find: Find, corpus: Path) -> None:
    """At least every point that TensorBoard gives; after damage more, since it stops there."""
    stated = json.loads((corpus / "expected/codex_ml.tensorboard.json").read_bytes())
    found = {record["run"]["directory"]: place for record, place in
             find("codex_ml/tensorboard-variants")}  # fmt: skip
    tables = {name: pd.read_parquet(place / "metrics.parquet") for name, place in found.items()}
    wanted: dict[tuple[str, str], int] = {}
    for path, content in stated.items():
        top, _, inside = path.partition("/")
        if top != "tensorboard-variants":
            continue
        for tag, told in content["tags"].items():
            if told["last_value"] is not None:
                place = (inside.partition("/")[0], tag)
                wanted[place] = wanted.get(place, 0) + told["points"]
    assert len(wanted) > 6
    for (name, tag), count in wanted.items():
        rows = tables[name][tables[name].key == tag]
        assert len(rows) >= count, (name, tag)
    damaged = tables["corrupt_crc"]
    intact = tables["simple_value"]
    lost = set(intact[intact.key == "train/loss"].step) - set(
        damaged[damaged.key == "train/loss"].step
    )
    assert len(lost) == 1
    assert math.isinf(damaged[damaged.key == "train/loss"].value.iloc[-1])
    restart = tables["restart"]
    assert sorted(restart[restart.status == "superseded"].step) == list(range(40, 51))
