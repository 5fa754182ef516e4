"""Logs of a run-experiment directory: what was submitted, retried, finished, and by whom noted.

`run-torchtune.log` and `run-inspect.log` hold the jobs; the others (orchestration, design,
scaffolding, summary, exploration, archive) hold what an agent did. They lie in `logs/`, before
2026-02-26 in the experiment's root. Stamps are local time without a zone. Every log speaks of all
runs of the experiment; what is reported is what concerns the run at hand or the experiment.

State changes have three spellings (`job N: A -> B`, `A → B`, lines `Previous:` and `Current:`),
job ids have three (`Job ID: N`, `Result: Job ID N`, `Result: resubmitted as job N`). A state was
noted when the monitor looked, up to a minute or so after it came about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.action_log import ACTIONS, ActionLog, Record
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import (
    Claim,
    EvidenceKind,
    Problem,
    Trust,
)
from archiver.model.record import Accounting, Event
from archiver.model.times import Instant, parse_iso
from archiver.model.values import Value
from archiver.producers.experiment_jobs import (
    REJECTED,
    Job,
    JobName,
    Jobs,
    evidence,
    is_state,
    job_name,
    plain_state,
    seconds_of,
    sign_of,
    steps,
    trails,
)

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
_STATE = r"(\?|[A-Z][A-Z_]{2,30}\+?(?: by \S{1,40})?)"
_CHANGE = re.compile(
    rf"(?:\bjob (?P<id>[\w.\[\]-]{{1,40}}): )?{_STATE} {{0,4}}(?:->|\u2192) {{0,4}}{_STATE}"
)
_JOB_ID = re.compile(r"(?:\b[Jj]ob(?: [Ii][Dd])?:? )?(\d{1,20}(?:_\d{1,9})?)(?=[\s,.;)]|\Z)")
_RESULT_ID = re.compile(r"\b(?:[Jj]ob(?: [Ii][Dd])?:? )(\d{1,20}(?:_\d{1,9})?)\b")
_SCRIPT = re.compile(r"\bsbatch (?:\S{1,300}/)?([^\s/]{1,200}\.slurm)(?=\s|\Z)")
_RETRY = re.compile(r"\b(\w{1,60}) (\S{1,40}) (?:->|\u2192) (\S{1,40})(?= |;|\Z)")
_SLURM_STATE = re.compile(r"\bSLURM state ([A-Z_]{3,30})(?: \(exit (\d{1,3}):(\d{1,3})\))?")
_DEATH_NOTE = re.compile(
    r"\*\*\* JOB \S{1,40} ON (?P<host>[\w.-]{1,255}) CANCELLED AT \S{1,40} DUE TO"
    r" (?P<reason>TIME LIMIT|NODE FAILURE|PREEMPTION|JOB REQUEUE) \*\*\*"
)
_REASONS = {"TIME LIMIT": "TIMEOUT", "NODE FAILURE": "NODE_FAIL", "PREEMPTION": "PREEMPTED"}
_OF_A_JOB = frozenset(
    {
        "SUBMIT_JOB", "SUBMIT_EVAL", "STATE_CHANGE", "OOM_RETRY", "OOM_RETRY_SUBMIT_FAILED",
        "OOM_EXHAUSTED", "COMPUTE_METRICS", "COMPUTE_UTILIZATION", "RESOURCE_STATUS",
        "THROUGHPUT_STATUS", "CHECKPOINT_MISSING",
    }
)  # fmt: skip
_WARNINGS = 50
_USAGES = 10_000
_DETAIL = 2_000


@dataclass(slots=True)
class _Usage:
    """What the scheduler's accounting says of one job."""

    line: int
    step_id: str | None
    job_id: str | None
    seconds: int | None
    texts: dict[str, Value]


@dataclass
class Log:
    """What a log says of one run, and of the experiment as a whole."""

    source: ActionLog
    run: str | None
    """The run at hand; without one, the only run that the log names."""
    evaluates: bool
    """Whether the log is about evaluations only."""
    most_events: int
    jobs: Jobs = field(default_factory=Jobs)
    events: list[tuple[int, Instant | None, str, str, str]] = field(default_factory=list)
    """Line, time, kind, subject and detail."""
    events_cut: int = 0
    usage: list[_Usage] = field(default_factory=list)
    elapsed: tuple[int, int] | None = None
    """Line and seconds, as an agent noted them."""
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """Step -> what was warned of."""
    others: dict[str, int] = field(default_factory=dict)
    """Reason -> records that are not reported."""
    runs: set[str] = field(default_factory=set)
    read: int = 0


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


def parse(artifact: Artifact) -> Log:
    """One pass over the records."""
    log = Log(
        ActionLog(artifact.lines()),
        artifact.member.name if artifact.member else None,
        "inspect" in artifact.name,
        artifact.limits.events,
    )
    for record in log.source:
        _take(log, record)
    return log


def _take(log: Log, record: Record) -> None:
    if record.level:
        log.read += 1
        if record.level not in ("DEBUG", "INFO"):
            _event(log, record, record.level.lower(), "experiment", record.items[0].text)
        return
    if not record.action:
        _leave(log, "unknown-header")
        return
    if record.torn and (record.action in _OF_A_JOB or record.action not in ACTIONS):
        log.source.torn += 1
        return
    if record.action not in _OF_A_JOB:
        log.read += 1
        _event(log, record, _kind(record), record.subject or "experiment", _detail(record))
        return
    name = _name(log, record)
    if name is None:
        _leave(log, "other-runs" if record.subject else "unattributed")
        return
    log.read += 1
    step_id = _step_of(log, record, name)
    _HANDLERS[record.action](log, record, step_id)
    _event(log, record, _kind(record), step_id or "train", _detail(record))


def _leave(log: Log, reason: str) -> None:
    log.others[reason] = log.others.get(reason, 0) + 1


def _kind(record: Record) -> str:
    return record.action.lower().replace("_", "-")


def _detail(record: Record) -> str:
    """The record's body as one text."""
    plain = ("", "Details")
    parts = (
        item.text if item.key in plain else f"{item.key}: {item.text}" for item in record.items
    )
    return "; ".join(parts)[:_DETAIL]


def _event(log: Log, record: Record, kind: str, subject: str, detail: str) -> None:
    if len(log.events) >= log.most_events:
        log.events_cut += 1
        return
    log.events.append((record.line, record.time, kind, subject, detail))


def _name(log: Log, record: Record) -> JobName | None:
    """Whose job a record speaks of; None where it is another run's, or nobody's."""
    if not record.subject:
        _, job_id, _ = _change(record)
        step_id = log.jobs.step_of(job_id or _job_id(record))
        if step_id is None or log.run is None:
            return None
        return JobName(log.run, step_id.partition(":")[2])
    if log.run is None:
        name = job_name(record.subject)
        if name is not None and len(log.runs) < 2:
            log.runs.add(name.run)
        return name
    return job_name(record.subject, log.run)


def _step_of(log: Log, record: Record, name: JobName) -> str:
    """The step of a record; a bare run's name in the log of evaluations needs more."""
    if name.cell or not (log.evaluates or record.action == "SUBMIT_EVAL"):
        return name.step_id
    _, job_id, _ = _change(record)
    known = log.jobs.step_of(job_id or _job_id(record))
    if known is not None:
        return known
    script = _SCRIPT.search(record.text("Details")[:_DETAIL])
    named = job_name(f"{name.run}/eval/{script[1]}", name.run) if script else None
    return named.step_id if named and named.step_id else "eval"


def _submit(log: Log, record: Record, step_id: str) -> None:
    log.jobs.submit(step_id, _submission(record))


def _submission(record: Record) -> Job:
    """The job of a record that tells of a submission, refused or not."""
    result = record.text("Result")
    job = Job(f"L{record.line}", submitted=record.time)
    if _refused(result):
        job.state, job.state_place = REJECTED, f"L{record.line}"
        job.error = result.partition(":")[2].strip() or result
    else:
        job.id = _job_id(record)
    return job


def _refused(result: str) -> bool:
    return result.lower().startswith(("failure", "failed", "error"))


def _job_id(record: Record) -> str | None:
    """The job id of a record in any of its three spellings; None where it may be cut short."""
    stated = record.whole("Job ID")
    if stated is not None:
        match = _JOB_ID.match(stated.text.strip()[:100])
        return match[1] if match else None
    if record.find("Job ID") is not None:
        return None
    result = record.whole("Result")
    if result is None or _refused(result.text):
        return None
    match = _RESULT_ID.search(result.text[:_DETAIL])
    return match[1] if match else None


def _change(record: Record) -> tuple[str, str | None, int]:
    """New state, job id and line of a state change; an empty state where there is none."""
    for item in record.items:
        match = _CHANGE.search(item.text[:_DETAIL]) if item.key in ("Details", "") else None
        if match is not None and is_state(match[3]):
            return match[3], match["id"], item.line
    current = record.find("Current")
    word = current.text.strip() if current is not None else ""
    if current is not None and is_state(word):
        return word, _job_id(record), current.line
    return "", None, record.line


def _changed(log: Log, record: Record, step_id: str) -> None:
    word, job_id, line = _change(record)
    if not word:
        return
    job = log.jobs.change(step_id, job_id, word, f"L{line}")
    started = record.whole("Started")
    if job.started is None and started is not None:
        job.started, job.started_place = parse_iso(started.text.strip()), f"L{started.line}"
    if plain_state(word) == "RUNNING":
        if job.started is None:
            job.started, job.started_place = record.time, f"L{line}"
    elif sign_of(word, evaluation=False) is not EvidenceKind.RUNNING_WORD:
        _ended(log, record, job, step_id, line)


def _ended(log: Log, record: Record, job: Job, step_id: str, line: int) -> None:
    """A job is over."""
    completed = record.whole("Completed")
    stated = parse_iso(completed.text.strip()) if completed is not None else None
    if completed is not None and stated is not None:
        job.ended, job.ended_place = stated, f"L{completed.line}"
    else:
        job.ended, job.ended_place = record.time, f"L{line}"
    _explain(job, record)
    elapsed = record.whole("Elapsed")
    seconds = seconds_of(elapsed.text) if elapsed is not None else None
    if elapsed is not None and seconds is not None and not step_id:
        log.elapsed = (elapsed.line, seconds)


def _explain(job: Job, record: Record) -> None:
    """What a record says beside a final state: SLURM's own word, the exit code, the host."""
    slurm = _SLURM_STATE.search(record.text("Result")[:_DETAIL])
    if slurm is not None:
        job.state = slurm[1] if is_state(slurm[1]) else job.state
        job.exit_code = int(slurm[2]) if slurm[2] else None
    error = record.text("Error")
    note = _DEATH_NOTE.search(error[:_DETAIL])
    if note is not None:
        job.host = note["host"]
        if plain_state(job.state) == "FAILED":
            job.state = _REASONS.get(note["reason"], job.state)
    job.error = error or job.error


def _retry(log: Log, record: Record, step_id: str) -> None:
    """A submission with a smaller batch, after one that ran out of memory."""
    before = log.jobs.find(step_id, None)
    if before is not None:
        before.out_of_memory = True
    job = _submission(record)
    if record.action == "OOM_RETRY_SUBMIT_FAILED":
        job.id, job.state, job.state_place = None, REJECTED, f"L{record.line}"
        job.error = job.error or record.text("Result") or record.text("Details")
    knob = _RETRY.search(record.text("Details")[:_DETAIL])
    if knob is not None:
        new: Value = int(knob[3]) if knob[3].isdecimal() and len(knob[3]) < 18 else knob[3]
        job.changed = ((knob[1], new),)
    log.jobs.submit(step_id, job)


def _exhausted(log: Log, _record: Record, step_id: str) -> None:
    last = log.jobs.find(step_id, None)
    if last is not None:
        last.out_of_memory = True


def _use(log: Log, record: Record, step_id: str) -> None:
    """The scheduler's accounting of one job."""
    _warn(log, record, step_id)
    if len(log.usage) >= _USAGES:
        return
    time = record.whole("GPU Time")
    wall = time.text.partition("/")[0] if time is not None else ""
    texts: dict[str, Value] = {item.key: item.text for item in record.items if item.key}
    job_id = _job_id(record)
    step = log.jobs.step_of(job_id)
    usage = _Usage(record.line, step if step is not None else step_id, job_id, None, texts)
    usage.seconds = seconds_of(wall)
    log.usage.append(usage)


def _warn(log: Log, record: Record, step_id: str) -> None:
    if step_id not in log.warnings and len(log.warnings) >= _USAGES:
        return
    kept = log.warnings.setdefault(step_id, [])
    for item in record.items:
        if len(kept) < _WARNINGS and (item.key == "WARNING" or item.text.startswith("\u26a0")):
            kept.append(item.text)


def _note(_log: Log, _record: Record, _step_id: str) -> None:
    """An entry of the timeline, and no more."""


_HANDLERS: dict[str, Callable[[Log, Record, str], None]] = {
    "SUBMIT_JOB": _submit,
    "SUBMIT_EVAL": _submit,
    "STATE_CHANGE": _changed,
    "OOM_RETRY": _retry,
    "OOM_RETRY_SUBMIT_FAILED": _retry,
    "OOM_EXHAUSTED": _exhausted,
    "COMPUTE_METRICS": _use,
    "COMPUTE_UTILIZATION": _use,
    "RESOURCE_STATUS": _note,
    "THROUGHPUT_STATUS": _warn,
    "CHECKPOINT_MISSING": _note,
}


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
        for item in log.usage[:_WARNINGS]
    ]
    return {"records": log.source.records, **({"usage": usage} if usage else {})}


READER = Reader(
    name="run_experiment_log",
    kind="run_experiment.log",
    summary="run-experiment logs: submissions, states, retries and the timeline",
    select=files(*_NAMES),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
