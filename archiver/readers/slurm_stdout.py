"""Standard output of SLURM jobs, `slurm-<job>.out` (and `.err`): jobs that train or evaluate.

The jobs of one directory are read together, in the order of their ids: those that train are the
attempts of the training. Jobs that evaluate write in the same form, into the directories of
checkpoints among others, and say nothing of the training. What the console of an evaluation says
of its end is not trusted either: its log does, and the script's exit code is another program's.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archiver.codecs import traceback_text
from archiver.codecs.redraw import Pieces
from archiver.codecs.traceback_text import TracebackText
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, families
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Problem,
    Trust,
)
from archiver.model.points import NO_STEP, SeriesSpec
from archiver.model.record import Accounting, Config, Dataset, Event, Step
from archiver.model.times import Clock, from_epoch
from archiver.model.values import Value
from archiver.point_columns import Columns
from archiver.producers import torchtune_places, torchtune_values
from archiver.rundir import Entry

if TYPE_CHECKING:
    from archiver.producers.torchtune_console import Console, Death, Point

_NAME = re.compile(r"slurm-(\d{1,18})(?:_(\d{1,9}))?\.(?:out|err)\Z", re.ASCII)
_SIGNS = re.compile(
    rb" with resolved config:|\|Loss: |slurmstepd: |srun: error: |OutOfMemoryError|"
    rb"Traceback \(most recent|\(\d{1,9} samples?\): |^Log:|^wandb: |torchtune|"
    rb"Writing logs to \S{1,4000}/log_\d",
    re.MULTILINE,
)
_LOSS, _VALIDATION = "Loss", "Validation loss"
_ROUNDING = 0.5e-4
"""Half of the last of the four decimals of a validation loss."""
_FLOAT32 = 2.0**-24
_FROM_ONE = (("epoch_base", "1"),)
METRICS = {
    _LOSS: Metric("loss", "nat/token", "train", _FROM_ONE),
    _VALIDATION: Metric("eval_loss", "nat/token", "eval"),
}
_STOPPED = ("KeyboardInterrupt", "SignalException", "SIGTERM")


@dataclass
class _Job:
    """One job, in one file or in two."""

    id: str
    entries: list[Entry]
    console: Console
    evaluates: bool = False
    config: dict[str, Value] = field(default_factory=dict)
    text: TracebackText | None = None

    @property
    def at(self) -> Entry:
        """The file that it is told by."""
        return self.entries[0]


@dataclass
class Jobs:
    """The jobs of one directory, and what reading them finds out."""

    all: list[_Job] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    lines: int = 0

    @property
    def training(self) -> list[_Job]:
        """Those that train."""
        return [job for job in self.all if not job.evaluates]


def _family(entry: Entry) -> tuple[str, int] | None:
    match = _NAME.match(entry.name)
    if match is None:
        return None
    task = int(match[2] or 0)
    return f"{entry.parent}/slurm-*.out".lstrip("/"), int(match[1]) * 10**9 + task


def detect(artifact: Artifact) -> Match:
    """Signs of a scheduler, a training or an evaluation at either end of a file."""
    empty = True
    for entry in artifact.files:
        handle, size = artifact.open(entry), artifact.limits.head_bytes
        head = handle.read_at(0, size)
        tail = handle.read_at(max(0, handle.size - size), size) if handle.size > size else b""
        if _SIGNS.search(head) or _SIGNS.search(tail):
            return Match.YES
        empty = empty and not head.strip(b"\0 \r\n\t")
    return Match.DAMAGED if empty else Match.NO


def parse(artifact: Artifact) -> Jobs:
    """The jobs by their ids; they are read while they are mapped."""
    from archiver.producers.torchtune_console import Console

    jobs: dict[str, _Job] = {}
    for entry in artifact.files:
        match = _NAME.match(entry.name)
        name = f"{match[1]}_{match[2]}" if match and match[2] else match[1] if match else ""
        job = jobs.get(name)
        if job is None:
            jobs[name] = _Job(name, [entry], Console(artifact.limits))
        else:
            job.entries.append(entry)
    return Jobs(list(jobs.values()))


def to_reading(jobs: Jobs, artifact: Artifact, points: PointSink) -> Reading:
    """Attempts of the training with their curves; of evaluations where their output lies."""
    columns = Columns(points)
    for job in jobs.all:
        _read(job, jobs, artifact, columns)
    columns.flush()
    training = jobs.training
    last = training[-1] if training else None
    return Reading(
        claims=tuple(_claims(last, artifact)) if last else (),
        configs=tuple(_configs(last, artifact)) if last else (),
        datasets=tuple(_datasets(last, artifact)) if last else (),
        steps=(*_training_step(training, artifact), *_evaluations(jobs, artifact)),
        events=tuple(_events(jobs, artifact)),
        evidence=tuple(_evidence(training, artifact)),
        attempts=tuple(_trails(jobs, artifact)),
        problems=tuple(jobs.problems),
        accounting=_accounting(jobs, artifact),
        extras=_extras(jobs),
    )


def _read(job: _Job, jobs: Jobs, artifact: Artifact, columns: Columns) -> None:
    console = job.console
    index = sum(not known.evaluates for known in jobs.all[: jobs.all.index(job)])
    specs = (_spec(_LOSS, artifact.path), _spec(_VALIDATION, artifact.path))
    for entry in job.entries:
        columns.begin(entry.path, index, artifact.path)
        pieces = Pieces(artifact.open(entry).chunks(), artifact.limits)
        for line, piece in pieces:
            for point in console.take(line, piece):
                _put(point, specs, columns)
        jobs.lines += pieces.tally.lines
        if not pieces.tally.lines:
            pieces.tally.flaws.add("empty", "nothing was printed")
        jobs.problems += artifact.problems(pieces.tally.flaws, entry.path)
        jobs.reasons.update(pieces.tally.flaws.counts)
    place = torchtune_places.evaluates(artifact.tree, artifact.directory)
    job.evaluates = console.evaluates or (place and not console.trains)
    if console.config:
        from archiver.codecs import yaml_document

        document = yaml_document.parse(b"\n".join(console.config), artifact.limits)
        job.config = document.value if isinstance(document.value, dict) else {}
    if console.traceback:
        text = b"\n".join(console.traceback).decode("utf-8", "replace")
        job.text = traceback_text.last(text)


def _spec(key: str, source: str) -> SeriesSpec:
    metric = METRICS[key]
    return SeriesSpec(
        key,
        source,
        metric.canonical,
        metric.split,
        unit=metric.unit,
        attributes=metric.attributes,
        absolute_error=_ROUNDING if key == _VALIDATION else 0.0,
        relative_error=_FLOAT32,
    )


def _put(point: Point, specs: tuple[SeriesSpec, SeriesSpec], columns: Columns) -> None:
    step = NO_STEP if point.step is None else point.step
    epoch = math.nan if point.epoch is None else float(point.epoch)
    columns.add(specs[point.validation], point.value, step, epoch=epoch)


def _claims(job: _Job, artifact: Artifact) -> Iterator[Claim]:
    death = job.console.death
    if death is not None:
        place = artifact.at(f"L{death.line}", job.at.path)
        yield Claim("summary.host", [death.host], place)
        if death.time is not None:
            yield Claim("summary.finished_at", death.time.iso(), place, Trust.COPY)


def _configs(job: _Job, artifact: Artifact) -> Iterator[Config]:
    """The resolved configuration of the last job; earlier ones are told by what changed."""
    if job.config:
        yield Config(
            at=artifact.at(f"L{job.console.config_line}", job.at.path),
            id=job.at.path,
            role="resolved",
            format="console",
            values=job.config,
            typed=False,
        )


def _datasets(job: _Job, artifact: Artifact) -> Iterator[Dataset]:
    place = artifact.at(f"L{job.console.config_line}", job.at.path)
    yield from torchtune_values.datasets(job.config, place)


def _training_step(training: list[_Job], artifact: Artifact) -> Iterator[Step]:
    if not training:
        return
    last = training[-1]
    error, stack = _error(last)
    base = last.config.get("checkpointer")
    model = base.get("checkpoint_dir") if isinstance(base, dict) else None
    yield Step(
        at=artifact.at(path=last.at.path),
        step_id="1",
        name="train",
        inputs={"model": model} if isinstance(model, str) and model else {},
        logs=tuple(entry.path for job in training for entry in job.entries),
        error=error,
        error_stack=stack,
    )


def _error(job: _Job) -> tuple[str | None, str | None]:
    """Message and stack of what ended a job."""
    console = job.console
    if job.text is not None:
        return job.text.error or None, job.text.stack
    return (console.out_of_memory[1] if console.out_of_memory else None), None


def _evaluations(jobs: Jobs, artifact: Artifact) -> Iterator[Step]:
    for job in jobs.all:
        step_id = _step_of(job, artifact) if job.evaluates else None
        if step_id is not None:
            yield Step(
                at=artifact.at(path=job.at.path),
                step_id=step_id,
                name="eval",
                metrics=dict(job.console.totals),
                logs=tuple(entry.path for entry in job.entries),
            )


def _step_of(job: _Job, artifact: Artifact) -> str | None:
    """The evaluation's step, where the log that it names lies in the run."""
    name = job.console.log.rpartition("/")[2]
    found = artifact.tree.named(name) if name and not set(name) & set("*?[") else []
    return torchtune_places.step_of_log(artifact.tree, found[0].path) if len(found) == 1 else None


def _events(jobs: Jobs, artifact: Artifact) -> Iterator[Event]:
    for job in jobs.all:
        death = job.console.death
        if death is not None:
            yield Event(
                at=artifact.at(f"L{death.line}", job.at.path),
                time=death.time.iso() if death.time else None,
                clock=death.time.clock.value if death.time else None,
                kind="job_cancelled",
                subject=f"job {job.id}",
                detail=_word(death),
            )


def _word(death: Death) -> str:
    return f"CANCELLED DUE TO {death.reason}" if death.reason else "CANCELLED"


def _evidence(training: list[_Job], artifact: Artifact) -> Iterator[Evidence]:
    for index, job in enumerate(training):
        for kind, detail, line in _signs(job):
            place = artifact.at(f"L{line}" if line else "", job.at.path)
            time = job.console.death.time if job.console.death else None
            yield Evidence(kind, detail, place, "", artifact.path, index, time)


def _signs(job: _Job) -> Iterator[tuple[EvidenceKind, str, int]]:
    console = job.console
    name = f"job {job.id}"
    if console.out_of_memory is not None:
        yield EvidenceKind.FAILURE, f"{name} ran out of memory", console.out_of_memory[0]
    elif job.text is not None:
        error = job.text.error or "a traceback"
        stopped = error.startswith(_STOPPED)
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        yield kind, f"{name} ends in {error[:200]}", console.traceback_line
    if console.exit_code:
        detail = f"{name} exited with code {console.exit_code}"
        # What the scheduler kills exits with an error, too.
        if console.death is None:
            yield EvidenceKind.FAILURE, detail, console.exit_line
    if console.death is not None:
        yield EvidenceKind.INTERRUPTION, f"{name} was {_word(console.death)}", console.death.line
    if console.finished is not None:
        detail = f"{name} saved the checkpoint of the last epoch"
        yield EvidenceKind.END_MARKER, detail, console.finished
    if console.last_step is not None:
        yield EvidenceKind.PROGRESS, f"{name} came to step {console.last_step}", console.last_line


def _trails(jobs: Jobs, artifact: Artifact) -> Iterator[AttemptTrail]:
    training = jobs.training
    if training:
        marks = []
        before: _Job | None = None
        for job in training:
            marks.append(_mark(job, before, artifact))
            before = job if job.config else before
        yield AttemptTrail(artifact.path, tuple(marks))
    for job in jobs.all:
        step_id = _step_of(job, artifact) if job.evaluates else None
        if step_id is not None:
            yield AttemptTrail(job.at.path, (_mark(job, None, artifact),), step_id)


def _mark(job: _Job, before: _Job | None, artifact: Artifact) -> AttemptMark:
    console, death = job.console, job.console.death
    mark = AttemptMark(
        artifact.at(path=job.at.path),
        from_epoch(console.metric_log_start, Clock.EPOCH) if console.metric_log_start else None,
        first_step=console.first_step,
        id=job.id,
        exit_code=console.exit_code,
        params_changed=torchtune_values.changed(before.config, job.config)
        if before is not None and job.config
        else (),
        logs=tuple(entry.path for entry in job.entries),
    )
    if death is None:
        return mark
    return replace(
        mark,
        ended=death.time,
        ended_at=artifact.at(f"L{death.line}", job.at.path),
        host=death.host,
    )


def _accounting(jobs: Jobs, artifact: Artifact) -> Accounting:
    reasons = dict(jobs.reasons)
    redrawn = sum(job.console.redrawn for job in jobs.all)
    evaluations = sum(job.evaluates for job in jobs.all)
    counts = (("redrawn", redrawn), ("evaluations", evaluations))
    reasons.update((name, count) for name, count in counts if count)
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=jobs.lines,
        reasons=reasons,
        scope=artifact.run.scope,
    )


def _extras(jobs: Jobs) -> dict[str, Value]:
    """Figures of each job that no field holds."""
    extras: dict[str, Value] = {}
    for job in jobs.all:
        console = job.console
        told: dict[str, Value] = {
            "recipe": console.recipe,
            "metric_log": console.metric_log,
            "gpu_peak_memory_gib": dict(console.memory),
            "wandb_summary": dict(console.wandb),
            "totals": dict(console.totals) if job.evaluates else {},
            "evaluated": console.samples[0] if console.samples and job.evaluates else "",
            "eval_log": console.log if job.evaluates else "",
        }
        kept: dict[str, Value] = {key: value for key, value in told.items() if value}
        if kept:
            extras[job.id] = kept
    return extras


READER = Reader(
    name="slurm_stdout",
    kind="slurm.stdout",
    summary="SLURM slurm-<job>.out: losses, resolved configuration, how each job ended",
    select=families(_family),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
