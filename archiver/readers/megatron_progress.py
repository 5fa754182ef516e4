r"""Megatron's `progress.txt` (`--log-progress`): one tab-separated line per start and save.

`YYYY-MM-DD HH:MM:SS\tJob ID: <id or nothing>\t# GPUs: <n>\t<what happened>`, local time without a
zone, appended by every job. What happened is `Starting job`, `Saved checkpoint` or `Saving async
checkpoint` with the iteration, throughputs, operations and tokens, `Saved async checkpoint`, or
`Deleted checkpoint`. The number of starts here is the best there is.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.lines import LineStream
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Trust
from archiver.model.points import Batch, SeriesSpec
from archiver.model.record import Accounting, Event, Step
from archiver.model.times import Clock, Instant, parse_iso
from archiver.model.values import Value
from archiver.view import emptiness

METRICS: dict[str, Metric] = {
    "Job throughput": Metric("tflops_per_gpu", "TFLOP/s/GPU", "train", (("mean over", "job"),)),
    "Cumulative throughput": Metric("", "TFLOP/s/GPU", "train", (("mean over", "run"),)),
    "Floating-point operations": Metric("flops", "FLOP", "train"),
    "Tokens (in billions)": Metric("tokens_seen", "billion tokens", "train"),
}

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\tJob ID: ?([^\t]{0,200})\t# GPUs: ?(\d{1,9})"
    r"\t([^\t]{1,100})(.*)",
    re.DOTALL,
)
_FIGURE = re.compile(r"([+-]?\d{1,40}(?:\.(\d{1,40}))?(e[+-]?\d{1,3})?)", re.IGNORECASE)
_LINE_KEPT = 4_000
_STARTS = 100_000
_EVENTS = 1_000


@dataclass
class _Start:
    line: int
    time: Instant | None
    job: str
    ended: Instant | None = None
    ended_line: int = 0
    first_step: int | None = None


@dataclass
class Progress:
    """The file's lines, still to be read, and what reading them finds out."""

    stream: LineStream
    starts: list[_Start] = field(default_factory=list)
    events: list[tuple[int, Instant | None, str, str]] = field(default_factory=list)
    gpus: dict[int, int] = field(default_factory=dict)
    """Number of GPUs -> line that first tells it."""
    other: int = 0
    last_iteration: int | None = None


def detect(artifact: Artifact) -> Match:
    """A line of the form in the first ones."""
    lines = artifact.head().split(b"\n", 20)[:20]
    texts = (line[:_LINE_KEPT].decode("utf-8", "replace") for line in lines)
    return Match.YES if any(_LINE.match(text) for text in texts) else Match.NO


def parse(artifact: Artifact) -> Progress:
    """A lazy walk over the lines."""
    return Progress(artifact.lines())


def to_reading(progress: Progress, artifact: Artifact, points: PointSink) -> Reading:
    """Starts as attempts with their job ids; figures at each save as points."""
    for number, raw in progress.stream:
        if raw.strip():
            _take(progress, number, raw[:_LINE_KEPT].decode("utf-8", "replace"), artifact, points)
    tally = progress.stream.tally
    return Reading(
        claims=tuple(_claims(progress, artifact)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        events=tuple(_events(progress, artifact)),
        attempts=(_trail(progress, artifact),),
        problems=(*artifact.problems(tally.flaws), *emptiness(artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=tally.lines - progress.other,
            corrupt=progress.other,
            reasons={**tally.flaws.counts, **({"other": progress.other} if progress.other else {})},
            scope=artifact.run.scope,
        ),
        extras=_extras(progress),
    )


def _take(
    progress: Progress, number: int, text: str, artifact: Artifact, points: PointSink
) -> None:
    line = _LINE.match(text)
    if line is None:
        progress.other += 1
        return
    time, word = parse_iso(line[1]), line[4].strip()
    progress.gpus.setdefault(int(line[3]), number)
    starting = word == "Starting job"
    if (starting or not progress.starts) and len(progress.starts) < _STARTS:
        progress.starts.append(_Start(number, time, line[2].strip()))
    start = progress.starts[-1]
    start.ended, start.ended_line = time or start.ended, number
    figures = _named(line[5])
    step = figures.pop("Iteration", None)
    if step is not None and step[0].isdecimal() and len(step[0]) < 18:
        iteration = int(step[0])
        progress.last_iteration = iteration
        start.first_step = min(start.first_step or iteration, iteration)
        save = _Save(artifact, iteration, time, len(progress.starts) - 1)
        for key, (value, half) in figures.items():
            points.add(save.batch(key, value, half))
    if len(progress.events) < _EVENTS:
        kind = "start" if starting else "checkpoint"
        detail = f"{word}, iteration {step[0]}" if step is not None else word
        progress.events.append((number, time, kind, detail))


def _named(text: str) -> dict[str, tuple[str, float]]:
    """`key: number unit` cells with half of each number's last decimal."""
    found = {}
    for cell in text.split("\t")[:50]:
        key, _, value = cell.partition(":")
        number = _FIGURE.match(value.strip())
        if number is not None:
            half = 0.5 * 10.0 ** -len(number[2] or "")
            found[key.strip()] = number[1], 0.0 if number[2] is None else half
    return found


@dataclass(frozen=True, slots=True)
class _Save:
    """Where the figures of one line stand."""

    artifact: Artifact
    step: int
    time: Instant | None
    attempt: int

    def batch(self, key: str, text: str, half: float) -> Batch:
        """One figure as a point."""
        metric = METRICS.get(key, Metric("", split="train"))
        path = self.artifact.path
        scientific = "e" in text.lower()
        spec = SeriesSpec(
            key,
            path,
            metric.canonical or None,
            metric.split,
            unit=metric.unit,
            clock=Clock.NAIVE.value,
            attributes=metric.attributes,
            absolute_error=0.0 if scientific else half,
            relative_error=half if scientific else 0.0,
        )
        time = math.nan if self.time is None else self.time.micros / 1_000_000
        columns = array("q", [self.step]), array("d", [float(text)])
        times = array("d", [time])
        return Batch(spec, path, *columns, times=times, attempt=self.attempt, family=path)


def _claims(progress: Progress, artifact: Artifact) -> Iterator[Claim]:
    if not progress.starts:
        return
    first = progress.starts[0]
    at = artifact.at(f"L{first.line}")
    if first.time is not None:
        yield Claim("summary.started_at", first.time.iso(), at, Trust.COPY)
    if first.job:
        note = None
        others = {start.job for start in progress.starts} - {first.job, ""}
        if others:
            note = f"the scheduler's id of the first of {1 + len(others)} jobs"
        yield Claim("summary.run_id", first.job, at, Trust.HINT, note=note)


def _events(progress: Progress, artifact: Artifact) -> Iterator[Event]:
    for line, time, kind, detail in progress.events:
        yield Event(
            at=artifact.at(f"L{line}"),
            time=time.iso() if time is not None else None,
            clock=time.clock.value if time is not None else None,
            kind=kind,
            subject="train",
            detail=detail,
        )


def _trail(progress: Progress, artifact: Artifact) -> AttemptTrail:
    marks = tuple(
        AttemptMark(
            artifact.at(f"L{start.line}"),
            started=start.time,
            ended=start.ended,
            ended_at=artifact.at(f"L{start.ended_line}"),
            id=start.job or None,
        )
        for start in progress.starts
    )
    return AttemptTrail(artifact.path, marks)


def _extras(progress: Progress) -> dict[str, Value]:
    extras: dict[str, Value] = {"gpus": [*progress.gpus], "starts": len(progress.starts)}
    if progress.last_iteration is not None:
        extras["last_saved_iteration"] = progress.last_iteration
    return extras


READER = Reader(
    name="megatron_progress",
    kind="megatron.progress",
    summary="Megatron progress.txt: starts with their job ids, saves, throughput",
    select=files("progress.txt"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
