"""The files of one run of an MLflow store: its parameters and tags, its metrics.

A parameter or a tag is a file, named by its key (`/` makes directories), with its text as it is. A
metric is a file of lines `<Unix ms> <value> <step>` in the order in which they were logged; old
ones have no step, those with a dataset have five fields. Steps may repeat, go back or be negative.
Programs that log two splits under one name leave one series with two values a step.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from archiver.artifact import Artifact
from archiver.codecs import mlflow_metric
from archiver.codecs.flaws import Flaws
from archiver.codecs.lines import LineStream
from archiver.codecs.text import decode
from archiver.model.claims import Problem
from archiver.model.points import NO_STEP, Batch, PointSink, SeriesSpec
from archiver.model.times import Clock
from archiver.producers import mlflow_store
from archiver.producers.mlflow_names import meaning
from archiver.rundir import Entry, ReadFault
from archiver.view import View

_VALUE_BYTES = 1 << 20
"""One parameter or tag; MLflow itself allows a few thousand characters."""
_BATCH, _BATCH_BYTES = 1 << 16, 1 << 22
"""Lines that are taken at once."""
_TOLD = 5
"""Bad lines that are told one by one."""


@dataclass
class Run:
    """What stands beside a run's `meta.yaml`, and what was wrong with it."""

    artifact: Artifact
    meta: View
    alone: bool
    """Whether the tree holds no other run of a store; else nothing here is the tree's own."""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, Entry]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    corrupt: int = 0
    torn: Entry | None = None
    first_step: int | None = None
    last_step: int | None = None


@dataclass(slots=True)
class _Columns:
    """Points of one series on their way to the sink."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))


def read_run(artifact: Artifact) -> Run:
    """Parameters and tags; metrics are read on the way to the sink."""
    value = mlflow_store.document(artifact).value
    others = len(mlflow_store.run_metas(artifact.tree)) > 1
    run = Run(artifact, View.of(artifact, value), alone=not others)
    home = f"{artifact.directory}/" if artifact.directory else ""
    for entry in artifact.files[1:]:
        folder, _, key = entry.path.removeprefix(home).partition("/")
        if folder == "metrics":
            run.metrics.append((key, entry))
        else:
            _value(run, entry, run.params if folder == "params" else run.tags, key)
    return run


def _value(run: Run, entry: Entry, into: dict[str, str], key: str) -> None:
    """One parameter or tag: the file's text, without the line end that nobody wrote."""
    try:
        data = run.artifact.content(entry, _VALUE_BYTES + 1)
    except ReadFault as fault:
        _unreadable(run, entry, fault)
        return
    if len(data) > _VALUE_BYTES:
        run.corrupt += 1
        _tell(run, entry, "size-limit", f"a value of more than {_VALUE_BYTES} bytes")
        return
    flaws = Flaws()
    into[key] = decode(data, flaws)
    run.read += 1
    for flaw in flaws:
        _tell(run, entry, flaw.code, flaw.message)


def _unreadable(run: Run, entry: Entry, fault: ReadFault) -> None:
    run.corrupt += 1
    _tell(run, entry, "unreadable", f"it could not be read ({fault.strerror})")


def _tell(run: Run, entry: Entry, code: str, message: str, place: str = "") -> None:
    """Count a fault; the first few of a code are told."""
    run.reasons[code] += 1
    if run.reasons[code] <= _TOLD:
        run.problems.append(Problem(code, message, run.artifact.at(place, entry.path)))


def read_metrics(run: Run, points: PointSink) -> None:
    """Read every metric on its way to the sink."""
    for key, entry in run.metrics:
        try:
            _metric(run, key, entry, points)
        except ReadFault as fault:
            _unreadable(run, entry, fault)


def _metric(run: Run, key: str, entry: Entry, points: PointSink) -> None:
    artifact = run.artifact
    stream = LineStream(artifact.open(entry).chunks(), artifact.limits)
    held: dict[tuple[str, str], _Columns] = {}
    block: list[bytes] = []
    size = 0
    for number, line in stream:
        if len(block) >= _BATCH or size >= _BATCH_BYTES:
            _block(run, entry, number - len(block), block, held)
            _flush(run, key, entry, held, points)
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block and stream.tally.torn_tail:
        # Its last number may have lost digits.
        block.pop()
        run.corrupt += 1
        run.torn = entry
        _tell(run, entry, "torn-line", "the last line has no end", f"L{stream.tally.lines}")
    last = stream.tally.lines - stream.tally.torn_tail
    _block(run, entry, last - len(block) + 1, block, held)
    for flaw in stream.tally.flaws:
        _tell(run, entry, flaw.code, flaw.message, flaw.place)
    _flush(run, key, entry, held, points)
    artifact.release(entry)


def _block(
    run: Run,
    entry: Entry,
    begun: int,
    block: list[bytes],
    held: dict[tuple[str, str], _Columns],
) -> None:
    """Take lines at once where all are plain, one by one where any is not."""
    plain = mlflow_metric.parse_plain(block) if block else None
    if plain is None:
        for number, line in enumerate(block, begun):
            _line(run, entry, (number, line), held)
        return
    columns = held.setdefault(("", ""), _Columns())
    columns.steps.extend(plain.steps)
    columns.values.extend(plain.values)
    columns.times.extend(plain.seconds)
    _reach(run, min(plain.steps), max(plain.steps))
    run.read += len(block)


def _reach(run: Run, first: int, last: int) -> None:
    run.first_step = first if run.first_step is None else min(first, run.first_step)
    run.last_step = last if run.last_step is None else max(last, run.last_step)


def _line(
    run: Run, entry: Entry, numbered: tuple[int, bytes], held: dict[tuple[str, str], _Columns]
) -> None:
    number, line = numbered
    point = mlflow_metric.parse(line)
    if point is None:
        run.corrupt += 1
        _tell(run, entry, "bad-line", "no `<Unix ms> <value> <step>`", f"L{number}")
        return
    columns = held.setdefault((point.dataset, point.digest), _Columns())
    columns.times.append(point.millis / 1000)
    columns.values.append(point.value)
    columns.steps.append(NO_STEP if point.step is None else point.step)
    if point.step is not None:
        _reach(run, point.step, point.step)
    run.read += 1


def _flush(
    run: Run, key: str, entry: Entry, held: dict[tuple[str, str], _Columns], points: PointSink
) -> None:
    family = run.artifact.path if run.alone else ""
    for (dataset, digest), columns in held.items():
        spec = _spec(run, key, dataset, digest)
        steps, values, times = columns.steps, columns.values, columns.times
        points.add(Batch(spec, entry.path, steps, values, None, times, family=family))
    held.clear()


def _spec(run: Run, key: str, dataset: str, digest: str) -> SeriesSpec:
    home = run.artifact.directory
    metric, split, labels = meaning(key)
    if not run.alone:
        labels = (*labels, ("mlflow_run", home.rpartition("/")[2]))
    return SeriesSpec(
        key,
        f"{home}/metrics".lstrip("/"),
        metric.canonical or None,
        split=split,
        dataset=dataset or None,
        labels=labels,
        unit=metric.unit,
        clock=Clock.EPOCH.value,
        attributes=(("dataset_digest", digest),) if digest else (),
    )
