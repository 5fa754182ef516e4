"""What a log of run-experiment says of one run: its jobs, its timeline, what it used.

Every log speaks of all runs of the experiment; what is kept is what concerns the run at hand or the
experiment. A state was noted when the monitor looked, up to a minute or so after it came about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from archiver.artifact import Artifact
from archiver.codecs.action_log import ACTIONS, ActionLog, Record
from archiver.model.claims import EvidenceKind
from archiver.model.times import Instant, parse_iso
from archiver.model.values import Value
from archiver.producers.experiment_jobs import (
    REJECTED,
    Job,
    JobName,
    Jobs,
    job_name,
    plain_state,
    seconds_of,
    sign_of,
)
from archiver.producers.experiment_records import DETAIL, change_of, explain, job_id_of, submission

_SCRIPT = re.compile(r"\bsbatch (?:\S{1,300}/)?([^\s/]{1,200}\.slurm)(?=\s|\Z)")
_RETRY = re.compile(r"\b(\w{1,60}) (\S{1,40}) (?:->|\u2192) (\S{1,40})(?= |;|\Z)")
_OF_A_JOB = frozenset(
    {
        "SUBMIT_JOB", "SUBMIT_EVAL", "STATE_CHANGE", "OOM_RETRY", "OOM_RETRY_SUBMIT_FAILED",
        "OOM_EXHAUSTED", "COMPUTE_METRICS", "COMPUTE_UTILIZATION", "RESOURCE_STATUS",
        "THROUGHPUT_STATUS", "CHECKPOINT_MISSING",
    }
)  # fmt: skip
WARNINGS_KEPT = 50
"""Of one step."""
_USAGES = 10_000


@dataclass(slots=True)
class Usage:
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
    usage: list[Usage] = field(default_factory=list)
    elapsed: tuple[int, int] | None = None
    """Line and seconds, as an agent noted them."""
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """Step -> what was warned of."""
    others: dict[str, int] = field(default_factory=dict)
    """Reason -> records that are not reported."""
    runs: set[str] = field(default_factory=set)
    read: int = 0


def read_log(artifact: Artifact) -> Log:
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
    return "; ".join(parts)[:DETAIL]


def _event(log: Log, record: Record, kind: str, subject: str, detail: str) -> None:
    if len(log.events) >= log.most_events:
        log.events_cut += 1
        return
    log.events.append((record.line, record.time, kind, subject, detail))


def _name(log: Log, record: Record) -> JobName | None:
    """Whose job a record speaks of; None where it is another run's, or nobody's."""
    if not record.subject:
        _, job_id, _ = change_of(record)
        step_id = log.jobs.step_of(job_id or job_id_of(record))
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
    _, job_id, _ = change_of(record)
    known = log.jobs.step_of(job_id or job_id_of(record))
    if known is not None:
        return known
    script = _SCRIPT.search(record.text("Details")[:DETAIL])
    named = job_name(f"{name.run}/eval/{script[1]}", name.run) if script else None
    return named.step_id if named and named.step_id else "eval"


def _submit(log: Log, record: Record, step_id: str) -> None:
    log.jobs.submit(step_id, submission(record))


def _changed(log: Log, record: Record, step_id: str) -> None:
    word, job_id, line = change_of(record)
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
    explain(job, record)
    elapsed = record.whole("Elapsed")
    seconds = seconds_of(elapsed.text) if elapsed is not None else None
    if elapsed is not None and seconds is not None and not step_id:
        log.elapsed = (elapsed.line, seconds)


def _retry(log: Log, record: Record, step_id: str) -> None:
    """A submission with a smaller batch, after one that ran out of memory."""
    before = log.jobs.find(step_id, None)
    if before is not None:
        before.out_of_memory = True
    job = submission(record)
    if record.action == "OOM_RETRY_SUBMIT_FAILED":
        job.id, job.state, job.state_place = None, REJECTED, f"L{record.line}"
        job.error = job.error or record.text("Result") or record.text("Details")
    knob = _RETRY.search(record.text("Details")[:DETAIL])
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
    job_id = job_id_of(record)
    step = log.jobs.step_of(job_id)
    usage = Usage(record.line, step if step is not None else step_id, job_id, None, texts)
    usage.seconds = seconds_of(wall)
    log.usage.append(usage)


def _warn(log: Log, record: Record, step_id: str) -> None:
    if step_id not in log.warnings and len(log.warnings) >= _USAGES:
        return
    kept = log.warnings.setdefault(step_id, [])
    for item in record.items:
        if len(kept) < WARNINGS_KEPT and (item.key == "WARNING" or item.text.startswith("\u26a0")):
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
