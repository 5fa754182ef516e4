"""GPU samples in CSV: `nvidia-smi --query-gpu=... --format=csv -l <seconds>`, and look-alikes.

The header names units and values repeat them (`9120 MiB`); `[N/A]` where a GPU tells nothing (its
slices do not know their utilisation). Stamps are local, without a zone. Without a column for it,
the GPUs of one tick are told apart by their order. Memory is written in MiB; GiB are MiB / 1024.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archiver.codecs.csv_table import CsvStream, Row
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Origin
from archiver.model.points import SeriesSpec
from archiver.model.record import Accounting
from archiver.model.times import Instant, parse_iso
from archiver.point_columns import Columns
from archiver.producers import torchtune_places
from archiver.producers.experiment_jobs import EVAL

_NAME = re.compile(r"([\w.]{1,60}?)(?:\s?\[(\S{1,10})\]|_(percent|W|C|MiB|GiB))?\Z")
_VALUE = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)(?: ?(?:%|MiB|W|C|MHz))?\Z", re.ASCII)
_MISSING = re.compile(r"\[?(?:N/A|Not Supported|Unknown Error|GPU requires reset|)\]?\Z")
_UNITS = {"percent": "%", "C": "degC"}
_INDEX = frozenset({"index", "gpu_index", "gpu"})
_TICK_SECONDS = 0.5
"""Rows of one tick follow each other within this; the tool's shortest usual interval is longer."""
METRICS = {
    "utilization.gpu": Metric("gpu_util", "%"),
    "utilization_gpu": Metric("gpu_util", "%"),
    "memory.used": Metric("gpu_mem", "MiB"),
    "memory_used": Metric("gpu_mem", "MiB"),
    "power.draw": Metric("gpu_power", "W"),
    "power": Metric("gpu_power", "W"),
    "temperature.gpu": Metric("gpu_temp", "degC"),
    "temperature": Metric("gpu_temp", "degC"),
}
"""By the name without its unit."""
_SIGNS = frozenset({"gpu_util", "gpu_mem", "gpu_power"})
_MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    key: str
    """The header's name as written."""
    metric: Metric
    unit: str | None


@dataclass
class _Sum:
    count: int = 0
    total: float = 0.0
    largest: float = -math.inf
    line: int = 0

    def add(self, value: float, line: int) -> None:
        self.count += 1
        self.total += value
        if value > self.largest:
            self.largest, self.line = value, line


@dataclass
class Samples:
    """The rows still to be read, and what reading them finds out."""

    stream: CsvStream
    stamp: int = -1
    """Column of the time."""
    gpu: int = -1
    """Column of the GPU's number; -1 without one."""
    columns: tuple[_Column, ...] = ()
    sums: dict[str, _Sum] = field(default_factory=dict)
    """By canonical name."""
    clock: str = ""
    dropped: int = 0
    unavailable: int = 0
    bad: int = 0
    """Values that are neither a number nor a word for its absence."""
    gpus: set[str] = field(default_factory=set)


def detect(artifact: Artifact) -> Match:
    """A header with a time and figures of a GPU."""
    if not artifact.head().strip(b"\0 \r\n\t"):
        return Match.DAMAGED
    samples = parse(artifact)
    known = {column.metric.canonical for column in samples.columns}
    return Match.YES if samples.stamp >= 0 and known & _SIGNS else Match.NO


def parse(artifact: Artifact) -> Samples:
    """The columns; rows follow."""
    stream = CsvStream(artifact.chunks(), artifact.limits, skip_space=True)
    samples = Samples(stream)
    columns = []
    for index, name in enumerate(stream.header or ()):
        plain = name.strip()
        match = _NAME.match(plain)
        if plain == "timestamp":
            samples.stamp = index
        elif plain in _INDEX:
            samples.gpu = index
        elif match is not None:
            unit = match[2] or match[3]
            metric = METRICS.get(match[1], Metric(""))
            columns.append(_Column(index, plain, metric, _UNITS.get(unit, unit) or metric.unit))
    samples.columns = tuple(columns)
    return samples


def to_reading(samples: Samples, artifact: Artifact, points: PointSink) -> Reading:
    """Curves per GPU; peak and means where the samples are those of the training."""
    evaluates = torchtune_places.evaluates(artifact.tree, artifact.directory)
    columns = Columns(points)
    columns.begin(artifact.path)
    walk = _Walk(samples, artifact, columns, _step_of(artifact) if evaluates else None)
    for block in samples.stream:
        for row, line in zip(block.rows, block.numbers, strict=True):
            walk.row(row, line)
    columns.flush()
    return Reading(
        claims=() if evaluates else tuple(_claims(samples, artifact)),
        problems=artifact.problems(samples.stream.tally.flaws),
        accounting=_accounting(samples, artifact),
        extras={"gpus": len(samples.gpus)} if samples.gpus else {},
    )


def _step_of(artifact: Artifact) -> str:
    """The evaluation that the samples are of: the only one of its epoch, or of the run.

    Several tasks share the file of an epoch, and overwrite it; then it is called after the epoch.
    """
    name = artifact.directory.rpartition("/")[2]
    cells = torchtune_places.cells_beside(artifact.tree, artifact.directory)
    if name.startswith("epoch_"):
        cells = [cell for cell in cells if cell.endswith(f"_epoch{name.removeprefix('epoch_')}")]
    return EVAL + (cells[0] if len(cells) == 1 else name)


@dataclass
class _Walk:
    """Goes through the rows in file order."""

    samples: Samples
    artifact: Artifact
    columns: Columns
    step_id: str | None
    specs: dict[tuple[int, str], SeriesSpec] = field(default_factory=dict)
    tick: float = -math.inf
    order: int = 0

    def row(self, row: Row, line: int) -> None:
        """One sample of one GPU; of a torn one, the cells that are there."""
        samples = self.samples
        stamp = row[samples.stamp].strip() if samples.stamp < len(row) else ""
        time = parse_iso(stamp.replace("/", "-", 2))
        if time is None or (samples.clock and time.clock.value != samples.clock):
            samples.dropped += 1
            return
        samples.clock = time.clock.value
        gpu = self._gpu(row, time)
        samples.gpus.add(gpu)
        for column in samples.columns:
            if column.index < len(row):
                self._cell(column, row[column.index].strip(), gpu, time, line)

    def _gpu(self, row: Row, time: Instant) -> str:
        if 0 <= self.samples.gpu < len(row):
            return row[self.samples.gpu].strip()
        seconds = time.micros / 1e6
        if 0 <= seconds - self.tick < _TICK_SECONDS:
            self.order += 1
        else:
            self.tick, self.order = seconds, 0
        return str(self.order)

    def _cell(self, column: _Column, text: str, gpu: str, time: Instant, line: int) -> None:
        samples = self.samples
        match = _VALUE.match(text)
        value = float(match[1]) if match else None
        if value is None:
            missing = _MISSING.match(text) is not None
            samples.unavailable += missing
            samples.bad += not missing
        self.columns.add(self._spec(column, gpu), value, time=time.micros / 1e6)
        if value is not None and column.metric.canonical:
            samples.sums.setdefault(column.metric.canonical, _Sum()).add(value, line)

    def _spec(self, column: _Column, gpu: str) -> SeriesSpec:
        spec = self.specs.get((column.index, gpu))
        if spec is None:
            spec = SeriesSpec(
                column.key,
                self.artifact.path,
                column.metric.canonical or None,
                "eval" if self.step_id else None,
                labels=(("gpu", gpu),),
                step_id=self.step_id,
                axis="time",
                unit=column.unit,
                clock=self.samples.clock,
            )
            if len(self.specs) < self.artifact.limits.series:
                self.specs[column.index, gpu] = spec
        return spec


def _claims(samples: Samples, artifact: Artifact) -> Iterator[Claim]:
    memory, busy = samples.sums.get("gpu_mem"), samples.sums.get("gpu_util")
    units = {c.unit for c in samples.columns if c.metric.canonical == "gpu_mem"}
    if memory is not None and units == {"MiB"}:
        yield Claim(
            "resources.peak_vram_gb",
            memory.largest / _MIB_PER_GIB,
            artifact.at(f"L{memory.line}"),
            origin=Origin.DERIVED,
            rule="largest-gpu-sample",
            sources=(artifact.at(),),
            note=f"largest of {memory.count} samples; between them it may have been more",
        )
        yield _mean("resources.avg_vram_gb", memory, _MIB_PER_GIB, samples, artifact)
    if busy is not None:
        yield _mean("resources.gpu_util_avg_pct", busy, 1, samples, artifact)


def _mean(name: str, of: _Sum, divisor: int, samples: Samples, artifact: Artifact) -> Claim:
    return Claim(
        name,
        of.total / of.count / divisor,
        artifact.at(),
        origin=Origin.DERIVED,
        rule="mean-of-gpu-samples",
        sources=(artifact.at(),),
        note=f"over {of.count} samples of {len(samples.gpus)} GPUs",
    )


def _accounting(samples: Samples, artifact: Artifact) -> Accounting:
    tally = samples.stream.tally
    reasons = dict(tally.flaws.counts)
    counts: Sequence[tuple[str, int]] = (
        ("not-available", samples.unavailable),
        ("non-numeric", samples.bad),
        ("bad-time", samples.dropped),
    )
    reasons.update((name, count) for name, count in counts if count)
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=max(0, tally.rows - samples.dropped),
        dropped=samples.dropped,
        corrupt=tally.corrupt,
        reasons=reasons,
        scope=artifact.run.scope,
    )


READER = Reader(
    name="gpu_sampler",
    kind="slurm.gpu_metrics",
    summary="nvidia-smi samples gpu_metrics.csv: utilisation, memory, power, temperature per GPU",
    select=files("gpu_metrics*.csv", "nvidia-smi*.csv", "nvidia_smi*.csv"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
