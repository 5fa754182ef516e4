"""`metrics.parquet`: every point that was read; `loss_curve.csv`: the primary loss, complete."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from archiver.model.points import NO_STEP, PointStatus
from archiver.model.values import nonfinite
from archiver.series import Joined, Points, iso

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

GROUP_ROWS = 1 << 17
"""Rows of one row group, so that a reader can skip."""
_WORDS = [status.word for status in PointStatus]
_CSV_HEADER = "step,epoch,time,value,split,segment,status,step_id\n"


def _schema() -> pa.Schema:
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    columns = [
        ("key", word), ("split", word), ("dataset", word), ("labels", word), ("step_id", word),
        ("attempt", pa.int16()), ("step", pa.int64()), ("epoch", pa.float64()),
        ("time", pa.string()), ("value", pa.float64()), ("text", pa.string()), ("source", word),
        ("segment", pa.int16()), ("status", word), ("attributes", word),
    ]  # fmt: skip
    return pa.schema(columns)


def _texts(schema: pa.Schema) -> list[str]:
    """The columns that repeat; a dictionary of a million different numbers helps nobody."""
    import pyarrow as pa

    return [field.name for field in schema if pa.types.is_dictionary(field.type)]


def metrics_parquet(series: Iterable[Joined], redact: Callable[[str], str]) -> bytes:
    """Every point of every series, judged; text passes through `redact`."""
    import pyarrow.parquet as pq

    schema = _schema()
    target = io.BytesIO()
    with pq.ParquetWriter(
        target,
        schema,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        use_dictionary=_texts(schema),
    ) as writer:
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for item in series:
            batch = _batch(item, schema, redact)
            waiting.append(batch)
            rows += len(batch)
            if rows >= GROUP_ROWS:
                _write_group(writer, waiting)
                waiting, rows = [], 0
        if waiting:
            _write_group(writer, waiting)
    return target.getvalue()


def _write_group(writer: Any, batches: list[Any]) -> None:  # noqa: ANN401
    import pyarrow as pa

    table = pa.Table.from_batches(batches).unify_dictionaries()
    writer.write_table(table, row_group_size=GROUP_ROWS * 4)


def _batch(item: Joined, schema: pa.Schema, redact: Callable[[str], str]) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    points = item.points()
    size = len(points.steps)
    summary = item.summary

    def constant(text: str | None) -> pa.DictionaryArray:
        if text is None:
            return pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int32()), _words())
        code = _column(np.zeros(size, np.int32), pa.int32())
        return pa.DictionaryArray.from_arrays(code, _words(redact(text)))

    numbers = isinstance(points.values, np.ndarray)
    columns = {
        "key": constant(summary.key),
        "split": constant(summary.split),
        "dataset": constant(summary.dataset),
        "labels": constant(_object(summary.labels)),
        "step_id": constant(summary.step_id),
        "attempt": _column(points.attempts, pa.int16(), points.attempts != 0),
        "step": _column(points.steps, pa.int64(), points.steps != NO_STEP),
        "epoch": _column(points.epochs, pa.float64(), ~np.isnan(points.epochs)),
        "time": _times(points.times, item.spec.clock),
        "value": _column(points.values, pa.float64()) if numbers else pa.nulls(size, pa.float64()),
        "text": pa.nulls(size, pa.string()) if numbers else _words(*map(redact, points.values)),
        "source": constant(summary.source),
        "segment": _column(item.segment, pa.int16()),
        "status": pa.DictionaryArray.from_arrays(
            _column(item.status.astype(np.int32), pa.int32()), _words(*_WORDS)
        ),
        "attributes": constant(_object(summary.attributes)),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _column(values: Any, kind: pa.DataType, valid: Any = None) -> pa.Array:  # noqa: ANN401
    """An Arrow array over numpy's memory; `pyarrow.array` would import pandas to look at it."""
    import numpy as np
    import pyarrow as pa

    mask = None
    if valid is not None and not valid.all():
        mask = pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, len(values), [mask, data])


def _words(*texts: str) -> pa.Array:
    """A string array, built without `pyarrow.array` (see `_column`)."""
    import numpy as np
    import pyarrow as pa

    raw = [text.encode("utf-8", "replace") for text in texts]
    ends = np.cumsum([0, *map(len, raw)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(raw))]
    return pa.Array.from_buffers(pa.large_string(), len(raw), buffers).cast(pa.string())


def _object(pairs: dict[str, str]) -> str | None:
    return json.dumps(pairs, sort_keys=True, ensure_ascii=False) if pairs else None


def _times(times: NDArray[np.float64], clock: str) -> pa.Array:
    """ISO 8601 text; null where a point has no time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    with np.errstate(invalid="ignore"):
        known = np.isfinite(times) & (times > 0) & (times < 253_402_300_799)
    if not clock or not known.any():
        return pa.nulls(len(times), pa.string())
    micros = np.round(np.where(known, times, 0.0) * 1e6).astype(np.int64)
    stamps = _column(micros, pa.timestamp("us"), known).cast(pa.string())
    text = pc.utf8_replace_slice(stamps, start=10, stop=11, replacement="T")
    zone = "" if clock == "naive" else "+00:00"
    return pc.binary_join_element_wise(text, zone, "")


def loss_curve_csv(curves: Sequence[Joined]) -> bytes:
    """The primary loss and its evaluation twin, each in axis order, every point with its fate."""
    parts = [_CSV_HEADER.encode()]
    for item in curves:
        points = item.points()
        order = item.order(points)
        starts = range(0, len(order), GROUP_ROWS)
        parts += [_csv_rows(item, points, order[n : n + GROUP_ROWS]) for n in starts]
    return b"".join(parts)


def _csv_rows(item: Joined, points: Points, order: NDArray[np.int64]) -> bytes:
    import numpy as np

    split, clock = _csv_text(item.summary.split), item.spec.clock
    end = f",{_csv_text(item.summary.step_id)}\n"
    times = points.times[order].tolist() if clock else []
    stamps = [iso(time, clock) or "" for time in times] if clock else repeat("", len(order))
    rows = zip(
        points.steps[order].tolist(),
        map(_cell, points.epochs[order].tolist()),
        stamps,
        map(_number, np.asarray(points.values, dtype=np.float64)[order].tolist()),
        item.segment[order].tolist(),
        (_WORDS[code] for code in item.status[order].tolist()),
        strict=True,
    )
    lines = [
        f"{'' if step == NO_STEP else step},{epoch},{time},{value},{split},{segment},{word}{end}"
        for step, epoch, time, value, segment, word in rows
    ]
    return "".join(lines).encode()


def _csv_text(text: str | None) -> str:
    """A text as a cell: quoted where it could part cells or rows."""
    plain = (text or "").replace("\r", " ").replace("\n", " ")
    return '"' + plain.replace('"', '""') + '"' if '"' in plain or "," in plain else plain


def _cell(value: float) -> str:
    return "" if value != value else repr(value)  # noqa: PLR0124


def _number(value: float) -> str:
    return repr(value) if value - value == 0 else nonfinite(value)
