"""An archive read back: its record, and the points of each series."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.case import Points
from archiver.errors import ArchiverError
from archiver.model import codec
from archiver.model.findings import Finding, decoded
from archiver.model.points import NO_STEP, PointStatus
from archiver.model.record import SCHEMA_VERSION, FileEntry, RunRecord, Series
from archiver.package import layout
from archiver.summaries import Columns

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_BATCH = 1 << 16
_HINT = "collect the run again, or restore the archive from a copy"


def is_archive(path: Path) -> bool:
    """Whether a directory looks like an archive that `collect` wrote."""
    return layout.looks_like_archive(name for name in layout.SIGNS if (path / name).is_file())


def record(archive: Path) -> RunRecord:
    """The record of an archive.

    Raises:
        ArchiverError: when it cannot be read, is no record, or is one of another version.
    """
    place = archive / layout.RECORD
    try:
        data = json.loads(place.read_bytes())
        version = data.get("schema_version") if isinstance(data, dict) else SCHEMA_VERSION
        if version != SCHEMA_VERSION:
            raise ArchiverError(
                str(place),
                f"is of version {str(version)[:20]}, this program reads {SCHEMA_VERSION}",
                "use the release of runarchive that wrote it, or collect the run again",
            )
        return codec.decode(RunRecord, data)
    except OSError as fault:
        raise ArchiverError(str(place), fault.strerror or "cannot be read", _HINT) from None
    except (ValueError, RecursionError) as fault:
        raise ArchiverError(str(place), f"is no record ({fault})", _HINT) from None


def points(archive: Path, series: tuple[Series, ...]) -> Iterator[tuple[Series, Columns]]:
    """Each series of the record with its points, which stand in the table in the same order.

    Raises:
        ArchiverError: when the table cannot be read or holds other points than the record says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = archive / layout.POINTS
    try:
        with pq.ParquetFile(place) as file:
            _check_columns(file.schema_arrow)
            window = _Window(file.iter_batches(_BATCH, columns=list(_COLUMNS)))
            for item in series:
                yield item, _columns(item, window.take(_size(item)))
            if not window.is_empty():
                raise ArchiverError(str(place), "holds points of no series", _HINT)
    except OSError as fault:
        raise ArchiverError(str(place), _reason(fault), _HINT) from None
    except (pa.ArrowException, ValueError) as fault:
        raise ArchiverError(str(place), f"is no table of points ({fault})", _HINT) from None


def files(archive: Path) -> tuple[FileEntry, ...]:
    """The inventory of an archive.

    Raises:
        ArchiverError: when it cannot be read or is no inventory.
    """
    place = archive / layout.INVENTORY
    try:
        with place.open("rb") as lines:
            return tuple(codec.decode(FileEntry, json.loads(line)) for line in lines)
    except OSError as fault:
        raise ArchiverError(str(place), fault.strerror or "cannot be read", _HINT) from None
    except (ValueError, RecursionError) as fault:
        raise ArchiverError(str(place), f"is no inventory ({fault})", _HINT) from None


def findings(archive: Path) -> tuple[Finding, ...]:
    """What the audit found when the run was archived.

    Raises:
        ArchiverError: when it cannot be read or is no list of findings.
    """
    place = archive / layout.FINDINGS
    try:
        return tuple(decoded(item) for item in json.loads(place.read_bytes()))
    except OSError as fault:
        raise ArchiverError(str(place), fault.strerror or "cannot be read", _HINT) from None
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise ArchiverError(str(place), f"is no list of findings ({fault})", _HINT) from None


class PointTable:
    """The points of an archive's series of numbers, whatever became of them."""

    _NAMES = ("step", "time", "value", "attempt", "status", "epoch")

    def __init__(self, archive: Path, series: tuple[Series, ...]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        place = archive / layout.POINTS
        try:
            self._table: pa.Table = pq.read_table(place, columns=list(self._NAMES))
        except OSError as fault:
            raise ArchiverError(str(place), _reason(fault), _HINT) from None
        except (pa.ArrowException, ValueError) as fault:
            raise ArchiverError(str(place), f"is no table of points ({fault})", _HINT) from None
        self._starts: dict[int, int] = {}
        start = 0
        for item in series:
            self._starts[id(item)] = start
            start += _size(item)
        if start != len(self._table) or set(self._table.column_names) != set(self._NAMES):
            raise ArchiverError(str(place), "holds other points than the record says", _HINT)

    def of(self, item: Series) -> Points | None:
        """The points of one of the record's series; None where they are no numbers."""
        if item.type != "number":
            return None
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        part = self._table.slice(self._starts[id(item)], _size(item)).combine_chunks()
        status = pc.cast(part["status"], pa.string())
        return Points(
            np.asarray(pc.fill_null(part["step"], pa.scalar(NO_STEP, pa.int64()))),
            _seconds(part["time"]),
            np.asarray(pc.fill_null(part["value"], float("nan"))),
            np.asarray(pc.fill_null(part["attempt"], 0)).astype(np.int64),
            np.asarray(pc.equal(status, PointStatus.KEPT.word)),
            np.asarray(pc.fill_null(part["epoch"], float("nan"))),
        )


def _reason(fault: OSError) -> str:
    """Why a file cannot be read; pyarrow says of one that is not there only its name."""
    if isinstance(fault, FileNotFoundError):
        return "does not exist"
    return os.strerror(fault.errno) if fault.errno else str(fault)


_COLUMNS = ("step", "time", "value", "text")


def _check_columns(schema: pa.Schema) -> None:
    missing = [name for name in _COLUMNS if name not in schema.names]
    if missing:
        raise ValueError(f"it has no column {missing[0]}")


def _size(item: Series) -> int:
    return item.points + item.duplicates + item.overwritten + item.superseded


class _Window:
    """Rows of the table, some at a time."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._held: list[pa.RecordBatch] = []

    def take(self, size: int) -> pa.Table:
        """The next rows.

        Raises:
            ValueError: there are not as many.
        """
        import pyarrow as pa

        if size < 0:
            raise ValueError("a number of points in the record is negative")
        parts: list[pa.RecordBatch] = []
        while size:
            batch = self._held.pop() if self._held else next(self._batches, None)
            if batch is None:
                raise ValueError("fewer points than the record says")
            parts.append(batch.slice(0, size))
            if len(batch) > size:
                self._held.append(batch.slice(size))
            size -= len(parts[-1])
        if parts:
            return pa.Table.from_batches(parts)
        return pa.table({name: [] for name in _COLUMNS})

    def is_empty(self) -> bool:
        """Whether every row was taken."""
        return not self._held and next(self._batches, None) is None


def _columns(item: Series, table: pa.Table) -> Columns:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    size = len(table)
    if not size:
        empty = np.empty(0)
        return Columns(np.empty(0, np.int64), empty, empty if item.type == "number" else ())
    steps = pc.fill_null(table["step"], pa.scalar(NO_STEP, pa.int64()))
    values: NDArray[np.float64] | list[str]
    if item.type == "number":
        values = np.asarray(pc.fill_null(table["value"], float("nan")))
    else:
        values = [text or "" for text in table["text"].to_pylist()]
    return Columns(np.asarray(steps), _seconds(table["time"]), values)


def _seconds(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Seconds since 1970 of ISO 8601 texts; of naive ones as if they were UTC."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    plain = pc.replace_substring(column, "+00:00", "")
    stamps = pc.cast(plain, pa.timestamp("us"))
    micros = pc.cast(pc.cast(stamps, pa.int64()), pa.float64())
    return np.asarray(pc.fill_null(pc.divide(micros, 1e6), float("nan")))
