"""NDJSON rows with a step or epoch key, of no known producer.

Objects inside a row count as part of it, their keys joined by dots; what stands deeper than that
is left out. Rows need not have the same keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.codecs.ndjson import NdjsonStream, Row
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.values import Value
from archiver.producers.plain_metrics import METRICS, Axes, Column, Place, axes, place, spec
from archiver.view import emptiness

_MOST_KEYS = 2_000
"""Different keys that become series; further ones are counted as dropped."""


def detect(artifact: Artifact) -> Match:
    """First rows with an axis and a number beside it."""
    for block in NdjsonStream(iter([artifact.head()]), artifact.limits):
        for row in block.rows[:20]:
            flat = dict(_flat(row))
            where = axes(tuple(flat))
            keys = list(flat)
            others = [key for index, key in enumerate(keys) if index not in where.columns]
            numbers = any(_number(flat[key]) is not None for key in others)
            if numbers and _place(flat, keys, where).known:
                return Match.YES
        return Match.NO
    return Match.NO


def parse(artifact: Artifact) -> NdjsonStream:
    """A lazy walk over the rows."""
    return artifact.rows()


def to_reading(stream: NdjsonStream, artifact: Artifact, points: PointSink) -> Reading:
    """Every key of numbers as a series."""
    columns: dict[tuple[str, str], Column] = {}
    dropped = 0
    for block in stream:
        for row in block.rows:
            dropped += not _take(dict(_flat(row)), columns, artifact.path)
        for column in columns.values():
            column.send(points)
    tally = stream.tally
    return Reading(
        problems=(*artifact.problems(tally.flaws), *emptiness(artifact)),
        accounting=artifact.stream_accounting(READER.kind, tally, dropped),
    )


def _take(row: dict[str, Value], columns: dict[tuple[str, str], Column], path: str) -> bool:
    """Add a row's numbers to their columns; False where it has none, or no place."""
    keys = list(row)
    where = axes(keys)
    stands = _place(row, keys, where)
    if not stands.known:
        return False
    axis = "step" if where.step is not None else "epoch"
    used = False
    for index, key in enumerate(keys):
        value = _number(row[key])
        if index in where.columns or isinstance(row[key], str | bool | None):
            continue
        column = columns.get((key, axis))
        if column is None and len(columns) < _MOST_KEYS:
            column = columns[key, axis] = Column.empty(spec(key, path, where), path)
        if column is None:
            continue
        if value is None:
            column.non_numeric += 1
        else:
            column.add(value, stands)
            used = True
    return used


def _place(row: dict[str, Value], keys: list[str], where: Axes) -> Place:
    def cell(index: int | None) -> float | None:
        return None if index is None else _number(row[keys[index]])

    step = cell(where.step)
    # On an axis of steps, a row without one has no place, whatever its epoch.
    epoch = cell(where.epoch) if where.step is None or step is not None else None
    return place(step, epoch, cell(where.time))


def _flat(row: Row) -> Iterator[tuple[str, Value]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", item) for inner, item in value.items())
        else:
            yield key, value


def _number(value: Value) -> float | None:
    if isinstance(value, float):
        return value
    # A JSON integer may be longer than a double can hold.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300:
        return float(value)
    return None


READER = Reader(
    name="generic_rows",
    kind="generic.rows",
    summary="NDJSON rows with a step or epoch key, of no known producer",
    select=files("*.jsonl", "*.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
    fallback=True,
)
