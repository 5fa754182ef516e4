"""The record of the code: status, wishes that are no facts, best epoch and checkpoint."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_experiment", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_experiment")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_experiment")


RECORD = {
    "id": "exp-001",
    "name": "a",
    "status": "completed",
    "hyperparameters": {"max_epochs": 8, "early_stopping_patience": 3},
    "best_checkpoint_path": None,
}


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        ("created", "progress", ""),
        ("pending", "running-word", ""),
        ("running", "running-word", ""),
        ("training", "running-word", ""),
        ("completed", "terminal-word", "success"),
        ("failed", "terminal-word", "failed"),
        ("cancelled", "terminal-word", "interrupted"),
    ],
)
def test_statuses_of_all_generations(read_one, status, kind, word):
    """Terminal words settle the end, the others say that it was at work."""
    (sign,) = read_one("experiment.json", {**RECORD, "status": status}).reading.evidence
    assert (sign.kind.value, sign.word) == (kind, word)


def test_a_restart_leaves_the_log_of_an_earlier_life(read):
    """The record is at its beginning again; what Lightning logged is not the next run's."""
    files = {"experiment.json": json.dumps({**RECORD, "status": "created"})}
    assert read(files)["experiment.json"].codes == []
    log = {"lightning_logs/version_0/metrics.csv": "epoch,step\n"}
    assert read({**files, **log})["experiment.json"].codes == ["earlier-life"]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_results_beside_an_error_are_of_an_earlier_attempt(read_one, status):
    """A process that raised writes none; they stay as recorded, and are no last values."""
    error = {"type": "ValueError", "message": "x", "traceback": "Traceback\n"}
    value = {**RECORD, "status": status, "error": error, "final_metrics": {"val_loss": 0.8}}
    found = read_one("experiment.json", value)
    assert found.codes == ["stale-results"]
    (step,) = found.reading.steps
    assert (step.metrics, step.outputs["final_metrics"]) == ({}, {"val_loss": 0.8})
    stopped = read_one("experiment.json", {**value, "error": None})
    assert stopped.codes == []
    assert stopped.reading.steps[0].metrics == {"val_loss": 0.8}


def test_unknown_status_is_told(read_one):
    """A word that no generation has is no evidence."""
    found = read_one("experiment.json", {**RECORD, "status": "paused"})
    assert (found.codes, found.kinds) == (["unknown-status"], [])


def test_wishes_are_no_facts(read_one):
    """Devices and precision stand in the configuration and nowhere else."""
    hardware = {"selected_devices": ["gpu:0", "cuda:1"], "precision": "bf16-mixed"}
    found = read_one("experiment.json", {**RECORD, "hardware": hardware})
    assert set(found.claims) == {"summary.run_id", "summary.experiment"}
    assert found.reading.configs[0].values["hardware"] == hardware
    assert found.reading.configs[0].role == "authored"


@pytest.mark.parametrize("value", [0.956, 1.0, True, 0, -1, 9, "7", [7]])
def test_best_epoch_that_is_none(read_one, value):
    """A score, a number out of range or another type is not used as an epoch."""
    found = read_one("experiment.json", {**RECORD, "best_epoch": value})
    assert "score-as-epoch" in found.codes
    assert "best_epoch" not in found.reading.steps[0].outputs


def test_best_epoch_by_val_loss_is_not_late(read_one):
    """val_loss stands at its own epoch, so its best epoch does."""
    value = {**RECORD, "best_epoch": 4, "best_metric": {"val_loss": 0.5}}
    assert read_one("experiment.json", value).codes == []
    value["best_metric"] = {"val_accuracy": 0.5}
    assert read_one("experiment.json", value).codes == ["skewed-best-epoch"]


def test_start_is_that_of_the_last_resume(read_one):
    """The claim says so."""
    found = read_one("experiment.json", {**RECORD, "started_at": "2026-02-20T18:45:00Z"})
    (claim,) = [c for c in found.reading.claims if c.field == "summary.started_at"]
    assert claim.note == "overwritten at every resume"


def test_windows_path_of_the_checkpoint(read_one):
    """The directory that the run was written to, whichever way its path is spelled."""
    path = "C:\\studio\\experiments\\exp-001\\checkpoints\\best.ckpt"
    found = read_one("experiment.json", {**RECORD, "best_checkpoint_path": path})
    assert found.claims["paths.workdir"] == "C:/studio/experiments/exp-001"
    assert found.reading.checkpoints[0].present is False


def test_error_without_a_terminal_status_is_a_failure(read_one):
    """An error is recorded although the status was not."""
    error = {"type": "RuntimeError", "message": "worker exited with -9", "traceback": "none"}
    found = read_one("experiment.json", {**RECORD, "status": "training", "error": error})
    assert found.kinds == ["running-word", "failure"]
    assert found.reading.steps[0].error == "RuntimeError: worker exited with -9"


def test_error_of_another_type_is_told(read_one):
    """Neither text nor object."""
    found = read_one("experiment.json", {**RECORD, "error": [1]})
    assert found.codes == ["unexpected-type"]
    assert found.reading.steps[0].error is None


def test_hyperparameters_of_another_type(read_one):
    """They need not be an object."""
    found = read_one("experiment.json", {**RECORD, "hyperparameters": [1], "best_epoch": 3})
    assert found.reading.steps[0].outputs == {"best_epoch": 3}


def test_final_metrics_give_way_to_lightnings_log(read):
    """They mix two epochs: beside a log that does not, they are kept as what was recorded."""
    value = {**RECORD, "final_metrics": {"train_loss": 0.7, "val_loss": 0.8, "note": "x"}}
    files = {"experiment.json": json.dumps(value)}
    (step,) = read(files)["experiment.json"].reading.steps
    assert (step.metrics, step.outputs) == ({"train_loss": 0.7, "val_loss": 0.8}, {})
    log = {"lightning_logs/version_0/metrics.csv": "epoch,step\n"}
    (step,) = read({**files, **log})["experiment.json"].reading.steps
    assert step.metrics == {}
    assert step.outputs == {"final_metrics": {"train_loss": 0.7, "val_loss": 0.8}}


def test_the_epochs_that_it_was_allowed(read):
    """They tell an early stop from a whole training; settings that state none leave it open."""
    (step,) = read({"experiment.json": json.dumps(RECORD)})["experiment.json"].reading.steps
    assert step.training.max_epochs == 8
    value = {**RECORD, "hyperparameters": {"max_epochs": "8"}}
    (step,) = read({"experiment.json": json.dumps(value)})["experiment.json"].reading.steps
    assert step.training.max_epochs is None


def test_best_metric_that_stuck_on_nan(read_one):
    """A first value that is none is never beaten; the token is kept as it is."""
    value = (
        '{"id": "exp-1", "status": "completed", "hyperparameters": {}, "best_epoch": 1,'
        ' "best_checkpoint_path": "/w/checkpoints/best.ckpt", "best_metric": {"val_mae": NaN}}'
    )
    found = read_one("experiment.json", value)
    (step,) = found.reading.steps
    assert math.isnan(step.outputs["best_metric"]["val_mae"])
    (checkpoint,) = found.reading.checkpoints
    assert math.isnan(checkpoint.metric)


@pytest.mark.parametrize(
    "metric", ["val_accuracy", "val_mAP", "val_mAP_50", "val_auroc", "val_mIoU", "val_mAP_mask",
               "val_mae", "val_mse"],
)  # fmt: skip
def test_monitors_of_all_tasks_are_told_as_recorded(read_one, metric):
    """Whether small or large is better is not guessed: the record does not say."""
    path = "/w/checkpoints/best.ckpt"
    value = {**RECORD, "best_epoch": 2, "best_metric": {metric: 0.25}, "best_checkpoint_path": path}
    reading = read_one("experiment.json", value).reading
    assert reading.steps[0].outputs["best_metric"] == {metric: 0.25}
    (best,) = reading.checkpoints
    assert (best.monitor, best.metric) == (metric, 0.25)
