"""Where points wait between reading and writing: memory first, a private temporary file above.

The file is unlinked as soon as it is opened, so nothing is left behind whatever kills the
process.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from archiver.limits import Limits
from archiver.model.plain import dataclass
from archiver.model.points import Batch, SeriesSpec


@dataclass(frozen=True, slots=True)
class _Spilled:
    """A batch whose columns lie in the temporary file, as (offset, items) per column."""

    batch: Batch
    columns: dict[str, tuple[int, int]]


class PointSpool:
    """A `PointSink` that groups batches by series and bounds the memory they take.

    Columns that several batches share (one block of rows gives every series the same steps)
    are held, and written, once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: dict[SeriesSpec, list[Batch | _Spilled]] = {}
        self._columns_held: set[int] = set()
        self._bytes_held = 0
        self._file: IO[bytes] | None = None
        self.points = 0
        self.refused = 0
        """Points over the limit of points or series; counted, not kept."""

    def add(self, batch: Batch) -> None:
        """Take a batch; over a limit it is counted as refused instead."""
        size = len(batch.values)
        known = batch.spec in self._held
        too_many = self.points + size > self._limits.points
        if too_many or (not known and len(self._held) >= self._limits.series):
            self.refused += size
            return
        self.points += size
        self._held.setdefault(batch.spec, []).append(batch)
        for column in _columns(batch).values():
            if id(column) not in self._columns_held:
                self._columns_held.add(id(column))
                self._bytes_held += len(column) * column.itemsize
        if self._bytes_held > self._limits.spool_memory_bytes:
            self._spill()

    def specs(self) -> list[SeriesSpec]:
        """The series seen so far, in the order in which their first batch came."""
        return list(self._held)

    def batches(self, spec: SeriesSpec) -> Iterator[Batch]:
        """The batches of one series in the order in which they came."""
        for held in self._held[spec]:
            yield held if isinstance(held, Batch) else self._load(held)

    def told(self, spec: SeriesSpec) -> Iterator[Batch]:
        """What the batches of one series say beside their columns, which may be empty here."""
        for held in self._held[spec]:
            yield held if isinstance(held, Batch) else held.batch

    def close(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._forget_columns()
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="runarchive-")  # noqa: SIM115
        written: dict[int, tuple[int, int]] = {}
        for held in self._held.values():
            for index, batch in enumerate(held):
                if isinstance(batch, Batch):
                    held[index] = self._write(batch, written)
        self._forget_columns()

    def _forget_columns(self) -> None:
        self._columns_held.clear()
        self._bytes_held = 0

    def _write(self, batch: Batch, written: dict[int, tuple[int, int]]) -> _Spilled:
        assert self._file is not None  # noqa: S101
        places = {}
        for name, column in _columns(batch).items():
            if id(column) not in written:
                written[id(column)] = (self._file.tell(), len(column))
                column.tofile(self._file)
            places[name] = written[id(column)]
        empty = array("q")
        values = array("d") if isinstance(batch.values, array) else batch.values
        return _Spilled(replace(batch, steps=empty, values=values, epochs=None, times=None), places)

    def _load(self, spilled: _Spilled) -> Batch:
        assert self._file is not None  # noqa: S101
        columns: dict[str, array[int] | array[float]] = {}
        for name, (offset, items) in spilled.columns.items():
            column: array[int] | array[float] = array("q") if name == "steps" else array("d")
            self._file.seek(offset)
            column.fromfile(self._file, items)
            columns[name] = column
        self._file.seek(0, 2)
        return replace(spilled.batch, **columns)  # type: ignore[arg-type]


def _columns(batch: Batch) -> dict[str, array[int] | array[float]]:
    columns: dict[str, array[int] | array[float]] = {"steps": batch.steps}
    if isinstance(batch.values, array):
        columns["values"] = batch.values
    if batch.epochs is not None:
        columns["epochs"] = batch.epochs
    if batch.times is not None:
        columns["times"] = batch.times
    return columns
