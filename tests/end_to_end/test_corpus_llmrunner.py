"""Real roots of LLMRunner beside the repository: steps, ends, copies, data, several experiments."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Find = Callable[[Path], dict[str, dict[str, Any]]]
POOL = "/data/ws/LLMRunner/datapool/experiments"


@pytest.fixture
def records(cli: Callable[..., Any], tmp_path: Path) -> Find:
    """Archive a root; the record of each of its runs by experiment."""

    def run(root: Path) -> dict[str, dict[str, Any]]:
        archives = tmp_path / "archives"
        ran = cli("collect", root, "-o", archives)
        assert (ran.code, ran.err) == (0, "")
        found = {}
        for path in archives.glob("*/*/record.json"):
            record = json.loads(path.read_bytes())
            assert not any(item["code"] == "reader-crash" for item in record.get("problems", ()))
            found[path.parent.parent.name] = record
        return found

    return run


@pytest.fixture
def llmrunner(corpus: Path) -> Path:
    """The folder of LLMRunner's roots."""
    return corpus / "llmrunner"


def steps(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Number, name, stage and end of each step of the pipeline."""
    return [
        (s["step_id"], s["name"], s["stage"], s["status"], s.get("status_word"))
        for s in record["steps"]
        if s["step_id"].isdigit()
    ]


def value(record: dict[str, Any], name: str) -> Any:
    """A field's value."""
    return record["fields"].get(name, {}).get("value")


def test_a_pipeline_that_went_well(records: Find, llmrunner: Path) -> None:
    """Eight steps, all done; each has its console's times, its log and its settings."""
    (record,) = records(llmrunner / "full_success").values()
    assert value(record, "summary.status") == "success"
    assert value(record, "summary.run_id") == "20260218_a1"
    assert value(record, "summary.finished_at") == "2026-02-18T09:22:10"
    assert steps(record) == [
        ("1", "tokenize", "cpt", "success", None),
        ("2", "tokenize", "sft", "success", None),
        ("3", "train", "cpt", "success", None),
        ("4", "mg2hf", "other", "success", None),
        ("5", "hf2mg", "other", "success", None),
        ("6", "train", "sft", "success", None),
        ("7", "mg2hf", "other", "success", None),
        ("8", "eval", "other", "success", None),
    ]
    tokenized, rewritten = record["steps"][:2]
    assert tokenized["metrics"] == {
        "docs_per_sec": 1592.9, "documents": 200, "mb_per_sec": 1.4400000000000002,
        "time_to_startup_sec": 0.26396799087524414,
    }  # fmt: skip
    (attempt,) = tokenized["attempts"]
    assert (attempt["started_at"], attempt["finished_at"]) == (
        "2026-02-18T09:12:19", "2026-02-18T09:12:55",
    )  # fmt: skip
    assert rewritten["metrics"]["lines_skipped"] == 2
    assert "Expecting ',' delimiter" in rewritten["warnings"][0]
    assert record["steps"][2]["inputs"]["id"] == "train_cpt_0"
    assert record["steps"][7]["eval"]["datasets"] == ["bfcl_v3"]


def test_what_was_prepared(records: Find, llmrunner: Path) -> None:
    """Copies of the first preparation, data sets with their lines, where everything lay."""
    (record,) = records(llmrunner / "full_success").values()
    copies = [(c["source"], c["files_copied"], c["files_skipped"]) for c in record["data_copies"]]
    assert copies[:2] == [
        ("/data/ws/src_data/cpt_data", 2, 0),
        ("/data/ws/src_data/sft_data", 1, 0),
    ]
    data = {
        (d["role"], d["path"].rpartition("/")[2]): (d["lines"], d["bytes"])
        for d in record["datasets"]
    }
    assert data == {
        ("merged_cpt", "merged_input.jsonl"): (200, 24586),
        ("merged_sft", "merged_input.jsonl"): (82, 12045),
        ("raw_cpt", "part-000.jsonl"): (143, 17180),
        ("raw_cpt", "sub__part-001.jsonl"): (61, 7410),
        ("raw_sft", "chat.jsonl"): (82, 12045),
        ("sft_input_label", "sft_input_label.jsonl"): (80, 26692),
    }
    assert value(record, "paths.datapool_root") == f"{POOL}/qwen3-1.7b_full_success"
    assert value(record, "paths.logs_root") == "/data/ws/LLMRunner/.llmrunner/logs/20260218_a1"
    assert value(record, "repro.env.MEGATRON") == "/data/ws/Megatron-LM"
    assert value(record, "repro.env.DATAPOOL") == "/data/ws/LLMRunner/datapool"
    local = "datapool/experiments/qwen3-1.7b_full_success/data/raw/sft"
    assert value(record, "data.merged_sft") == f"{local}/merged_input.jsonl"


def test_curves_belong_to_their_steps(records: Find, llmrunner: Path) -> None:
    """Both trainings have their own event file below their checkpoints."""
    (record,) = records(llmrunner / "full_success").values()
    found = {
        (s["step_id"], s["points"])
        for s in record["series"]
        if s["key"] == "lm loss" and "tensorboard" in s["at"]["path"]
    }
    assert found == {("3", 200), ("6", 60)}


def test_settings_as_written_and_as_resolved(records: Find, llmrunner: Path) -> None:
    """Eleven files, the pipeline's keys resolved; the console says where LLMRunner lay."""
    (record,) = records(llmrunner / "full_success").values()
    roles = [c["role"] for c in record["configs"] if c["reader"] == "llmrunner_pipeline"]
    assert (roles.count("authored"), roles.count("resolved")) == (11, 9)
    resolved = next(
        c for c in record["configs"] if c["role"] == "resolved" and c.get("step_id") is None
    )
    assert resolved["origin"] == "derived"
    assert resolved["values"]["DRY_RUN"] == "0"
    assert resolved["values"]["BASE_MODEL_PATH"] == (
        "/data/ws/LLMRunner/datapool/experiments/qwen3-1.7b_full_success/model/base/Qwen3-1.7B"
    )
    assert '"unresolved"' not in json.dumps(record)
    train = next(step for step in record["steps"] if step["step_id"] == "3")
    assert train["inputs"]["base_model"] == "Qwen3-1.7B"
    assert train["command"]["shell"].startswith("torchrun --nproc_per_node=1 --master_port=29500")
    assert (train["command"]["cwd"], train["command"]["world_size"]) == ("/data/ws/Megatron-LM", 1)
    assert {place["path"] for place in train["sources"]["inputs"]["from"]} >= {
        "console/prepare.log"
    }
    assert train["outputs"]["present"] == [
        "datapool/experiments/qwen3-1.7b_full_success/model/cpt_checkpoints",
        "datapool/experiments/qwen3-1.7b_full_success/model/cpt_checkpoints/tensorboard",
    ]


def test_a_training_that_ran_out_of_memory(records: Find, llmrunner: Path) -> None:
    """The runner's word is that it failed; what should have followed was not reached."""
    (record,) = records(llmrunner / "train_failed_oom").values()
    assert value(record, "summary.status") == "failed"
    assert value(record, "summary.experiment") == "qwen3-1.7b_oom_tp2"
    assert steps(record) == [
        ("1", "tokenize", "cpt", "success", None),
        ("2", "train", "cpt", "failed", None),
        ("3", "mg2hf", "other", "skipped", "not reached"),
        ("4", "eval", "other", "skipped", "not reached"),
    ]


def test_a_dry_run_is_no_success(records: Find, llmrunner: Path) -> None:
    """It prints that the pipeline finished; preparing was real."""
    (record,) = records(llmrunner / "dry_run_only").values()
    assert value(record, "summary.status") == "unknown"
    assert {step[3:] for step in steps(record)} == {("skipped", "dry run")}
    assert [c["files_copied"] for c in record["data_copies"]][:2] == [2, 1]
    assert value(record, "repro.env.DRY_RUN") == "1"


def test_the_first_days(records: Find, llmrunner: Path) -> None:
    """Flags in a flat `.env`, logs that hold a plan, steps that were switched off."""
    (record,) = records(llmrunner / "legacy_env_flat").values()
    assert value(record, "summary.status") == "unknown"
    assert value(record, "summary.run_id") == "20260126-100000"
    assert [(name, word) for _, name, _, _, word in steps(record)] == [
        ("udatasets", "disabled"), ("tokenize", "dry run"), ("train", "dry run"),
        ("train", "disabled"), ("convert", "dry run"), ("eval", "disabled"),
    ]  # fmt: skip
    assert record["steps"][1]["command"]["shell"].startswith("[dry-run] (cd /data/ws/Megatron-LM")
    assert "repro.prepare" not in record["fields"]


def test_two_experiments_of_one_root(records: Find, llmrunner: Path, tmp_path: Path) -> None:
    """Each is a run of its own, with its console, its data and no other's curves."""
    root = tmp_path / "root"
    for name in ("train_failed_oom", "dry_run_only"):
        shutil.copytree(llmrunner / name, root, dirs_exist_ok=True, copy_function=shutil.copyfile)
    found = records(root)
    assert sorted(found) == ["qwen3-1.7b_dry", "qwen3-1.7b_oom_tp2"]
    failed, dry = found["qwen3-1.7b_oom_tp2"], found["qwen3-1.7b_dry"]
    assert [value(record, "summary.status") for record in (failed, dry)] == ["failed", "unknown"]
    assert (len(dry["series"]), len(failed["series"]) > 0) == (0, True)
    assert [step[3] for step in steps(failed)] == ["success", "failed", "skipped", "skipped"]
    assert len(failed["data_copies"]) == 1
