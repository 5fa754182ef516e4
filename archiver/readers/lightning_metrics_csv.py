"""PyTorch Lightning's `metrics.csv`, as its CSV logger (and Fabric's) writes it.

One row per call of the logger, so rows are sparse: a row of learning rates, rows of training
steps, of a validation, of a finished epoch. `step` is the optimizer step at the time of logging,
from 0, and not unique; `epoch` is counted from 0 and empty on rows of learning rates; rows of a
test carry the number of finished epochs. Columns are the union of all keys, in alphabetical order
(older releases: in order of appearance), and the file is written anew when one more appears. Lines
end in CR LF. A validation may come several times per epoch: each is a point of its own.

Versions side by side in one run are its starts (see `archiver/producers/lightning_versions.py`).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from archiver.codecs.csv_numbers import numbers
from archiver.codecs.csv_table import CsvBlock, CsvStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind, Problem
from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.model.record import Accounting, Step
from archiver.producers import lightning_versions
from archiver.producers.lightning_keys import first_step, understand
from archiver.producers.lightning_versions import Start

_POSITIONS = ("epoch", "step")
_SNIFFED_ROWS = 200
_LARGEST_STEP = 2**53


@dataclass
class Table:
    """A stream still to be read, and what it finds out."""

    stream: CsvStream
    specs: dict[int, SeriesSpec]
    """Column -> series."""
    step: int | None
    """Column of the step."""
    epoch: int | None
    start: Start
    first_step: int | None = None
    last_step: int | None = None
    last_line: int = 0
    stepless: int = 0
    """Rows whose step is no whole number."""
    first_stepless: int = 0
    """Line of the first of them."""
    texts: dict[str, int] = field(default_factory=dict)
    """Column -> cells that are no number."""


def detect(artifact: Artifact) -> Match:
    """Rows of steps and epochs in the shape of Lightning's, not any table of that name."""
    stream = CsvStream([artifact.head()], artifact.limits)
    header = stream.header
    homely = _homely(artifact)
    if not header:
        return Match.DAMAGED if homely else Match.NO
    if "step" not in header or len(header) < 2:
        torn = stream.tally.torn_tail and homely
        return Match.DAMAGED if torn else Match.NO
    rows = [row for block in islice(stream, 1) for row in block.rows[:_SNIFFED_ROWS]]
    if not all(_placed(row, header) for row in rows):
        return Match.NO
    sparse = any("" in row for row in rows)
    signs = (list(header) == sorted(header), stream.tally.crlf > 0, sparse)
    return Match.YES if (sparse or homely) and sum(signs) + homely >= 2 else Match.NO


def _homely(artifact: Artifact) -> int:
    """Signs of Lightning around the file: the parameters beside it, the directory's name."""
    home = artifact.directory
    beside = f"{home}/hparams.yaml".lstrip("/") in artifact.tree.by_path
    return beside + home.rpartition("/")[2].startswith("version_")


def _placed(row: Sequence[str], header: Sequence[str]) -> bool:
    """Whether the row has a whole step, and a whole epoch or none."""
    cells = dict(zip(header, row, strict=True))
    step, epoch = cells["step"], cells.get("epoch", "")
    return _whole(step) and (not epoch or _whole(epoch))


def _whole(cell: str) -> bool:
    return cell.isascii() and cell.removesuffix(".0").isdecimal() and len(cell) < 17


def parse(artifact: Artifact) -> Table:
    """A lazy reading of the file."""
    stream = CsvStream(artifact.chunks(), artifact.limits)
    header = stream.header or ()
    step, epoch = (header.index(name) if name in header else None for name in ("step", "epoch"))
    start = lightning_versions.start(artifact, artifact.name)
    source = f"{start.home}/{artifact.name}".lstrip("/")
    return Table(stream, _specs(header, stream.repeated, source), step, epoch, start)


def to_reading(table: Table, artifact: Artifact, points: PointSink) -> Reading:
    """Points of every column to the sink; how far the run came."""
    for block in table.stream:
        _take(table, block, artifact, points)
    tally = table.stream.tally
    return Reading(
        steps=(Step(at=artifact.at(), step_id="1", name="train"),) if tally.rows else (),
        evidence=_evidence(table, artifact),
        attempts=_attempts(table, artifact),
        problems=(*artifact.problems(tally.flaws), *_problems(table, artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=tally.rows,
            corrupt=tally.corrupt,
            reasons=dict(tally.flaws.counts),
            scope=artifact.run.scope,
        ),
    )


def _specs(header: Sequence[str], repeated: frozenset[int], source: str) -> dict[int, SeriesSpec]:
    """Column -> series; positions and columns that repeat a name are none."""
    names = set(header)
    return {
        index: _spec(name, names, source)
        for index, name in enumerate(header)
        if name not in _POSITIONS and index not in repeated
    }


def _spec(name: str, beside: set[str], source: str) -> SeriesSpec:
    key = understand(name, beside)
    return SeriesSpec(
        name,
        source,
        key.metric.canonical or None,
        split=key.split,
        labels=key.labels,
        unit=key.metric.unit,
        attributes=(*key.metric.attributes, *first_step(key)),
    )


def _take(table: Table, block: CsvBlock, artifact: Artifact, points: PointSink) -> None:
    columns = block.columns()
    blank = ("",) * len(block.rows)
    steps = _steps(table, block, blank if table.step is None else columns[table.step])
    epochs = _spread(blank if table.epoch is None else columns[table.epoch])
    for index, spec in table.specs.items():
        found = numbers(columns[index])
        if found.non_numeric:
            table.texts[spec.key] = table.texts.get(spec.key, 0) + found.non_numeric
        if found.values or found.non_numeric:
            batch = Batch(
                spec,
                artifact.path,
                array("q", [steps[place] for place in found.places]),
                found.values,
                array("d", [epochs[place] for place in found.places]),
                attempt=table.start.number,
                family=_family(table, artifact),
                non_numeric=found.non_numeric,
            )
            points.add(batch)


def _steps(table: Table, block: CsvBlock, cells: Sequence[str]) -> array[int]:
    """The step of each row; rows without a whole one are counted."""
    steps = array("q", [NO_STEP]) * len(cells)
    for place, value in enumerate(_spread(cells)):
        if value.is_integer() and abs(value) < _LARGEST_STEP:
            steps[place] = int(value)
    stepless = [place for place, step in enumerate(steps) if step == NO_STEP]
    if stepless:
        table.stepless += len(stepless)
        table.first_stepless = table.first_stepless or block.numbers[stepless[0]]
    known = [step for step in steps if step != NO_STEP]
    if known:
        table.first_step = min(known if table.first_step is None else (*known, table.first_step))
    furthest = max(range(len(steps)), key=steps.__getitem__)
    if steps[furthest] != NO_STEP and steps[furthest] >= (table.last_step or 0):
        table.last_step, table.last_line = steps[furthest], block.numbers[furthest]
    return steps


def _spread(cells: Sequence[str]) -> array[float]:
    """The number of each cell, NaN where there is none."""
    found = numbers(cells)
    spread = array("d", [math.nan]) * len(cells)
    for place, value in zip(found.places, found.values, strict=True):
        spread[place] = value
    return spread


def _family(table: Table, artifact: Artifact) -> str:
    """Numbering of the starts; empty where there is but one."""
    return f"{table.start.home}/{artifact.name}" if table.start.several else ""


def _attempts(table: Table, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    """The process that wrote it, where it is one of several."""
    if not table.start.several:
        return ()
    mark = AttemptMark(artifact.at(), first_step=table.first_step)
    return (AttemptTrail(_family(table, artifact), (mark,)),)


def _evidence(table: Table, artifact: Artifact) -> tuple[Evidence, ...]:
    found = []
    if table.last_step is not None:
        detail = f"last row at step {table.last_step}, counted from 0"
        place = artifact.at(f"L{table.last_line}")
        found.append(Evidence(EvidenceKind.PROGRESS, detail, place))
    if table.stream.tally.torn_tail:
        detail = "the last line is torn"
        found.append(Evidence(EvidenceKind.DEATH, detail, artifact.at()))
    family, attempt = _family(table, artifact), table.start.number
    return tuple(replace(sign, family=family, attempt=attempt) for sign in found)


def _problems(table: Table, artifact: Artifact) -> tuple[Problem, ...]:
    found = [
        artifact.problem("non-numeric", f"{count} cells of column {name!r} are no number")
        for name, count in table.texts.items()
    ]
    if table.stepless:
        message = f"{table.stepless} rows have no whole number as their step"
        found.append(artifact.problem("no-step", message, f"L{table.first_stepless}"))
    return tuple(found)


READER = Reader(
    name="lightning_metrics_csv",
    kind="lightning.metrics_csv",
    summary="PyTorch Lightning metrics.csv of its CSV logger",
    select=files("metrics.csv"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
