"""Points of a Megatron log on their way to the archive, and what its series measure.

A point is held in columns, a series each, and a batch goes on when enough are held.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from archiver.codecs.megatron_lines import Figure, IterationLine
from archiver.model.points import Batch, Metric, PointSink, SeriesSpec
from archiver.model.times import Clock, Instant

if TYPE_CHECKING:
    from archiver.producers.megatron_walk import Labels

_INTERVAL = (("mean over", "interval"),)
_PEAK = (("memory", "peak"), ("device", "accelerator"))
_CAPPED = Metric("", attributes=(("capped at", "exp(20)"),))
"""Of a perplexity that only says that the loss was 20 or more, or no number."""

METRICS: dict[str, Metric] = {
    "lm loss": Metric("loss", "nat/token", "train", _INTERVAL),
    "loss": Metric("loss", None, "train", _INTERVAL),
    "learning rate": Metric("learning_rate", split="train"),
    "grad norm": Metric("grad_norm", split="train"),
    "global batch size": Metric("batch_size", "samples", "train"),
    "gloabl batch size": Metric("batch_size", "samples", "train"),
    "loss scale": Metric("loss_scale", split="train"),
    "params norm": Metric("param_norm", split="train"),
    "consumed samples": Metric("samples_seen", "samples", "train"),
    "skipped samples": Metric("", "samples", "train"),
    "consumed tokens": Metric("tokens_seen", "tokens", "train"),
    "elapsed time per iteration (ms)": Metric("step_time", "ms", "train", _INTERVAL),
    "elapsed time per iteration (s)": Metric("step_time", "s", "train", _INTERVAL),
    "throughput per GPU (TFLOP/s/GPU)": Metric("tflops_per_gpu", "TFLOP/s/GPU", "train"),
    "TFLOPs": Metric("tflops_per_gpu", "TFLOP/s/GPU", "train"),
    "samples per second": Metric("samples_per_sec", "samples/s", "train"),
    "throughput(samples/s)": Metric("samples_per_sec", "samples/s", "train"),
    "tokens/s": Metric("tokens_per_sec", "tokens/s", "train"),
    "tokens per GPU (tokens/s/GPU)": Metric("tokens_per_sec_per_gpu", "tokens/s/GPU", "train"),
    "mfu": Metric("mfu", split="train"),
    "number of skipped iterations": Metric("skipped_iterations", "iterations", "train"),
    "number of nan iterations": Metric("nan_iterations", "iterations", "train"),
    "energy per GPU (J/iter/GPU)": Metric("", "J/iteration/GPU", "train"),
    "power per GPU (W/GPU)": Metric("gpu_power", "W", "train"),
    "max_memory_allocated(GB)": Metric("gpu_mem", "GB", "train", _PEAK),
    "max_memory_reserved(GB)": Metric("", "GB", "train"),
    "hip mem usage": Metric("gpu_mem", "GB", "train"),
    "lm loss value": Metric("eval_loss", "nat/token"),
    "lm loss PPL": Metric("perplexity"),
    "allocated": Metric("", "MiB"),
    "max allocated": Metric("gpu_mem", "MiB", None, _PEAK),
    "reserved": Metric("", "MiB"),
    "max reserved": Metric("", "MiB"),
}

_POINTS_HELD = 4096


def is_training(line: IterationLine) -> bool:
    """Whether an iteration line has figures of a training, known ones among them."""
    keys = {item.key for item in line.figures}
    return bool(keys & METRICS.keys()) and (line.total is not None or len(keys) > 1)


_Key: TypeAlias = "tuple[str, str, Labels]"
"""Of a series: key, group, labels."""


@dataclass
class _Column:
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))


@dataclass
class CurveColumns:
    """Points on their way to the sink, in columns."""

    source: str
    step_id: str | None
    sink: PointSink
    path: str = ""
    """File that the points come from."""
    attempt: int = 0
    specs: dict[_Key, SeriesSpec] = field(default_factory=dict)
    columns: dict[_Key, _Column] = field(default_factory=dict)
    held: int = 0

    def point(
        self, item: Figure, group: str, step: int, time: Instant | None, labels: Labels
    ) -> None:
        """Take one."""
        key = item.key, group, labels
        if key not in self.specs:
            self.specs[key] = self._spec(item, group, labels)
        column = self.columns.get(key)
        if column is None:
            column = self.columns[key] = _Column()
        column.steps.append(step)
        column.values.append(item.value)
        column.times.append(time.micros / 1_000_000 if time is not None else math.nan)
        self.held += 1
        if self.held >= _POINTS_HELD:
            self.flush()

    def begin(self, attempt: int) -> None:
        """Points of another job follow."""
        self.flush()
        self.attempt = attempt

    def flush(self) -> None:
        """Hand over what is held."""
        for key, column in self.columns.items():
            self.sink.add(
                Batch(
                    self.specs[key],
                    self.path,
                    column.steps,
                    column.values,
                    times=column.times,
                    attempt=self.attempt,
                    family=self.source,
                )
            )
        self.columns, self.held = {}, 0

    def _spec(self, item: Figure, group: str, labels: Labels) -> SeriesSpec:
        """The first point of a series says how its source rounds."""
        metric = _CAPPED if group.startswith("capped-") else METRICS.get(item.key, Metric(""))
        device = group == "memory"
        unit = metric.unit or ("MiB" if device else None)
        return SeriesSpec(
            item.key,
            self.source,
            metric.canonical or None,
            None if device else group.removeprefix("capped-"),
            labels=labels,
            step_id=self.step_id,
            unit=unit,
            clock=Clock.NAIVE.value,
            attributes=metric.attributes,
            absolute_error=item.absolute_error,
            relative_error=item.relative_error,
        )
