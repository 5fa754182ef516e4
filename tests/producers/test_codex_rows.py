"""Shapes of codex_ml's rows, and what a file's name says of its age."""

from __future__ import annotations

import math

import pytest

from archiver.model.values import Tagged
from archiver.producers.codex_rows import (
    Dialect,
    dialect,
    instant,
    measures,
    metric_of,
    missing_shards,
    seconds,
    shard,
    spelled,
    step_number,
)

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


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("metrics.ndjson", ("metrics.ndjson", 0)),
        ("metrics.ndjson.10", ("metrics.ndjson", -10)),
        ("a_metrics.jsonl", ("a_metrics.jsonl", 0)),
        ("metrics.ndjson.bak", None),
        ("metrics.ndjson.13.gz", None),
        ("metrics.ndjson.tmp", None),
        ("metrics.ndjson.0", None),
        ("metrics.ndjson.01", None),
        ("metrics.ndjson.1795166102", None),
        ("error.log.1795166102", None),
        (".ndjson", None),
    ],
)
def test_only_small_whole_numbers_are_ages(name, found):
    """A number without leading zeros is a shard's; everything else behind the name is not."""
    assert shard(name) == found


def test_numbers_that_are_missing():
    """Gaps below the highest number are told; a series from 1 on has none, whatever its length."""
    assert missing_shards([-10, -9, -8, -6, -5, -4, -3, -2, -1, 0]) == [7]
    assert missing_shards([-2, -1, 0]) == []
    assert missing_shards([-3, 0]) == [1, 2]
    assert missing_shards([0]) == []
    assert missing_shards([-999_999, 0]) == []


def test_seconds_of_stamps():
    """Numbers and zoned texts are seconds; what is no moment is NaN."""
    assert seconds(1795166102.5) == 1795166102.5
    assert seconds("2026-11-20T09:15:02.5Z") == 1795166102.5
    for odd in (None, True, "2026-11-20T09:15:02", "soon", -1, 1e300, math.nan, [], {}):
        assert math.isnan(seconds(odd))
    assert instant("2026-11-20T09:15:02") is None
    assert instant(math.nan) is None


def test_steps():
    """Integers, whole floats, texts of digits; nothing that a column cannot hold."""
    assert [step_number(value) for value in (3, 3.0, "3", "-3", "٣", 2**62, True, "")] == [
        3, 3, 3, -3, None, None, None, None,
    ]  # fmt: skip


def test_spelling():
    """Values that are no numbers stand as compact JSON, long integers as they were."""
    assert spelled({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'
    assert spelled(10**400) == "1" + "0" * 400
    assert spelled(None) == "null"
    assert spelled([math.nan]) == '[{"$type":"float","value":"NaN"}]'
    assert spelled(Tagged("long-int", "12…")) == '{"$type":"long-int","value":"12…"}'


def test_loss_of_an_evaluation_split():
    """The same key is another measurement in another split."""
    assert metric_of("loss", "train").canonical == "loss"
    assert metric_of("loss", "val").canonical == "eval_loss"
    assert metric_of("step_duration_seconds", None).unit == "s"
    assert metric_of("timing.epoch_s", None).unit == "s"
    assert metric_of("tokens_s", None).unit is None
    assert metric_of("rouge_l", "eval").canonical == ""
