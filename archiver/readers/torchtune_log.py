"""torchtune's DiskLogger: `log_<unix seconds>.txt`, a line per logged step.

`Step 5 | loss:13.3 lr:0.0096 ` with a blank at its end, or `Step 5 | name:value` without one. A
line carries no time: the start stands in the file's name. Every start has a file of its own, those
of one directory are the attempts; two starts within a second share one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs.lines import LineStream
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, families
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Location,
    Problem,
    Trust,
)
from archiver.model.points import SeriesSpec
from archiver.model.record import Accounting, Step
from archiver.model.times import Instant, from_epoch
from archiver.point_columns import Columns
from archiver.rundir import Entry

_NAME = re.compile(r"log_(\d{9,11})\.txt\Z", re.ASCII)
_LINE = re.compile(rb"Step (\d{1,18}) \| (.*)", re.DOTALL)
_BEGINNING = re.compile(rb"(?:S(?:t(?:e(?:p(?: \d{0,18}(?: \|?)?)?)?)?)?)?\Z")
"""Nothing, or less than a line."""
_TOKEN = re.compile(rb"([^\s:]{1,200}):(tensor\([^)]{0,10000}\)|\S*)")
_NUMBER = re.compile(rb"[-+]?(?:\d{1,40}\.?\d{0,40}(?:e[-+]?\d{1,4})?|nan|inf)\Z")
_LINE_BYTES = 64 * 1024
"""Of a line; a tensor that is printed may fill a screen."""
_FLOAT32 = 2.0**-24
"""Half a unit in the last place of what the tensors held."""
_MEMORY = {
    f"peak_memory_{kind}": Metric("gpu_mem", "GiB", "train", (("memory", f"peak {kind}"),))
    for kind in ("active", "alloc", "reserved")
}
METRICS = {
    "loss": Metric("loss", "nat/token", "train"),
    "lr": Metric("learning_rate", None, "train"),
    "tokens_per_second_per_gpu": Metric("tokens_per_sec_per_gpu", "tokens/s", "train"),
    "grad_norm": Metric("grad_norm", None, "train"),
    "val_loss": Metric("eval_loss", "nat/token", "eval"),
    **_MEMORY,
}


@dataclass
class _Attempt:
    at: Location
    path: str
    started: Instant | None
    first_step: int | None = None
    last_step: int | None = None
    last_line: int = 0

    def note(self, step: int, line: int) -> None:
        """A line of this attempt."""
        self.last_step, self.last_line = step, line
        if self.first_step is None:
            self.first_step = step


@dataclass
class Log:
    """What reading the files finds out."""

    attempts: list[_Attempt] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    dropped: int = 0
    torn: int = 0
    torn_attempt: int | None = None
    non_numeric: int = 0


def _family(entry: Entry) -> tuple[str, int] | None:
    match = _NAME.match(entry.name)
    return (f"{entry.parent}/log_*.txt".lstrip("/"), int(match[1])) if match else None


def detect(artifact: Artifact) -> Match:
    """A line of the logger in any of the files; all of them empty where nothing was logged."""
    heads = [
        artifact.open(entry).read_at(0, artifact.limits.head_bytes).strip(b"\0 \r\n\t")
        for entry in artifact.files
    ]
    if any(_LINE.match(line) for head in heads for line in head.split(b"\n", 20)[:20]):
        return Match.YES
    return Match.DAMAGED if all(map(_BEGINNING.match, heads)) else Match.NO


def parse(_artifact: Artifact) -> Log:
    """Nothing yet: the lines are read while they are mapped."""
    return Log()


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Points per attempt, and how far each came."""
    walk = _Walk(log, artifact, Columns(points))
    for entry in artifact.files:
        walk.file(entry)
    walk.columns.flush()
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="train",
        logs=tuple(entry.path for entry in artifact.files),
    )
    return Reading(
        claims=tuple(_claims(log)),
        steps=(step,),
        evidence=tuple(_evidence(log, artifact)),
        attempts=(AttemptTrail(artifact.path, tuple(_marks(log))),),
        problems=tuple(log.problems),
        accounting=_accounting(log, artifact),
    )


@dataclass
class _Walk:
    """Goes through the files, oldest start first."""

    log: Log
    artifact: Artifact
    columns: Columns
    specs: dict[bytes, SeriesSpec] = field(default_factory=dict)

    def file(self, entry: Entry) -> None:
        """One start, or two that share its file."""
        log = self.log
        match = _NAME.match(entry.name)
        self._begin(entry.path, from_epoch(int(match[1])) if match else None)
        stream = LineStream(self.artifact.open(entry).chunks(), self.artifact.limits)
        flaws = stream.tally.flaws
        number, last = 0, b""
        for number, line in stream:
            if number > 1:
                self._line(number - 1, last)
            last = line
        if number and stream.tally.torn_tail:
            log.torn += 1
            log.torn_attempt = len(log.attempts) - 1
            flaws.add("truncated", "the last line breaks off", f"L{number}")
            # Each value is followed by a blank; what no blank follows may be cut.
            self._line(number, last[: last.rfind(b" ") + 1], whole=False)
        elif number:
            self._line(number, last)
        else:
            flaws.add("empty", "nothing was logged")
        log.problems += self.artifact.problems(flaws, entry.path)
        log.reasons.update(flaws.counts)

    def _begin(self, path: str, started: Instant | None, line: int = 0) -> _Attempt:
        place = self.artifact.at(f"L{line}" if line else "", path)
        self.log.attempts.append(_Attempt(place, path, started))
        self.columns.begin(path, len(self.log.attempts) - 1, self.artifact.path)
        return self.log.attempts[-1]

    def _line(self, number: int, line: bytes, *, whole: bool = True) -> None:
        log = self.log
        match = _LINE.match(line[:_LINE_BYTES])
        if match is None:
            log.dropped += bool(line.strip()) and whole
            return
        log.read += whole
        step, tokens = int(match[1]), _TOKEN.findall(match[2])
        current = log.attempts[-1]
        if current.last_step is not None and step < current.last_step:
            # Two starts within one second, or one that was told to go on in the same file.
            current = self._begin(current.path, None, number)
        for key, written in tokens:
            value = _value(written)
            log.non_numeric += value is None
            self.columns.add(self._spec(key), value, step)
        if tokens:
            current.note(step, number)

    def _spec(self, key: bytes) -> SeriesSpec:
        spec = self.specs.get(key)
        if spec is None:
            spec = _spec(key.decode("utf-8", "replace"), self.artifact.path)
            if len(self.specs) < self.artifact.limits.series:
                self.specs[key] = spec
        return spec


def _value(written: bytes) -> float | None:
    """The number of a token; of a tensor, where it holds a single one."""
    if written.startswith(b"tensor("):
        written = written[7:-1].partition(b",")[0]
    return float(written) if _NUMBER.match(written) else None


def _spec(key: str, source: str) -> SeriesSpec:
    metric = METRICS.get(key, Metric("", None, "train"))
    return SeriesSpec(
        key,
        source,
        metric.canonical or None,
        metric.split,
        unit=metric.unit,
        attributes=metric.attributes,
        relative_error=_FLOAT32,
    )


def _claims(log: Log) -> Iterator[Claim]:
    first = log.attempts[0]
    if first.started is not None:
        place = replace(first.at, place="")
        yield Claim("summary.started_at", first.started.iso(), place, Trust.HINT)


def _marks(log: Log) -> Iterator[AttemptMark]:
    for item in log.attempts:
        yield AttemptMark(item.at, item.started, first_step=item.first_step, logs=(item.path,))


def _accounting(log: Log, artifact: Artifact) -> Accounting:
    reasons = dict(log.reasons)
    if log.non_numeric:
        reasons["non-numeric"] = log.non_numeric
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=log.read,
        dropped=log.dropped,
        corrupt=log.torn,
        reasons=reasons,
        scope=artifact.run.scope,
    )


def _evidence(log: Log, artifact: Artifact) -> Iterator[Evidence]:
    for index, item in enumerate(log.attempts):
        reached = f"step {item.last_step}" if item.last_step is not None else "no step"
        place = artifact.at(f"L{item.last_line}" if item.last_line else "", item.path)
        yield Evidence(
            EvidenceKind.PROGRESS,
            f"the metric log ends at {reached}",
            place,
            family=artifact.path,
            attempt=index,
        )
    if log.torn_attempt is not None:
        item = log.attempts[log.torn_attempt]
        yield Evidence(
            EvidenceKind.DEATH,
            "the last line of the metric log breaks off",
            artifact.at("", item.path),
            family=artifact.path,
            attempt=log.torn_attempt,
        )


READER = Reader(
    name="torchtune_log",
    kind="torchtune.log",
    summary="torchtune DiskLogger log_<unix seconds>.txt: every logged step, start by start",
    select=families(_family),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
