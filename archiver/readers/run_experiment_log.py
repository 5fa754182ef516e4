"""Logs of a run-experiment directory: what was submitted, retried, finished, and by whom noted.

`run-torchtune.log` and `run-inspect.log` hold the jobs; the others (orchestration, design,
scaffolding, summary, exploration, archive) hold what an agent did. They lie in `logs/`, before
2026-02-26 in the experiment's root. Stamps are local time without a zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.codecs.action_log import ACTIONS
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Problem, Trust
from archiver.model.record import Accounting, Event
from archiver.model.values import Value
from archiver.producers.experiment_jobs import Job, Jobs, evidence, steps, trails
from archiver.producers.experiment_logs import WARNINGS_KEPT, Log, read_log

_NAMES = (
    "run-torchtune.log", "run-inspect.log", "run-experiment.log", "design-experiment.log",
    "scaffold-experiment.log", "scaffold-torchtune.log", "scaffold-inspect.log",
    "scaffold-prepare-data.log", "summarize-experiment.log", "explore-experiment.log",
    "analyze-experiment.log", "archive.log",
)  # fmt: skip
_HEAD = re.compile(
    rb"^(?:\xef\xbb\xbf)?\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ([A-Z][A-Z0-9_]{1,60})(?::|\s*$)",
    re.MULTILINE,
)
_PREPARED = re.compile(rb"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] [A-Z]{4,8} ", re.MULTILINE)


def detect(artifact: Artifact) -> Match:
    """Headers of records; a preparation log holds lines of Python's logging instead."""
    head = artifact.head()
    words = [match[1].decode() for match in _HEAD.finditer(head)]
    if any(word in ACTIONS or "_" in word for word in words):
        return Match.YES
    if artifact.name == "scaffold-prepare-data.log" and _PREPARED.search(head):
        return Match.YES
    torn = b"\n" not in head and head.startswith(b"[2")
    blank = not head.strip(b"\0 \r\n\t")
    own = artifact.name != "archive.log"
    return Match.DAMAGED if own and (torn or blank) else Match.NO


def to_reading(log: Log, artifact: Artifact, _points: PointSink) -> Reading:
    """The timeline; attempts, signs and figures of the run's jobs."""
    if log.run is None and len(log.runs) > 1:
        # It speaks of several runs and nobody said which one is meant.
        log.jobs, log.usage, log.elapsed, log.warnings = Jobs(), [], None, {}
    return Reading(
        claims=tuple(_claims(log, artifact)),
        steps=tuple(steps(log.jobs, artifact, log.warnings)),
        events=tuple(_events(log, artifact)),
        evidence=tuple(evidence(log.jobs, artifact)),
        attempts=tuple(trails(log.jobs, artifact)),
        problems=(*artifact.problems(log.source.flaws), *_limits(log, artifact)),
        accounting=_books(log, artifact),
        extras=_extras(log),
    )


def _limits(log: Log, artifact: Artifact) -> Iterator[Problem]:
    if log.events_cut:
        message = f"{log.events_cut} entries of the timeline are over the limit"
        yield artifact.problem("events-limit", message)
    if log.jobs.left_out:
        message = f"{log.jobs.left_out} jobs are over the limit and were left out"
        yield artifact.problem("jobs-limit", message)
    if not log.source.records and not log.source.torn:
        yield artifact.problem("empty", "no record stands in it")


def _books(log: Log, artifact: Artifact) -> Accounting:
    source = log.source
    unplaced = {"stray-lines": source.stray, "progress-bars": source.noise}
    counts = {**source.flaws.counts, **log.others, **unplaced}
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=log.read,
        dropped=sum(log.others.values()) + source.stray + source.noise,
        corrupt=source.torn,
        reasons={reason: count for reason, count in counts.items() if count},
        scope=artifact.run.scope,
    )


def _events(log: Log, artifact: Artifact) -> Iterator[Event]:
    for line, time, kind, subject, detail in log.events:
        yield Event(
            at=artifact.at(f"L{line}"),
            time=time.iso() if time else None,
            clock=time.clock.value if time else None,
            kind=kind,
            subject=subject,
            detail=detail,
        )


def _claims(log: Log, artifact: Artifact) -> Iterator[Claim]:
    jobs = log.jobs.by_step.get("", [])
    first = next((job for job in jobs if job.started is not None), None)
    if first is not None and first.started is not None:
        place, note = artifact.at(first.started_place), "as the monitor of the jobs saw it"
        yield Claim("summary.started_at", first.started.iso(), place, Trust.COPY, note=note)
    if jobs and jobs[-1].ended is not None:
        place, note = artifact.at(jobs[-1].ended_place), "as the monitor of the jobs saw it"
        yield Claim("summary.finished_at", jobs[-1].ended.iso(), place, Trust.COPY, note=note)
    yield from _train_time(log, artifact, jobs)


def _train_time(log: Log, artifact: Artifact, jobs: list[Job]) -> Iterator[Claim]:
    """Wall-clock time of the training job as the scheduler accounts for it, loading included."""
    last = jobs[-1].id if jobs else None
    for usage in reversed(log.usage):
        ours = usage.step_id == "" and last in (None, usage.job_id)
        if ours and usage.seconds is not None:
            place = artifact.at(f"L{usage.line}")
            note = f"wall-clock time of job {usage.job_id}" if usage.job_id else None
            yield Claim("resources.train_time_sec", usage.seconds, place, note=note)
            return
    if log.elapsed is not None:
        place = artifact.at(f"L{log.elapsed[0]}")
        yield Claim("resources.train_time_sec", log.elapsed[1], place, Trust.COPY)


def _extras(log: Log) -> dict[str, Value]:
    usage: list[Value] = [
        {"step": item.step_id or "train", "job_id": item.job_id, **item.texts}
        for item in log.usage[:WARNINGS_KEPT]
    ]
    return {"records": log.source.records, **({"usage": usage} if usage else {})}


READER = Reader(
    name="run_experiment_log",
    kind="run_experiment.log",
    summary="run-experiment logs: submissions, states, retries and the timeline",
    select=files(*_NAMES),
    detect=detect,
    parse=read_log,
    map=to_reading,
    shared=True,
)
