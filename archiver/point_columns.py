"""Numbers that a text log gives one by one, gathered into typed columns for the sink."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field

from archiver.model.points import NO_STEP, Batch, PointSink, SeriesSpec

_FLUSH_POINTS = 100_000
_MOST_COLUMNS = 10_000
"""Columns held, whether points stand in them or not."""


@dataclass(slots=True)
class _Column:
    spec: SeriesSpec
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    epochs: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    non_numeric: int = 0


@dataclass
class Columns:
    """One column per series, of one file and one attempt at a time.

    Series are told apart by their object, which is cheaper by far than by what it says: keep it.
    """

    sink: PointSink
    path: str = ""
    attempt: int = 0
    family: str = ""
    _held: dict[int, _Column] = field(default_factory=dict)
    _points: int = 0

    def begin(self, path: str, attempt: int = 0, family: str = "") -> None:
        """What comes from here on is another file's, or another attempt's."""
        self.flush()
        self.path, self.attempt, self.family = path, attempt, family

    def add(
        self,
        spec: SeriesSpec,
        value: float | None,
        step: int = NO_STEP,
        *,
        epoch: float = math.nan,
        time: float = math.nan,
    ) -> None:
        """One point; None for a value that is no number and is only counted."""
        column = self._held.get(id(spec))
        if column is None:
            if len(self._held) >= _MOST_COLUMNS:
                self.flush()
            column = self._held[id(spec)] = _Column(spec)
        if value is None:
            column.non_numeric += 1
            return
        column.steps.append(step)
        column.values.append(value)
        column.epochs.append(epoch)
        column.times.append(time)
        self._points += 1
        if self._points >= _FLUSH_POINTS:
            self.flush()

    def flush(self) -> None:
        """Hand everything over to the sink."""
        for column in self._held.values():
            if column.values:
                self.sink.add(
                    Batch(
                        column.spec,
                        self.path,
                        column.steps,
                        column.values,
                        _told(column.epochs),
                        _told(column.times),
                        self.attempt,
                        self.family,
                        column.non_numeric,
                    )
                )
        self._held.clear()
        self._points = 0


def _told(column: array[float]) -> array[float] | None:
    return None if all(map(math.isnan, column)) else column
