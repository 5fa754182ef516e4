"""Real experiments of run-experiment: every run with its jobs, read by eye from the logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Archived = Callable[[str], dict[str, dict[str, Any]]]
RANK4, RANK8, BASE = (f"Llama-3.2-1B-Instruct_{name}" for name in ("rank4", "rank8", "base"))
CAPS = "eval:capitalization"


@pytest.fixture
def archived(corpus: Path, cli: Callable[..., Any], tmp_path: Path) -> Archived:
    """Archive an experiment of the corpus: run -> record."""

    def run(name: str) -> dict[str, dict[str, Any]]:
        ran = cli("collect", corpus / "run_experiment" / name, "-o", tmp_path / "archives")
        assert (ran.code, ran.err) == (0, "")
        found = [
            json.loads(path.read_bytes()) for path in tmp_path.glob("archives/*/*/record.json")
        ]
        for record in found:
            assert not any(item["code"] == "reader-crash" for item in record.get("problems", ()))
            assert "run_experiment" in record["run"]["producers"]
        return {record["run"]["run_id"]: record for record in found}

    return run


def step(record: dict[str, Any], step_id: str) -> dict[str, Any]:
    """One step of a record."""
    found: dict[str, Any] = next(item for item in record["steps"] if item["step_id"] == step_id)
    return found


def jobs(record: dict[str, Any], step_id: str = "1") -> list[tuple[str, str, str]]:
    """Id, scheduler's word and status of each attempt of a step."""
    attempts = step(record, step_id).get("attempts", [])
    return [(item["id"], item["status_word"], item["status"]) for item in attempts]


def submitted(record: dict[str, Any], step_id: str) -> list[str]:
    """Ids of the jobs that were submitted for an evaluation, from the timeline.

    What ran it numbers its attempts by ids of its own.
    """
    return [
        re.search(r"Job ID:? (\d+)", item["detail"])[1]  # type: ignore[index]
        for item in record["events"]
        if item["kind"] == "submit-eval" and item["subject"] == step_id
    ]


def field(record: dict[str, Any], name: str) -> Any:
    """Value of a field, None without one."""
    return record["fields"].get(name, {}).get("value")


def books(record: dict[str, Any], path: str) -> tuple[int, int, int]:
    """What was read, dropped and corrupt of an artifact."""
    found = next(item for item in record["accounting"] if item["path"] == path)
    return found["read"], found["dropped"], found["corrupt"]


def test_experiment_without_faults(archived: Archived) -> None:
    """cap_rank: two trainings and a control, five evaluations, all of them ended."""
    found = archived("cap_rank_2026-06-20")
    assert set(found) == {RANK4, RANK8, BASE}
    assert {record["run"]["eras"]["run_experiment"] for record in found.values()} == {"2026-05-08"}
    assert {field(record, "summary.experiment") for record in found.values()} == {
        "cap_rank_2026-06-20"
    }
    assert jobs(found[RANK4]) == [("7310442", "COMPLETED", "success")]
    assert jobs(found[RANK8]) == [("7310444", "COMPLETED", "success")]
    assert submitted(found[RANK4], f"{CAPS}_epoch0") == ["7310604"]
    assert submitted(found[RANK4], f"{CAPS}_epoch1") == ["7310608"]
    assert submitted(found[RANK8], f"{CAPS}_epoch0") == ["7310612"]
    assert submitted(found[RANK8], f"{CAPS}_epoch1") == ["7310613"]
    assert submitted(found[BASE], CAPS) == ["7310601"]
    assert "1" not in {item["step_id"] for item in found[BASE]["steps"]}
    assert field(found[RANK4], "resources.train_time_sec") == 611
    assert field(found[RANK8], "resources.train_time_sec") == 655
    # The samples themselves stand before the figure that was rounded from them.
    assert field(found[RANK8], "resources.gpu_util_avg_pct") == 1681 / 21
    assert field(found[BASE], "resources.train_time_sec") is None
    assert field(found[RANK4], "summary.conda_env") == "cruijff"
    assert books(found[RANK4], "logs/run-torchtune.log") == (7, 4, 0)
    assert books(found[BASE], "logs/run-inspect.log") == (8, 12, 0)
    reports = [item["path"] for item in found[BASE]["artifacts"] if item["kind"] == "report"]
    assert reports == ["exploration/report.md", "summary.md"]


def test_experiment_of_failures(archived: Archived) -> None:
    """cap_failures: a retry after memory ran out, a rejection, a cancellation, a timeout."""
    found = archived("cap_failures_2026-05-20")
    statuses = {name: field(record, "summary.status") for name, record in found.items()}
    assert statuses == {
        "lr1e-2": "success",
        "oom_bs4": "success",
        "qos_rejected": "failed",
        "cancelled_by_admin": "interrupted",
        "timed_out": "interrupted",
    }
    assert jobs(found["lr1e-2"]) == [("8812301", "COMPLETED", "success")]
    assert jobs(found["oom_bs4"]) == [
        ("8812302", "FAILED", "failed"),
        ("8812307", "COMPLETED", "success"),
    ]
    attempts = step(found["oom_bs4"], "1")["attempts"]
    assert [item.get("params_changed", {}) for item in attempts] == [{}, {"batch_size": 2}]
    retries = {name: step(record, "1")["retries"] for name, record in found.items()}
    assert retries == dict.fromkeys(found, 0) | {"oom_bs4": 1}
    assert jobs(found["cancelled_by_admin"]) == [("8812303", "CANCELLED by 418203", "interrupted")]
    assert jobs(found["timed_out"]) == [("8812304", "TIMEOUT", "interrupted")]
    ((_, word, status),) = jobs(found["qos_rejected"])
    assert (word, status) == ("SUBMIT_FAILED", "failed")
    error = step(found["qos_rejected"], "1")["error"].splitlines()
    assert error[0] == "sbatch: error: QOSMaxSubmitJobPerUserLimit"
    assert len(error) == 2
    # SLURM calls an evaluation failed whatever became of it; a lost node is told.
    assert submitted(found["lr1e-2"], f"{CAPS}_epoch0") == ["8812455"]
    assert submitted(found["lr1e-2"], f"{CAPS}_epoch1") == ["8812458"]
    assert jobs(found["oom_bs4"], f"{CAPS}_epoch0") == [("8812461", "NODE_FAIL", "interrupted")]
    assert field(found["timed_out"], "resources.train_time_sec") == 904
    planned = {item["step_id"] for item in found["qos_rejected"]["steps"]}
    assert planned == {"1", f"{CAPS}_epoch0", f"{CAPS}_epoch1"}


def test_experiment_of_the_old_layout(archived: Archived) -> None:
    """legacy: agents' records in the root, checkpoints beside the experiment, flat evaluations."""
    found = archived("legacy_2025-12")
    assert set(found) == {"rank8_lr1e-5", "rank16_lr1e-5", BASE}
    assert {record["run"]["eras"]["run_experiment"] for record in found.values()} == {"2025-11-27"}
    eight, sixteen = found["rank8_lr1e-5"], found["rank16_lr1e-5"]
    assert jobs(eight) == [("2771300", "COMPLETED", "success")]
    assert jobs(sixteen) == [("2771301", "NODE_FAIL", "interrupted")]
    assert step(sixteen, "1")["attempts"][0]["host"] == "della-l03g5"
    assert field(sixteen, "summary.status") == "interrupted"
    assert field(sixteen, "summary.started_at") == "2025-12-03T11:02:41"
    assert field(eight, "resources.train_time_sec") == 1702
    assert submitted(eight, f"{CAPS}_epoch0") == ["2771410"]
    assert submitted(eight, f"{CAPS}_epoch1") == ["2771411"]
    assert submitted(sixteen, f"{CAPS}_epoch0") == ["2771412"]
    assert submitted(found[BASE], CAPS) == ["2771413"]
    home = "cap_4L_lora_comparison_2025-12-03"
    assert books(eight, f"{home}/run-torchtune.log") == (8, 4, 0)
    assert books(eight, f"{home}/design-experiment.jsonl") == (5, 0, 0)
    inventory = {item["path"] for item in eight["accounting"]}
    assert f"{home}/rank8_lr1e-5/eval/capitalization_epoch1.slurm" in inventory
