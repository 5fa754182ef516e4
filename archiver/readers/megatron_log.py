"""Logs of Megatron-LM, MindSpeed-LLM and other forks: everything that a training process printed.

The last rank prints the iteration lines, rank 0 the argument dump and memory; validation results
stand between two rulers. Stamps are local time without a zone, written since core 0.6 and with
microseconds since 0.16. A NaN loss is never printed: its field is missing. A loss is the mean over
the iterations since the line before it, so it differs from TensorBoard's for good reason. Several
jobs may have been appended to one log, or have written one each: those that save to one directory,
one after the other, are read as one. In a pipeline of LLMRunner the log is named after its step
and ends with what the step's wrapper said, sometimes glued to a line that was never finished.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archiver.codecs import megatron_lines as grammar
from archiver.codecs.lines import LineStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Location,
    Origin,
    Problem,
    Trust,
)
from archiver.model.record import Accounting, Checkpoint, Config, Event, Step
from archiver.model.values import Value
from archiver.producers.megatron_curves import METRICS, CurveColumns, is_training
from archiver.rundir import Entry, Tree

if TYPE_CHECKING:
    from archiver.producers.megatron_walk import Walk

_STEP = re.compile(r"(?:(train)_(cpt|sft)|(mg2hf|hf2mg|convert))(?:_\d{1,6})?\Z")
"""Log of a step of LLMRunner; Megatron's converters say much of what its trainer says."""
_SIGNS = (
    b"- arguments -",
    b"using world size: ",
    b"[after megatron is initialized] datetime:",
    b"[before the start of training step] datetime:",
    b"> initializing torch distributed",
    b"> number of parameters on (tensor",
    b"saving checkpoint at iteration ",
)
_CONSOLE = re.compile(rb"^\[[\d: -]{19}\] (?:run_id|config_dir)=", re.MULTILINE)
"""LLMRunner's console repeats what its steps print; it has a reader of its own."""
_INPUTS = ("data_path", "train_data_path", "valid_data_path", "load", "tokenizer_model")
_OUTPUTS = ("save", "tensorboard_dir")
_NAMES = ("*.log", "*.log.*", "*.out", "*.err", "*.txt", "log", "stdout*", "stderr*")
_NUMBERS = re.compile(r"\d+")
_LOGS = 200
"""Logs of one run's jobs that are read together."""


@dataclass
class Log:
    """The log's lines, still to be read, and whose they are.

    Logs of one run's jobs are read one after the other; their lines are numbered through.
    """

    artifact: Artifact
    files: list[tuple[Entry, LineStream]]
    step_id: str = "1"
    name: str = "train"
    stage: str | None = None
    """Of a pipeline's step; None for a log that stands for itself."""
    offsets: list[int] = field(default_factory=list)
    """Lines before those of each file."""

    @property
    def own(self) -> str | None:
        """The step's id where the log is that of a pipeline's step."""
        return self.step_id if self.stage else None

    def at(self, line: int) -> Location:
        """Where a line stands."""
        index = max(bisect_left(self.offsets, line) - 1, 0)
        entry, _ = self.files[index]
        offset = self.offsets[index] if self.offsets else 0
        return self.artifact.at(f"L{max(line - offset, 1)}", entry.path)


def select(tree: Tree) -> Iterable[Selection]:
    """Text logs by themselves, and before them those whose names differ in numbers only."""
    groups: dict[str, list[Entry]] = {}
    for entry in tree.named(*_NAMES):
        yield Selection(entry.path, (entry,))
        pattern = _NUMBERS.sub("*", entry.name)
        if pattern != entry.name and _STEP.match(entry.name.partition(".")[0]) is None:
            groups.setdefault(f"{entry.parent}/*{pattern}".lstrip("/"), []).append(entry)
    for path, entries in groups.items():
        if 1 < len(entries) <= _LOGS:
            yield Selection(path, tuple(entries))


def detect(artifact: Artifact) -> Match:
    """Start-up messages or iteration lines; of several logs, those of one run's jobs alone."""
    if not all(_is_log(artifact, entry) for entry in artifact.files):
        return Match.NO
    return Match.YES if len(artifact.files) == 1 or _order(artifact) is not None else Match.NO


def _is_log(artifact: Artifact, entry: Entry) -> bool:
    """At the beginning or the end of the file; libraries may talk for megabytes before."""
    handle, most = artifact.open(entry), artifact.limits.head_bytes
    head = handle.read_at(0, most)
    if _CONSOLE.search(head) is not None:
        return False
    tail = handle.read_at(max(handle.size - most, most), most)
    return any(_tells(piece) for piece in (head, tail))


def _tells(piece: bytes) -> bool:
    if any(sign in piece for sign in _SIGNS):
        return True
    for line in piece.split(b"\n"):
        if b"iteration" in line and b"|" in line:
            text = line[:4096].decode("utf-8", "replace")
            if any(is_training(item) for item in grammar.iterations(text)):
                return True
    return False


def _order(artifact: Artifact) -> list[int] | None:
    """The order of the jobs that wrote the files; None where they are not of one run."""
    from archiver.producers import megatron_jobs as jobs

    most = artifact.limits.head_bytes
    sketches = []
    for entry in artifact.files:
        handle = artifact.open(entry)
        tail = handle.read_at(max(handle.size - most, 0), most)
        sketches.append(jobs.Sketch.of(handle.read_at(0, 4 * most), tail))
    return jobs.order(sketches)


def parse(artifact: Artifact) -> Log:
    """A lazy walk over the lines."""
    order = (_order(artifact) if len(artifact.files) > 1 else None) or range(len(artifact.files))
    entries = [artifact.files[index] for index in order]
    lines = [
        (entry, LineStream(artifact.open(entry).chunks(), artifact.limits)) for entry in entries
    ]
    stem = artifact.name.partition(".")[0]
    step = _STEP.match(stem)
    if step is None:
        return Log(artifact, lines)
    return Log(artifact, lines, stem, step[1] or step[3], step[2] or "other")


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; jobs, their ends, results and what follows from them in the reading."""
    from archiver.codecs.rank_tracebacks import Tracebacks
    from archiver.producers import megatron_results as results
    from archiver.producers.megatron_walk import Walk

    curves = CurveColumns(artifact.path, log.own, points)
    walk = Walk(curves, Tracebacks(artifact.limits.traceback_bytes))
    for index, (entry, stream) in enumerate(log.files):
        offset = walk.last_line if index else 0
        log.offsets.append(offset)
        if index:
            walk.next_log(offset + 1)
        curves.flush()
        curves.path = entry.path
        walk.read((offset + number, raw) for number, raw in stream)
    curves.flush()
    reasons = Counter(_reasons(walk))
    for _, stream in log.files:
        reasons.update(stream.tally.flaws.counts)
    return Reading(
        claims=tuple(_claims(log, walk)),
        configs=tuple(_configs(log, walk)),
        steps=(_step(log, walk),),
        checkpoints=tuple(_checkpoints(log, walk)),
        events=tuple(_events(log, walk)),
        evidence=tuple(_evidence(log, walk)),
        attempts=(_trail(log, walk),),
        problems=(*_flaws(log), *_clock(log, walk)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=sum(stream.tally.lines for _, stream in log.files) - walk.torn,
            corrupt=walk.torn,
            reasons=dict(reasons),
            scope=artifact.run.scope,
        ),
        extras=results.extras(walk),
    )


def _flaws(log: Log) -> Iterator[Problem]:
    for entry, stream in log.files:
        for problem in log.artifact.problems(stream.tally.flaws):
            yield replace(problem, at=log.artifact.at(problem.at.place, entry.path))


def _clock(log: Log, walk: Walk) -> Iterator[Problem]:
    back = next((start.job for start in walk.starts if start.job.went_back), None)
    if back is not None:
        message = "the clock of the stamps went back, so no duration was computed"
        yield Problem("clock-went-back", message, log.at(back.ended_line))


def _reasons(walk: Walk) -> dict[str, int]:
    found = {
        "torn-iteration-line": walk.torn,
        "capped-perplexity": walk.capped,
        "warnings": walk.warnings.count,
    }
    return {name: count for name, count in found.items() if count}


# The step.


def _step(log: Log, walk: Walk) -> Step:
    from archiver.producers import megatron_results as results

    training, sources = results.training(walk, log.at)
    trace = walk.start.trace
    inputs = results.listed(results.arguments(walk, _INPUTS), log.artifact.limits)
    if walk.start.loaded is not None:
        inputs["loaded_checkpoint"] = walk.start.loaded
    return Step(
        at=log.artifact.at(),
        step_id=log.step_id,
        name=log.name,
        stage=log.stage,
        inputs=inputs,
        outputs=results.arguments(walk, _OUTPUTS),
        training=training,
        metrics=results.metrics(walk),
        logs=tuple(entry.path for entry, _ in log.files),
        warnings=tuple(
            text if count == 1 else f"{text} (x{count})"
            for text, count in walk.warnings.told.items()
        ),
        error=results.error(walk),
        error_stack=trace.text if trace is not None else None,
        command=results.command(walk),
        sources=sources,
    )


# The run.


def _claims(log: Log, walk: Walk) -> Iterator[Claim]:
    hosts: dict[str, int] = {}
    for start in walk.starts:
        hosts = {**start.hosts, **hosts}
    if hosts:
        at = log.at(min(hosts.values()))
        yield Claim("summary.host", [*sorted(hosts)], at, Trust.COPY)
    if walk.installed is not None:
        line, environment, version = walk.installed
        at = log.at(line)
        rule = "path-in-a-traceback"
        for name, value in (("python", version), ("conda_env", environment)):
            if value is not None:
                yield Claim(f"summary.{name}", value, at, Trust.HINT, Origin.DERIVED, rule, (at,))
    # In a pipeline one step's times and directories are not the run's.
    if log.own is None:
        yield from _own_claims(log, walk)


def _own_claims(log: Log, walk: Walk) -> Iterator[Claim]:
    from archiver.producers import megatron_results as results

    first = walk.starts[0].job
    if first.started is not None:
        at = log.at(first.started_line)
        rule = "first-stamp-of-the-log"
        started = first.started.iso()
        yield Claim("summary.started_at", started, at, Trust.COPY, Origin.DERIVED, rule, (at,))
    end = walk.start.end
    if end is not None and end[2] is not None:
        yield Claim("summary.finished_at", end[2].iso(), log.at(end[0]), Trust.COPY)
    save = results.arguments(walk, ("save",)).get("save")
    if save is not None:
        dumped = next(item.dumped for item in reversed(walk.starts) if item.arguments)
        yield Claim("paths.workdir", save, log.at(dumped), Trust.COPY)


def _configs(log: Log, walk: Walk) -> Iterator[Config]:
    for index, start in enumerate(walk.starts):
        if start.arguments:
            at = log.at(start.dumped)
            yield Config(
                at=at,
                id=str(Location(at.path, at.place)),
                role="effective",
                format="text",
                values={**start.arguments},
                typed=False,
                partial=not start.dump_whole,
                step_id=log.own,
                attempt=index + 1 if len(walk.starts) > 1 else None,
            )


def _checkpoints(log: Log, walk: Walk) -> Iterator[Checkpoint]:
    for (folder, step), line in walk.saves.items():
        path = f"{folder.rstrip('/')}/iter_{step:07d}"
        local = _inside(path, log.artifact.tree)
        yield Checkpoint(
            at=log.at(line),
            path=local or path,
            step=step,
            present=None if local else False,
        )


def _inside(path: str, tree: Tree) -> str | None:
    """The run's own directory that a path of the training machine ends in, where there is one."""
    rest = path.strip("/")
    while "/" in rest:
        if rest in tree.directories:
            return rest
        rest = rest.partition("/")[2]
    return None


def _events(log: Log, walk: Walk) -> Iterator[Event]:
    for mark in walk.marks:
        yield Event(
            at=log.at(mark.line),
            time=mark.time.iso() if mark.time is not None else None,
            clock=mark.time.clock.value if mark.time is not None else None,
            kind=mark.kind,
            subject=log.own or "train",
            detail=mark.detail,
        )


def _trail(log: Log, walk: Walk) -> AttemptTrail:
    marks = []
    before: dict[str, str] = {}
    for start in walk.starts:
        job = start.job
        changed: tuple[tuple[str, Value], ...] = ()
        if start.dump_whole:
            changed = tuple(
                (name, text)
                for name, text in start.arguments.items()
                if before and before.get(name) != text
            )
            before = start.arguments
        marks.append(
            AttemptMark(
                log.at(job.line),
                started=job.started,
                ended=job.ended,
                ended_at=log.at(job.ended_line) if job.ended_line else None,
                resume_step=job.resume,
                first_step=min(job.iterations, default=None),
                host=next(iter(start.hosts), None),
                exit_code=start.exit_code[1] if start.exit_code is not None else None,
                params_changed=changed,
                logs=(log.at(job.line).path,),
            )
        )
    return AttemptTrail(log.artifact.path, tuple(marks), log.own or "")


# How it ended.


def _evidence(log: Log, walk: Walk) -> Iterator[Evidence]:
    from archiver.producers.megatron_endings import signs

    for index, start in enumerate(walk.starts):
        told = [*signs(start)]
        torn = log.files[-1][1].tally.torn_tail or walk.torn
        if start is walk.start and start.end is None and torn:
            told.append((EvidenceKind.DEATH, "the last line is torn", walk.last_line))
        for kind, detail, line in told:
            yield Evidence(
                kind,
                detail,
                log.at(line),
                family=log.artifact.path,
                attempt=index,
                step_id=log.own or "",
            )


READER = Reader(
    name="megatron_log",
    kind="megatron.log",
    summary="Training logs of Megatron-LM, MindSpeed-LLM and other forks",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
