"""Shapes of codex_ml's rows."""

from __future__ import annotations

import pytest

from archiver.producers.codex_rows import Dialect, dialect, measures, metric_of

SHAPES = (
    (Dialect.CANONICAL, {"metric": "loss", "value": 1.0, "run_id": "r", "timestamp": 1.0}),
    (Dialect.CANONICAL, {"key": "loss", "value": 1.0, "run_id": "r"}),
    (Dialect.LEGACY, {"metric": "loss", "value": 1.0, "step": 1, "split": "train"}),
    (Dialect.WIDE, {"epoch": 1, "eval_loss": 1.0}),
    (Dialect.WIDE, {"epoch": 1, "loss": None}),
    (Dialect.METADATA, {"phase": "metadata", "seed": 1}),
    (Dialect.MIRROR, {"epoch": 1, "loss": 1.0, "phase": "train", "step": 1}),
    (Dialect.MIRROR, {"metric": "final/loss", "phase": "final", "step": 1, "value": 1.0}),
    (Dialect.LOG_RECORD, {"version": 1, "ts": 1.0, "metric": "loss", "value": 1.0}),
    (Dialect.FINAL, {"eval_loss": 1.0, "ts": "2026-11-20T09:15:02Z"}),
    (Dialect.TELEMETRY, {"metric_name": "loss", "value": 1.0, "epoch": 1}),
    (Dialect.TELEMETRY, {"type": "reasoning_trace"}),
    (Dialect.RECORDED, {"phase": "train", "metrics": {"loss": 1.0}, "cfg_hash": "a"}),
    (Dialect.TRACKER, {"metrics": {"loss": 1.0}, "step": "3"}),
    (Dialect.TRACKER, {"config": {"lr": 1.0}, "step": "init"}),
    (Dialect.SYSTEM, {"event": "system", "ts": 1.0}),
    (Dialect.SYSTEM, {"ts": 1.0, "cpu": {}, "gpu": None, "errors": []}),
    (Dialect.OTHER, {}),
    (Dialect.OTHER, {"epoch": 1, "note": "x"}),
    (Dialect.OTHER, {"metric": 3, "value": 1.0}),
)


@pytest.mark.parametrize(("kind", "row"), SHAPES)
def test_a_row_is_known_by_its_keys(kind, row):
    """Each writer's row is told from the others', and measured without a fault."""
    assert dialect(row) is kind
    list(measures(row, kind))


def test_loss_of_an_evaluation_split():
    """The same key is another measurement in another split."""
    assert metric_of("loss", "train").canonical == "loss"
    assert metric_of("loss", "val").canonical == "eval_loss"
    assert metric_of("step_duration_seconds", None).unit == "s"
    assert metric_of("timing.epoch_s", None).unit == "s"
    assert metric_of("tokens_s", None).unit is None
    assert metric_of("rouge_l", "eval").canonical == ""
