"""Epoch by epoch records of ai-studio's logger, turned into columns.

A record is a flat object: `epoch` (from 1), metrics as float32 written out as doubles, `lr`,
`duration_s`. The logger's hook runs at the end of validation, before the epoch's means exist:
what it finds under `train_*` and under the task's metrics is the epoch before, so the first
record of a process lacks them. `val_loss` is the epoch's own. `lr` is read after the scheduler
stepped and is the next epoch's; `lr-<Optimizer>` is the epoch's own. Where a module logs
`x_step` and `x_epoch`, the bare `x` is the value of the last batch.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

from archiver.artifact import Artifact
from archiver.model.claims import Problem
from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec
from archiver.model.values import Value
from archiver.producers.lightning_keys import understand

FLOAT32_ROUNDING = 2.0**-24
"""Half a unit in the last place, relative."""
SKEW = ("skew", "1 epoch late")
_EARLY = ("skew", "1 epoch early")
_LAST_BATCH = ("value", "last batch")
_SPLITS = {"train_": "train", "val_": "eval", "test_": "test"}
_EPOCH = "epoch"
_NAMED = 3
"""Late metrics that the finding names."""
METRICS: dict[str, Metric] = {
    "train_loss": Metric("loss", split="train"),
    "train_accuracy": Metric("accuracy", split="train"),
    "val_loss": Metric("eval_loss", split="eval"),
    "val_accuracy": Metric("accuracy", split="eval"),
    "lr": Metric("learning_rate", split="train"),
    "duration_s": Metric("epoch_time", "s"),
}


@dataclass
class EpochRecords:
    """The records of one source and what they show of how they were written."""

    records: list[dict[str, Value]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Where each record stands."""
    dropped: int = 0
    """Items that are no records."""

    def add(self, item: Value, place: str) -> None:
        """Take one item."""
        if isinstance(item, dict):
            self.records.append(item)
            self.places.append(place)
        else:
            self.dropped += 1

    @property
    def last_epoch(self) -> float | None:
        """The largest epoch of a record."""
        known = [epoch for epoch in map(epoch_of, self.records) if not math.isnan(epoch)]
        return max(known, default=None)

    def skewed(self) -> frozenset[str]:
        """Keys that stand one epoch late: the second record has them, the first cannot.

        Only where a training metric is among them; a metric that is not computed every epoch
        begins late, too.
        """
        if len(self.records) < 2:
            return frozenset()
        first, second = self.records[0], self.records[1]
        late = {key for key in second if key not in first and key.startswith(tuple(_SPLITS))}
        return frozenset(late if any(key.startswith("train_") for key in late) else ())

    def starts(self) -> list[int]:
        """Records that are the first of a process: 0, and those that lack what is late again."""
        late = self.skewed()
        again = [
            index
            for index, record in enumerate(self.records[1:], 1)
            if late and not late & set(record)
        ]
        return [0, *again] if self.records else []


def epoch_of(record: dict[str, Value]) -> float:
    """A record's epoch, NaN where it has none."""
    value = record.get(_EPOCH)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 2**53 else math.nan


@dataclass(frozen=True, slots=True)
class Writing:
    """How a source's series are told."""

    path: str
    source: str
    late: frozenset[str]
    canonical: bool = True
    """False for copies of a source that is there itself."""
    late_canonical: bool = True
    """False where another artifact has the values of late keys at their own epoch."""
    family: str = ""
    step_id: str | None = None
    """Step that they are of, where it is not the run's training."""


def better_source(artifact: Artifact, directory: str) -> bool:
    """Whether Lightning's own log of the same run, which is not late, lies below a directory."""
    prefix = f"{directory}/" if directory else ""
    others = artifact.tree.named("metrics.csv", "*tfevents*")
    return any(entry.path.startswith(prefix) for entry in others)


@dataclass(slots=True)
class _Column:
    values: array[float] = field(default_factory=lambda: array("d"))
    epochs: array[float] = field(default_factory=lambda: array("d"))
    non_numeric: int = 0


def emit(records: EpochRecords, writing: Writing, sink: PointSink) -> int:
    """Give every series to the sink; how many values were no numbers."""
    rows, starts = records.records, records.starts()
    keys = dict.fromkeys(key for row in rows for key in row if key != _EPOCH)
    other = 0
    ends = [*starts[1:], len(rows)]
    for attempt, (begin, end) in enumerate(zip(starts, ends, strict=False)):
        for key, column in _columns(rows[begin:end]).items():
            other += column.non_numeric
            steps = array("q", [NO_STEP]) * len(column.values)
            sink.add(
                Batch(
                    _spec(key, keys, writing),
                    writing.path,
                    steps,
                    column.values,
                    column.epochs,
                    None,
                    attempt,
                    writing.family,
                    column.non_numeric,
                )
            )
    return other


def _columns(rows: Iterable[dict[str, Value]]) -> dict[str, _Column]:
    columns: dict[str, _Column] = {}
    for row in rows:
        epoch = epoch_of(row)
        for key, value in row.items():
            if key == _EPOCH:
                continue
            column = columns.setdefault(key, _Column())
            if _is_number(value):
                column.values.append(cast("float", value))
                column.epochs.append(epoch)
            else:
                column.non_numeric += 1
    return columns


def _is_number(value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 10**300


def _spec(key: str, keys: dict[str, None], writing: Writing) -> SeriesSpec:
    metric, labels = _meaning(key, keys)
    attributes: tuple[tuple[str, str], ...] = ()
    canonical = metric.canonical
    if key in writing.late:
        attributes = (SKEW,)
        canonical = canonical if writing.late_canonical else ""
    elif f"{key}_step" in keys:
        attributes, canonical = (_LAST_BATCH,), ""
    elif key == "lr" and any(name.startswith("lr-") for name in keys):
        attributes, canonical = (_EARLY,), ""
    return SeriesSpec(
        key,
        writing.source,
        (canonical or None) if writing.canonical else None,
        split=metric.split,
        labels=labels,
        step_id=writing.step_id,
        axis="epoch",
        unit=metric.unit,
        attributes=attributes,
        relative_error=0.0 if key in ("lr", "duration_s") else FLOAT32_ROUNDING,
    )


def _meaning(key: str, keys: dict[str, None]) -> tuple[Metric, tuple[tuple[str, str], ...]]:
    if key.startswith("lr-"):
        rate = understand(key)
        return replace(rate.metric, split=rate.split), rate.labels
    base = key.removesuffix("_epoch")
    if base != key and f"{base}_step" in keys and base in METRICS:
        return METRICS[base], ()
    split = next((word for prefix, word in _SPLITS.items() if key.startswith(prefix)), None)
    return METRICS.get(key, Metric("", split=split)), ()


def _logged_starts(artifact: Artifact) -> int:
    """Directories that Lightning made beside it, one per start."""
    prefix = f"{artifact.directory}/" if artifact.directory else ""
    versions = {
        entry.path.removeprefix(prefix).split("/")[1]
        for entry in artifact.tree.files
        if entry.path.startswith(f"{prefix}lightning_logs/version_")
    }
    return len(versions)


def problems(records: EpochRecords, writing: Writing, artifact: Artifact) -> list[Problem]:
    """The skew, the resumes and what is no record, as problems."""
    found = []
    if writing.late:
        names = sorted(writing.late)
        late = len(names)
        told = (
            "1 metric of each record is that"
            if late == 1
            else f"{late} metrics of each record are those"
        )
        more = f" and {late - _NAMED} more" if late > _NAMED else ""
        message = (
            f"{told} of the epoch before ({', '.join(names[:_NAMED])}{more});"
            " val_loss is the epoch's own"
        )
        there = "Lightning's own log of the run has them at their epoch"
        hint = "the last epoch's are nowhere recorded" if writing.late_canonical else there
        found.append(artifact.problem("skewed-metrics", message, records.places[0], hint))
    for index in records.starts()[1:]:
        epoch = epoch_of(records.records[index])
        message = (
            f"a process was resumed before epoch {epoch:g}; epochs that it trained again were not"
            " recorded again, so records before it may be of a discarded trajectory"
        )
        found.append(artifact.problem("discarded-trajectory", message, records.places[index]))
    logged = _logged_starts(artifact)
    if records.records and len(records.starts()) == 1 < logged:
        message = (
            f"Lightning's log shows {logged} starts; epochs that a resume trained again were not"
            " recorded again, so some records may be of a discarded trajectory"
        )
        found.append(artifact.problem("discarded-trajectory", message))
    if records.dropped:
        message = f"{records.dropped} items of the list are no records"
        found.append(artifact.problem("unexpected-type", message))
    missing = sum(math.isnan(epoch_of(record)) for record in records.records)
    if missing:
        message = f"{missing} records have no epoch"
        found.append(artifact.problem("no-epoch", message))
    return found
