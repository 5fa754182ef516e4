"""Real ai-studio and W&B runs beside the repository, read one artifact at a time."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def bench() -> Any:
    """Reads directories with one reader."""
    return _helpers().Bench()


def _helpers() -> ModuleType:
    """The readers' test helpers, which are no package."""
    name = "readers_bench"
    if name not in sys.modules:
        place = HERE.parent / "readers" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, place)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def spelled(raw: str) -> Any:
    """The number of a JSON text, NaN as text."""
    value = json.loads(raw)
    return "NaN" if value != value else value  # noqa: PLR0124


def test_wandb_logs_of_five_releases(bench, corpus):
    """Every record, point, configuration value and exit code that the vendor's reader finds."""
    expected = json.loads((corpus / "expected" / "codex_ml.wandb.json").read_text("utf-8"))
    for name, wanted in expected.items():
        path = corpus / "codex_ml" / name
        (found,) = bench.read("wandb_log", path.parent).values()
        assert found.reading.extras["records"] == dict(sorted(wanted["records"].items())), name
        assert found.codes == [], name
        counts = {b.spec.key: len(b.values) for b in found.batches if b.spec.axis == "step"}
        counts |= dict.fromkeys(("_timestamp", "_runtime", "_step"), 120)
        assert counts == wanted["history_points"], name
        last = {b.spec.key: b.values[-1] for b in found.batches if b.spec.axis == "step"}
        for key, value in last.items():
            assert _helpers().plain(value) == spelled(wanted["last"][key]), (name, key)
        (config,) = found.reading.configs
        assert config.values == {
            key: json.loads(raw) for key, raw in wanted["config"].items() if key != "_wandb"
        }
        assert found.kinds == ["progress", "end-marker"]
        assert found.reading.attempts[0].marks[0].exit_code == wanted["exit_code"]
        assert found.points("train/loss")[-1] == [120, 2.4534846083831283]


def test_wandb_runs_of_2022(bench, corpus):
    """21 logs of 0.10 to 0.12, two of them empty, none with an exit record."""
    place = corpus / "public" / "wandb__IvLabs__context_enhancement" / "wandb"
    found = bench.read("wandb_log", place)
    matches = [item.match for item in found.values()]
    assert (matches.count("yes"), matches.count("damaged")) == (19, 3)
    assert sum(item.reading.accounting.corrupt for item in found.values()) == 4
    config = bench.read("wandb_config", place / "run-20220315_010428-5m6bnb14" / "files")
    assert config["config.yaml"].reading.configs[0].values["eps"] == 1e-09
    metadata = bench.read("wandb_metadata", place / "run-20220315_010428-5m6bnb14" / "files")
    claims = metadata["wandb-metadata.json"].claims
    assert claims["summary.gpus"] == ["Quadro RTX 6000 x 1"]
    assert claims["summary.git_commit"] == "b0d9903bd05f2106a725b772a0233435242f724e"
    assert claims["summary.conda_env"] == "context_enhancement"


def test_ai_studio_statuses_and_epochs(bench, corpus):
    """Status word, epochs recorded, best epoch and wishes of every run, as they were made."""
    made = json.loads((corpus / "expected" / "lightning.json").read_text("utf-8"))
    for name, wanted in made.items():
        if name == "plain-lightning":
            continue
        old = name.startswith("runjson")
        place = corpus / "lightning" / name
        record = bench.read("ai_studio_run" if old else "ai_studio_experiment", place)
        (found,) = record.values()
        assert found.match == "yes", name
        assert found.reading.steps[0].status_word == wanted["status"], name
        metrics = bench.read("ai_studio_metrics", place)["metrics.json"]
        assert metrics.reading.accounting.read == wanted["epochs"], name
        assert "skewed-metrics" in metrics.codes, name
        if "max_epochs" in wanted:
            assert found.reading.extras["max_epochs"] == wanted["max_epochs"], name
            assert found.reading.extras["early_stopping_patience"] == wanted["patience"], name
        if "recorded_best_epoch" in wanted:
            assert found.reading.steps[0].outputs["best_epoch"] == wanted["recorded_best_epoch"]
            assert "skewed-best-epoch" in found.codes
        if "min_val_loss_epoch" in wanted:
            assert metrics.reading.extras["val_loss_min_epoch"] == wanted["min_val_loss_epoch"]
            assert metrics.reading.extras["records_since"] == wanted["patience"]
        if "error_type" in wanted:
            assert found.reading.steps[0].error.startswith(wanted["error_type"])
            assert found.reading.steps[0].error_stack.startswith("Traceback")


def test_ai_studio_kill_while_writing(bench, corpus):
    """The temporary file is cut; it is the sign of a sudden death and gives no points."""
    place = corpus / "lightning" / "aistudio-killed-midway"
    (found,) = bench.read("ai_studio_temp", place).values()
    assert (found.kinds, found.batches) == (["death"], [])
    (record,) = bench.read("ai_studio_experiment", place).values()
    assert record.kinds == ["running-word"]


def test_ai_studio_skew_against_lightnings_log(bench, corpus):
    """Record N holds the training loss that the CSV has for epoch N - 1 (0-based N - 2)."""
    place = corpus / "lightning" / "aistudio-completed"
    found = bench.read("ai_studio_metrics", place)["metrics.json"]
    (log,) = place.glob("lightning_logs/*/metrics.csv")
    with log.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["epoch"]]
    true = {int(row["epoch"]): float(row["train_loss"]) for row in rows if row["train_loss"]}
    val = {int(row["epoch"]): float(row["val_loss"]) for row in rows if row["val_loss"]}
    by_key = {batch.spec.key: batch for batch in found.batches}
    late = by_key["train_loss"]
    assert len(late.values) == 7
    for epoch, value in zip(late.epochs, late.values, strict=True):
        assert true[int(epoch) - 2] == value
    own = by_key["val_loss"]
    for epoch, value in zip(own.epochs, own.values, strict=True):
        assert val[int(epoch) - 1] == value
    assert (late.spec.canonical, own.spec.canonical) == (None, "eval_loss")


def test_ai_studio_streams(bench, corpus):
    """Both protocols: epochs, the word of the end, the one that was cut."""
    found = bench.read("ai_studio_stream", corpus / "lightning" / "_sse")
    seen = {
        path: (item.kinds, len(item.points("val_loss", "eval"))) for path, item in found.items()
    }
    assert seen == {
        "api_stream.completed.txt": (["progress", "terminal-word"], 8),
        "api_stream.naninf.txt": (["progress", "terminal-word"], 6),
        "notifier.completed.jsonl": (["progress", "end-marker"], 7),
        "notifier.failed.jsonl": (["progress", "failure"], 2),
        "notifier.killed.jsonl": (["running-word"], 0),
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("aistudio-completed", ("success", "exp-f434063d", "G3")),
        ("aistudio-early-stopped", ("success", "exp-cc589e2c", "G3")),
        ("aistudio-failed-exception", ("failed", "exp-2ccb8074", "G3")),
        ("aistudio-killed-midway", ("interrupted", "exp-f4dc8860", "G3")),
        ("aistudio-nan-infinity", ("success", "exp-e240589a", "G3")),
        ("runjson-completed-mae-min", ("success", "run-e5f6a7b8", "G1")),
        ("runjson-failed-exception", ("failed", "run-0badc0de", "G1")),
    ],
)
def test_ai_studio_archives(corpus, collected, name, wanted):
    """Each run becomes one archive with the producer's status and identity."""
    record = json.loads((collected(corpus / "lightning" / name) / "record.json").read_text("utf-8"))
    fields = {key: item["value"] for key, item in record["fields"].items()}
    found = fields["summary.status"], fields["summary.run_id"], record["run"]["eras"]["ai_studio"]
    assert found == wanted
    assert not [item for item in record.get("problems", ()) if item["code"] == "reader-crash"]
    assert "summary.gpus" not in record["fields"]


def test_ai_studio_true_values_win(corpus, collected):
    """Where Lightning's own log is there, the step's last values and its loss are that log's."""
    place = collected(corpus / "lightning" / "aistudio-completed")
    record = json.loads((place / "record.json").read_text("utf-8"))
    (step,) = record["steps"]
    assert step["training"]["final_loss"] == 0.6711484789848328
    assert step["metrics"]["train_loss"] == 0.6711484789848328
    assert step["outputs"]["final_metrics"]["train_loss"] == 0.7203018069267273
    assert step["outputs"]["best_epoch"] == 7
    best = next(item for item in record["checkpoints"] if item["tags"] == ["best"])
    assert (best["path"], best["epoch"]) == ("checkpoints/best.ckpt", 5)


def test_wandb_archive(corpus, collected):
    """An offline run on its own: status, machine, loss."""
    place = corpus / "codex_ml" / "wandb-offline-matrix" / "wandb-0.31.0" / "wandb"
    (run,) = place.glob("offline-run-*")
    record = json.loads((collected(run) / "record.json").read_text("utf-8"))
    fields = {name: item["value"] for name, item in record["fields"].items()}
    assert fields["summary.status"] == "success"
    assert fields["summary.run_id"] == "6ph91tit"
    assert fields["summary.experiment"] == "codex-offline"
    assert fields["summary.host"] == ["trainer-01"]
    assert fields["summary.python"] == "3.11.7"
    assert record["run"]["eras"]["wandb"] == "any"
    (step,) = record["steps"]
    assert step["training"]["final_loss"] == 2.4534846083831283
    assert step["training"]["steps"] == 120
