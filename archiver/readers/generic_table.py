"""CSV and TSV tables with a step or epoch column, of no known producer.

The delimiter is told by the name: `.tsv` has tabs. A table is taken where its first rows hold a
number under the axis and under at least one other column; any other table stays unplaced. So does
one whose rows all stand at the same place: a summary with a row per run is no curve.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from archiver.codecs.csv_numbers import number, numbers
from archiver.codecs.csv_table import CsvStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.points import NO_STEP
from archiver.model.record import Accounting
from archiver.producers.plain_metrics import METRICS, Axes, Column, Place, axes, place, spec

_LOOKED_AT = 20
"""Rows that recognition looks at."""


def _stream(artifact: Artifact, chunks: object = None) -> CsvStream:
    delimiter = "\t" if artifact.name.endswith(".tsv") else ","
    given = artifact.chunks() if chunks is None else iter([artifact.head()])
    return CsvStream(given, artifact.limits, delimiter)


def detect(artifact: Artifact) -> Match:
    """A header with an axis, and numbers below it."""
    stream = _stream(artifact, "head")
    where = axes(stream.header or ())
    axis = where.step if where.step is not None else where.epoch
    if axis is None or stream.repeated & where.columns:
        return Match.NO
    rows = [row for block in islice(stream, 1) for row in block.rows[:_LOOKED_AT]]
    places = {number(row[axis]) for row in rows}
    if len(rows) > 1 and len(places) == 1:
        return Match.NO
    for row in rows:
        others = (cell for index, cell in enumerate(row) if index not in where.columns)
        if number(row[axis]) is not None and any(number(cell) is not None for cell in others):
            return Match.YES
    return Match.NO


def parse(artifact: Artifact) -> CsvStream:
    """A lazy walk over the rows."""
    return _stream(artifact)


def to_reading(stream: CsvStream, artifact: Artifact, points: PointSink) -> Reading:
    """Every column of numbers as a series."""
    header = stream.header or ()
    where = axes(header)
    measured = [
        index
        for index in range(len(header))
        if index not in where.columns and index not in stream.repeated
    ]
    columns = {
        index: Column.empty(spec(header[index], artifact.path, where), artifact.path)
        for index in measured
    }
    unplaced = 0
    for block in stream:
        cells = block.columns()
        places = _places(cells, where, len(block.rows))
        unplaced += sum(not item.known for item in places)
        for index, column in columns.items():
            found = numbers(cells[index])
            column.non_numeric += found.non_numeric
            for value, row in zip(found.values, found.places, strict=True):
                if places[row].known:
                    column.add(value, places[row])
            column.send(points)
    tally = stream.tally
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=tally.rows - unplaced,
        dropped=unplaced,
        corrupt=tally.corrupt,
        reasons=dict(tally.flaws.counts) | ({"no-place": unplaced} if unplaced else {}),
        scope=artifact.run.scope,
    )
    return Reading(problems=artifact.problems(tally.flaws), accounting=books)


def _places(cells: list[tuple[str, ...]], where: Axes, size: int) -> list[Place]:
    def axis(index: int | None) -> list[float | None]:
        return [None] * size if index is None else [number(cell) for cell in cells[index]]

    rows = zip(axis(where.step), axis(where.epoch), axis(where.time), strict=True)
    found = [place(step, epoch, time) for step, epoch, time in rows]
    if where.step is None:
        return found
    # On an axis of steps, a row without one has no place, whatever its epoch.
    nowhere = float("nan")
    return [replace(p, epoch=nowhere) if p.step == NO_STEP else p for p in found]


READER = Reader(
    name="generic_table",
    kind="generic.table",
    summary="CSV and TSV tables with a step or epoch column, of no known producer",
    select=files("*.csv", "*.tsv"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
    fallback=True,
)
