"""Rows of codex_ml's NDJSON files: the record shapes that share the name `metrics.ndjson`.

At least ten writers of one package append to files of that name, and a resumed run may mix
them in one file. What each shape looks like and where it keeps its key, step and time is told
here once. There is no unit in the canonical rows; the wide rows of the system callback have
documented ones (`sys.ram_gb` and `sys.gpu.mem_gb` count 1024^3).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from archiver.model.points import Metric
from archiver.model.values import Value
from archiver.producers.codex_values import (
    STEPS,
    Row,
    epoch_of,
    is_number,
    leaves,
    seconds,
    step_number,
    text,
)

METRICS_SCHEMA = "run_metrics.schema.json"
"""End of the `$schema` of canonical rows; an identifier, never fetched."""
MANIFEST_SCHEMA = "run_metrics_manifest.schema.json"
EVAL_SOURCE = "run_evaluation"
"""`tags.source` of the evaluation runner, whose timestamps are made from the run id."""
EVAL_SPLITS = frozenset({"eval", "evaluation", "test", "val", "valid", "validation"})
_IDENTIFYING = ("rank", "local_rank", "node", "gpu", "worker", "dataloader", "fold", "job")
"""Tags that tell curves apart; all others (model, seed, host, ...) are the run's own."""
_TIMING = re.compile(r"timing\..*_s\Z", re.DOTALL)


METRICS: dict[str, Metric] = {
    "loss": Metric("loss"),
    "train_loss": Metric("loss", split="train"),
    "train/loss": Metric("loss", split="train"),
    "eval_loss": Metric("eval_loss", split="eval"),
    "eval_eval_loss": Metric("eval_loss", split="eval"),
    "eval/loss": Metric("eval_loss", split="eval"),
    "val_loss": Metric("eval_loss", split="val"),
    "val/loss": Metric("eval_loss", split="val"),
    "perplexity": Metric("perplexity", split="eval"),
    "eval_perplexity": Metric("perplexity", split="eval"),
    "eval/perplexity": Metric("perplexity", split="eval"),
    "val/perplexity": Metric("perplexity", split="val"),
    "accuracy": Metric("accuracy"),
    "token_accuracy": Metric("accuracy", split="eval"),
    "eval_accuracy": Metric("accuracy", split="eval"),
    "eval/token_accuracy": Metric("accuracy", split="eval"),
    "lr": Metric("learning_rate", split="train"),
    "learning_rate": Metric("learning_rate", split="train"),
    "grad_norm": Metric("grad_norm", split="train"),
    "tokens_per_sec": Metric("tokens_per_sec"),
    "sys.cpu": Metric("cpu_util", "%"),
    "sys.ram_gb": Metric("host_mem", "GiB"),
    "sys.gpu.util": Metric("gpu_util", "%", attributes=(("over_gpus", "mean"),)),
    "sys.gpu.mem_gb": Metric("gpu_mem", "GiB", attributes=(("over_gpus", "sum"),)),
}
"""Written key -> meaning; the split is that of rows that state none."""


class Dialect(StrEnum):
    """Record shapes, named after what writes them."""

    CANONICAL = "canonical"
    LEGACY = "legacy"
    """Canonical rows without `run_id` and `timestamp`."""
    WIDE = "wide"
    """`epoch` and one key per metric."""
    METADATA = "metadata"
    """`phase` is `metadata`: facts of the run among its metrics."""
    MIRROR = "mirror"
    """The functional trainer's copy of what it sent to MLflow."""
    LOG_RECORD = "log-record"
    FINAL = "final"
    """Final figures of the Hugging Face path: flat, with a `ts` text."""
    TELEMETRY = "telemetry"
    """`metric_name`, by epoch."""
    RECORDED = "recorded"
    """`record_metrics`: an object of metrics per phase and epoch."""
    TRACKER = "tracker"
    """What the W&B shim writes where W&B fails: an object of metrics per step."""
    SYSTEM = "system"
    OTHER = "other"
    """Nothing known; rows of it are counted as dropped."""


class Tags(NamedTuple):
    """What a row's tags say of its measurement."""

    phase: str | None = None
    manifest_id: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    by_runner: bool = False
    """Written by the evaluation runner, which makes up its timestamps."""


class Measure(NamedTuple):
    """One value of one metric, wherever its row kept it."""

    key: str
    value: Value
    split: str | None = None
    dataset: str | None = None
    step: int | None = None
    epoch: float = math.nan
    time: float = math.nan
    """Unix seconds; NaN where none was written."""
    axis: str = "step"
    run_id: str | None = None
    phase: str | None = None
    manifest_id: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    by_runner: bool = False
    """Written by the evaluation runner: the step is the metric's index, the time made up."""


def dialect(row: Row) -> Dialect:
    """The shape of one row, by its keys."""
    if "$schema" in row and _is_text(row.get("metric")):
        return _long_dialect(row)
    if "metric_name" in row or row.get("type") in ("telemetry", "reasoning_trace"):
        return Dialect.TELEMETRY
    if _is_text(row.get("metric")) or ("value" in row and _is_text(row.get("key"))):
        return _long_dialect(row)
    if row.get("phase") == "metadata":
        return Dialect.METADATA
    if is_snapshot(row):
        return Dialect.SYSTEM
    return _nested_dialect(row) or _wide_dialect(row)


def _nested_dialect(row: Row) -> Dialect | None:
    if isinstance(row.get("metrics"), dict):
        return Dialect.RECORDED if "phase" in row or "config_id" in row else Dialect.TRACKER
    if isinstance(row.get("config"), dict) and row.get("step") == "init":
        return Dialect.TRACKER
    return None


def _wide_dialect(row: Row) -> Dialect:
    if not any(key in METRICS or is_number(value) for key, value in _figures(row)):
        return Dialect.OTHER
    if "phase" in row and "step" in row:
        return Dialect.MIRROR
    if _is_text(row.get("ts")) and "epoch" not in row:
        return Dialect.FINAL
    return Dialect.WIDE if "epoch" in row or "step" in row else Dialect.OTHER


def _long_dialect(row: Row) -> Dialect:
    if "$schema" not in row:
        if "version" in row and "ts" in row:
            return Dialect.LOG_RECORD
        if row.get("phase") == "final":
            return Dialect.MIRROR
    if "run_id" in row or "timestamp" in row:
        return Dialect.CANONICAL
    return Dialect.LEGACY


def is_snapshot(row: Row) -> bool:
    """Whether a row is a snapshot of the machine's load."""
    if row.get("event") == "system":
        return True
    timed = "ts" in row
    flat = "cpu_percent" in row or "gpu_util" in row
    nested = isinstance(row.get("cpu"), dict) and "gpu" in row
    return timed and (flat or nested)


def measures(row: Row, kind: Dialect) -> Iterator[Measure]:
    """Every measurement of a row; none for rows that hold facts alone."""
    reader = _MEASURES.get(kind)
    return reader(row) if reader is not None else iter(())


def metric_of(key: str, split: str | None) -> Metric:
    """Meaning of a key in a split; a metric without canonical name where it is not known."""
    metric = METRICS.get(key)
    if metric is None:
        timed = key.endswith("_duration_seconds") or _TIMING.match(key) is not None
        unit = "s" if timed else None
        return Metric("", unit)
    if metric.canonical == "loss" and split in EVAL_SPLITS:
        return Metric("eval_loss", metric.unit)
    return metric


def _is_text(value: Value) -> bool:
    return isinstance(value, str) and bool(value)


def _canonical(row: Row) -> Iterator[Measure]:
    yield long_measure(row, tags_of(row.get("tags")))


def long_measure(row: Row, tags: Tags) -> Measure:
    """The measurement of a canonical or legacy row, whose tags were looked at already."""
    get = row.get
    name, split, dataset, run_id = get("metric"), get("split"), get("dataset"), get("run_id")
    if not isinstance(name, str) or not name:
        name = str(get("key"))
    step = get("step")
    return Measure(
        name,
        get("value"),
        split if isinstance(split, str) and split else None,
        dataset if isinstance(dataset, str) and dataset else None,
        step if type(step) is int and -STEPS < step < STEPS else step_number(step),
        epoch_of(row) if "epoch" in row else math.nan,
        math.nan if tags.by_runner else seconds(get("timestamp", get("ts"))),
        "step",
        run_id if isinstance(run_id, str) and run_id else None,
        tags.phase,
        tags.manifest_id,
        tags.labels,
        tags.by_runner,
    )


_NO_TAGS = Tags()


def tags_of(tags: Value) -> Tags:
    """The tags that matter to a measurement."""
    if not isinstance(tags, dict) or not tags:
        return _NO_TAGS
    phase = text(tags.get("phase"))
    by_runner = phase == "evaluation" or tags.get("source") == EVAL_SOURCE
    return Tags(phase, text(tags.get("manifest_id")), _labels(tags), by_runner)


def _labels(tags: Row) -> tuple[tuple[str, str], ...]:
    found = [(name, tags[name]) for name in _IDENTIFYING if name in tags]
    return tuple((name, str(value)) for name, value in found if isinstance(value, str | int))


def _log_record(row: Row) -> Iterator[Measure]:
    yield Measure(
        str(row.get("metric")),
        row.get("value"),
        text(row.get("split")),
        text(row.get("dataset")),
        step_number(row.get("step")),
        epoch_of(row),
        seconds(row.get("ts")),
        run_id=text(row.get("run_id")),
        phase=text(row.get("phase")),
    )


def _mirror(row: Row) -> Iterator[Measure]:
    phase = text(row.get("phase"))
    split = None if phase == "final" else phase
    step, epoch = step_number(row.get("step")), epoch_of(row)
    time = seconds(row.get("timestamp"))
    name = text(row.get("metric"))
    found = [(name, row.get("value"))] if name else _figures(row)
    for key, value in found:
        yield Measure(key, value, split, None, step, epoch, time, phase=phase)


def _wide(row: Row) -> Iterator[Measure]:
    step, epoch = step_number(row.get("step")), epoch_of(row)
    time = seconds(row.get("timestamp", row.get("ts")))
    axis = "step" if step is not None or math.isnan(epoch) else "epoch"
    phase, run_id = text(row.get("phase")), text(row.get("run_id"))
    stated = text(row.get("split"))
    for key, value in _figures(row):
        split = stated or (METRICS[key].split if key in METRICS else None)
        if key == "loss":
            split = split or "train"
        yield Measure(key, value, split, None, step, epoch, time, axis, run_id, phase)


def _telemetry(row: Row) -> Iterator[Measure]:
    name = text(row.get("metric_name"))
    if name is None:
        return
    split = text(row.get("split")) or (METRICS[name].split if name in METRICS else None)
    epoch = epoch_of(row)
    yield Measure(
        name,
        row.get("value"),
        split or ("train" if name == "loss" else None),
        None,
        step_number(row.get("step", row.get("optimizer_steps"))),
        epoch,
        seconds(row.get("timestamp")),
        "step" if math.isnan(epoch) else "epoch",
        text(row.get("run_id")),
    )


def _recorded(row: Row) -> Iterator[Measure]:
    epoch, time = epoch_of(row), seconds(row.get("timestamp"))
    phase, prefix = text(row.get("phase")), text(row.get("prefix"))
    labels = (("prefix", prefix),) if prefix else ()
    axis = "step" if math.isnan(epoch) else "epoch"
    run_id, step = text(row.get("run_id")), step_number(row.get("step"))
    metrics = row.get("metrics")
    for key, value in leaves(metrics if isinstance(metrics, dict) else {}):
        yield Measure(
            key, value, phase, None, step, epoch, time, axis, run_id, phase, labels=labels
        )


def _tracker(row: Row) -> Iterator[Measure]:
    step, metrics = step_number(row.get("step")), row.get("metrics")
    for key, value in leaves(metrics if isinstance(metrics, dict) else {}):
        split = METRICS[key].split if key in METRICS else None
        yield Measure(key, value, split, None, step, epoch_of(row))


_MEASURES: dict[Dialect, Callable[[Row], Iterator[Measure]]] = {
    Dialect.CANONICAL: _canonical,
    Dialect.LEGACY: _canonical,
    Dialect.LOG_RECORD: _log_record,
    Dialect.MIRROR: _mirror,
    Dialect.WIDE: _wide,
    Dialect.FINAL: _wide,
    Dialect.TELEMETRY: _telemetry,
    Dialect.RECORDED: _recorded,
    Dialect.TRACKER: _tracker,
}

_POSITIONS = frozenset(
    {
        "$schema", "schema_version", "epoch", "step", "phase", "ts", "timestamp", "run_id",
        "split", "dataset", "version",
    }
)  # fmt: skip
"""Keys that say where a row stands; they are no measurements."""


def _figures(row: Row) -> Iterator[tuple[str, Value]]:
    for key, value in row.items():
        if key not in _POSITIONS:
            yield from leaves({key: value})
