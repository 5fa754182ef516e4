"""Text logs of no known producer: lines of metrics, and the traceback that ends them.

A line of metrics begins with where it stands (`step 20`, `iter 20/100`, `Epoch 3`) and goes on with
names and numbers, parted by commas, semicolons or bars: `iter 20: loss 2.31, time 12.5ms`. Only a
number at the end of its part counts, with a unit or `%` behind it at most. A traceback speaks of
the run only where nothing follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs import traceback_text
from archiver.codecs.lines import LineTally, segments
from archiver.codecs.traceback_text import TracebackText
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Evidence, EvidenceKind
from archiver.model.points import NO_STEP
from archiver.model.record import Accounting, Step
from archiver.producers.plain_metrics import METRICS, Axes, Column, Place, spec

_STANDS = re.compile(
    rb"[\s\[(]{0,20}(?P<axis>step|global_step|iter|iteration|epoch)\b[\s:=#]{0,5}(?P<at>\d{1,15})"
    rb"(?:\s?/\s?\d{1,15})?[\s:,;|\])-]{0,10}(?P<rest>.*)",
    re.IGNORECASE,
)
_PART = re.compile(
    rb"\s*(?P<name>[A-Za-z][\w ./-]{0,60}?)[\s:=]{1,5}"
    rb"(?P<number>[-+]?(?:\d{1,30}\.?\d{0,30}(?:[eE][-+]?\d{1,3})?|nan|inf))"
    rb"\s?(?P<unit>%|[a-zA-Z/]{1,12})?\s*\Z"
)
_PARTS = re.compile(rb"[,;|]")
_TRACEBACK = b"Traceback (most recent call last):"
_LONGEST = 2_000
"""Bytes of a line that are looked at."""
_ENOUGH = 2
"""Lines of metrics that make a log one of metrics."""
_MOST_COLUMNS = 200
_PRINTED = 0.5e-4
"""Half of the fourth decimal, which such logs print at least."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of metrics."""

    axis: str
    at: int
    numbers: tuple[tuple[str, float, str], ...]
    """Name, value and unit."""


@dataclass
class Log:
    """A log, still to be read."""

    artifact: Artifact
    tally: LineTally = field(default_factory=LineTally)
    traceback: TracebackText | None = None


def detect(artifact: Artifact) -> Match:
    """Lines of metrics at its beginning or end, or a traceback at its end."""
    tail = _tail(artifact)
    lines = [*artifact.head().split(b"\n")[:500], *tail.split(b"\n")[-500:]]
    measured = sum(measure(line) is not None for line in dict.fromkeys(lines))
    return Match.YES if measured >= _ENOUGH or _TRACEBACK in tail else Match.NO


def _tail(artifact: Artifact) -> bytes:
    handle, size = artifact.open(), artifact.limits.head_bytes
    return handle.read_at(max(0, handle.size - size), size)


def measure(line: bytes) -> Measured | None:
    """The metrics of a line, None where it holds none."""
    # A progress bar redraws its line; what stands last is what a person would see.
    drawn = segments(line[-_LONGEST:])
    stands = _STANDS.match(drawn[-1]) if drawn else None
    if stands is None:
        return None
    numbers = []
    for part in _PARTS.split(stands["rest"])[:50]:
        found = _PART.match(part)
        if found is not None:
            name = found["name"].decode("utf-8", "replace").strip()
            unit = (found["unit"] or b"").decode("ascii")
            numbers.append((name, float(found["number"]), unit))
    if not numbers:
        return None
    axis = "epoch" if stands["axis"].lower() == b"epoch" else "step"
    return Measured(axis, int(stands["at"]), tuple(numbers))


def parse(artifact: Artifact) -> Log:
    """The traceback at the end; lines are read when they are mapped."""
    found = traceback_text.last(_tail(artifact).decode("utf-8", "replace"))
    return Log(artifact, traceback=found if found and found.error and not found.followed else None)


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Curves, and how it ended."""
    stream = artifact.lines()
    log.tally = stream.tally
    columns: dict[tuple[str, str], Column] = {}
    read = 0
    for number, line in stream:
        found = measure(line)
        if found is None:
            continue
        read += 1
        _take(found, columns, artifact.path)
        if number % 10_000 == 0:
            _send(columns, points)
    _send(columns, points)
    tally = stream.tally
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=read,
        dropped=tally.lines - read,
        reasons={"other-lines": tally.lines - read} | tally.flaws.counts,
        scope=artifact.run.scope,
    )
    losses = any(column.spec.canonical == "loss" for column in columns.values())
    return Reading(
        steps=tuple(_steps(log, "train" if losses else "run")),
        evidence=tuple(_evidence(log)),
        problems=artifact.problems(tally.flaws),
        accounting=books,
    )


def _take(found: Measured, columns: dict[tuple[str, str], Column], path: str) -> None:
    nan = float("nan")
    step = found.at if found.axis == "step" else NO_STEP
    stands = Place(step, float(found.at) if found.axis == "epoch" else nan, nan)
    where = Axes(0, None, None) if found.axis == "step" else Axes(None, 0, None)
    for name, value, unit in found.numbers:
        column = columns.get((name, found.axis))
        if column is None:
            if len(columns) >= _MOST_COLUMNS:
                continue
            made = spec(name, path, where)
            made = replace(made, unit=unit or made.unit, absolute_error=_PRINTED)
            column = columns[name, found.axis] = Column.empty(made, path)
        column.add(value, stands)


def _send(columns: dict[tuple[str, str], Column], points: PointSink) -> None:
    for column in columns.values():
        column.send(points)


def _steps(log: Log, name: str) -> Iterator[Step]:
    if log.traceback is not None or name == "train":
        error = log.traceback
        yield Step(
            at=log.artifact.at(),
            step_id="1",
            name=name,
            logs=(log.artifact.path,),
            error=error.error if error else None,
            error_stack=error.stack if error else None,
        )


def _evidence(log: Log) -> Iterator[Evidence]:
    if log.traceback is not None:
        detail = f"ends with a traceback: {log.traceback.error[:200]}"
        place = log.artifact.at(f"L{max(log.tally.lines, 1)}")
        yield Evidence(EvidenceKind.FAILURE, detail, place, fallback=True)


READER = Reader(
    name="generic_log",
    kind="generic.log",
    summary="text logs of no known producer: lines of metrics, and the traceback that ends them",
    select=files("*.log", "*.out", "*.err", "*.txt"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
    fallback=True,
)
