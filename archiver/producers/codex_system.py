"""Snapshots of the machine's load as codex_ml's samplers write them: one object per sample.

Numbers lie in nested objects (`memory.used`, `process.memory_info.rss`) and lists (`gpus`); the
unit follows from where a number stands. Without psutil a sample is minimal: `memory` is null,
`cpu_percent` comes from the load average and `rss` is the peak. Where NVML does not work, GPU
keys are absent, or the memory is what this process allocated.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver.limits import Limits
from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec
from archiver.model.times import Clock
from archiver.model.values import Value
from archiver.producers.codex_values import is_number, seconds

Row = Mapping[str, Value]
Labels = tuple[tuple[str, str], ...]
_Place = tuple[str, Labels, str]

METRICS: dict[str, Metric] = {
    "cpu_percent": Metric("cpu_util", "%"),
    "cpu.cpu_percent": Metric("cpu_util", "%"),
    "memory.used": Metric("host_mem", "bytes"),
    "cpu.memory.used": Metric("host_mem", "bytes"),
    "gpus.util": Metric("gpu_util", "%"),
    "gpu_util": Metric("gpu_util", "%"),
    "gpu_util_mean": Metric("gpu_util", "%", attributes=(("over_gpus", "mean"),)),
    "gpus.mem_used": Metric("gpu_mem", "bytes"),
    "gpus.mem_total": Metric("", "bytes"),
    "gpu_mem_used": Metric("gpu_mem", "bytes"),
    "gpu_mem_total": Metric("", "bytes"),
    "gpus.temp_c": Metric("gpu_temp", "degC"),
    "gpus.power_w": Metric("gpu_power", "W"),
    "mem_used_gb": Metric("host_mem", "GiB"),
}
"""Written key (nested ones with dots) -> meaning and unit."""
_BYTES = ("memory.", "swap.", "memory_info.")
_NESTING = 6
_LOAD = ("1m", "5m", "15m")
_NOT_MEASURED = frozenset({"ts", "timestamp", "event", "index", "device"})


class Sample(NamedTuple):
    """One number of a snapshot."""

    key: str
    value: float
    labels: Labels


def metric_of(key: str) -> Metric:
    """Meaning and unit of a key."""
    known = METRICS.get(key.removeprefix("gpu.")) or METRICS.get(key)
    if known is not None:
        return known
    leaf = key.rpartition(".")[2]
    if leaf.endswith(("percent", "_pct")):
        return Metric("", "%")
    if leaf.endswith("_gb"):
        return Metric("", "GiB")
    if any(part in key for part in _BYTES):
        return Metric("", "bytes")
    return Metric("")


def samples(row: Row) -> Iterator[Sample]:
    """Every number of a snapshot; nulls (nothing was measured) are passed over."""
    yield from _numbers(row, "", (), 0)


def _numbers(row: Row, prefix: str, labels: Labels, depth: int) -> Iterator[Sample]:
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _NESTING:
            yield from _numbers(value, f"{name}.", labels, depth + 1)
        elif isinstance(value, list) and depth < _NESTING:
            yield from _listed(name, value, labels, depth)
        elif key not in _NOT_MEASURED and not isinstance(value, bool) and is_number(value):
            yield Sample(name, float(value), labels)  # type: ignore[arg-type]


def _listed(name: str, items: list[Value], labels: Labels, depth: int) -> Iterator[Sample]:
    if name == "load_avg":
        for word, value in zip(_LOAD, items, strict=False):
            if is_number(value) and not isinstance(value, bool):
                yield Sample(f"load_avg.{word}", float(value), labels)  # type: ignore[arg-type]
        return
    for place, item in enumerate(items):
        if isinstance(item, dict):
            index = item.get("index", item.get("device", place))
            number = index if isinstance(index, int | str) else place
            yield from _numbers(item, f"{name}.", (*labels, ("gpu", str(number))), depth + 1)


@dataclass
class Samples:
    """Snapshots on their way to columns, with what they say of the run's resources."""

    source: str
    sink: PointSink
    limits: Limits
    taken: int = 0
    minimal: int = 0
    """Samples that were made without psutil."""
    gpu_util: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Sum of the mean utilisation per sample, and how many samples had one."""
    gpu_mem: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Sum of the used bytes per GPU and sample, how many there were, and the largest."""
    first: float = math.nan
    last: float = math.nan
    _columns: dict[_Place, tuple[array[float], array[float]]] = field(default_factory=dict)

    def take(self, row: Row, path: str) -> None:
        """One snapshot."""
        self.taken += 1
        self.minimal += "memory" in row and row["memory"] is None
        time = seconds(row.get("ts", row.get("timestamp")))
        if not math.isnan(time):
            self.first = time if math.isnan(self.first) else min(self.first, time)
            self.last = time if math.isnan(self.last) else max(self.last, time)
        utils: list[float] = []
        for sample in samples(row):
            place = (sample.key, sample.labels, path)
            if place not in self._columns:
                self._columns[place] = (array("d"), array("d"))
            times, values = self._columns[place]
            times.append(time)
            values.append(sample.value)
            self._note(sample, utils)
        mean = row.get("gpu_util_mean")
        if not utils and is_number(mean) and not isinstance(mean, bool):
            utils.append(float(mean))  # type: ignore[arg-type]
        if utils and math.isfinite(sum(utils)):
            self.gpu_util[0] += sum(utils) / len(utils)
            self.gpu_util[1] += 1

    def _note(self, sample: Sample, utils: list[float]) -> None:
        key = sample.key.removeprefix("gpu.")
        if not math.isfinite(sample.value):
            return
        if key in ("gpus.util", "gpu_util"):
            utils.append(sample.value)
        elif key in ("gpus.mem_used", "gpu_mem_used"):
            total = self.gpu_mem
            self.gpu_mem = [total[0] + sample.value, total[1] + 1, max(total[2], sample.value)]

    def flush(self) -> None:
        """Hand over what was taken."""
        for (key, labels, path), (times, values) in self._columns.items():
            metric = metric_of(key)
            spec = SeriesSpec(
                key,
                self.source,
                metric.canonical or None,
                labels=labels,
                axis="time",
                unit=metric.unit,
                clock=Clock.ZONED.value,
                attributes=metric.attributes,
            )
            steps = array("q", [NO_STEP]) * len(values)
            self.sink.add(Batch(spec, path, steps, values, None, times))
        self._columns.clear()
