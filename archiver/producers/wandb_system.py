"""System figures that W&B samples beside a run: names, units, and their series over time."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable

from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec
from archiver.model.times import Clock
from archiver.model.values import Value
from archiver.producers.wandb_history import COLUMN_POINTS, PENDING_POINTS, flat, number

_GPU = re.compile(r"gpu\.(?:process\.)?(\d{1,4})\.(\w{1,60})\Z")
_SYSTEM: dict[str, Metric] = {
    "gpu": Metric("gpu_util", "%"),
    "memory": Metric("", "%"),
    "memoryAllocated": Metric("gpu_mem", "%"),
    "memoryAllocatedBytes": Metric("gpu_mem", "bytes"),
    "temp": Metric("gpu_temp", "degC"),
    "powerWatts": Metric("gpu_power", "W"),
    "cpu": Metric("cpu_util", "%"),
    "disk": Metric("", "%"),
    "proc.memory.rssMB": Metric("host_mem", "MB"),
    "network.sent": Metric("", "bytes"),
    "network.recv": Metric("", "bytes"),
}
_UNITS = {"percent": "%", "mb": "MB", "gb": "GB", "bytes": "bytes", "watts": "W"}
"""Ends of names that tell the unit of what else was sampled."""


class SystemFigures:
    """Collects samples and hands them to a sink, a bounded number at a time."""

    def __init__(self, sink: PointSink, path: str) -> None:
        self._sink, self._path = sink, path
        self._columns: dict[str, tuple[array[int], array[float], array[float]]] = {}
        self._held = 0
        """Points that wait, and what their columns take besides."""
        self.other = 0
        """Values that are no number."""

    def add(self, values: Iterable[tuple[str, Value]], time: float | None) -> None:
        """Take one sample; its time is in Unix seconds."""
        if self._held >= PENDING_POINTS:
            self.flush()
        for key, value in flat(values):
            figure = number(value)
            if figure is None:
                self.other += 1
                continue
            self._held += 1 if key in self._columns else COLUMN_POINTS
            column = self._columns.setdefault(key, (array("q"), array("d"), array("d")))
            column[0].append(NO_STEP)
            column[1].append(figure)
            column[2].append(float("nan") if time is None else time)

    def flush(self) -> None:
        """Hand over what waits."""
        path = self._path
        for key, (steps, values, times) in self._columns.items():
            batch = Batch(_spec(key, path), path, steps, values, None, times, family=path)
            self._sink.add(batch)
        self._columns.clear()
        self._held = 0


def _spec(key: str, path: str) -> SeriesSpec:
    card = _GPU.match(key)
    metric = _sampled(card[2] if card else key)
    own = card is not None and key.startswith("gpu.process.")
    return SeriesSpec(
        key,
        path,
        None if own else metric.canonical or None,
        labels=(("gpu", card[1]),) if card else (),
        axis="time",
        unit=metric.unit,
        clock=Clock.EPOCH.value,
        attributes=(("kind", "system"),),
    )


def _sampled(name: str) -> Metric:
    known = _SYSTEM.get(name)
    if known is not None:
        return known
    ends = (unit for end, unit in _UNITS.items() if name.lower().endswith(end))
    return Metric("", next(ends, None))
