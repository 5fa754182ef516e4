"""What single records of run-experiment's logs say of a job: its id, its state, its submission.

State changes have three spellings (`job N: A -> B`, `A → B`, lines `Previous:` and `Current:`),
job ids have three (`Job ID: N`, `Result: Job ID N`, `Result: resubmitted as job N`).
"""

from __future__ import annotations

import re

from archiver.codecs.action_log import Record
from archiver.producers.experiment_jobs import REJECTED, Job, is_state, plain_state

_STATE = r"(\?|[A-Z][A-Z_]{2,30}\+?(?: by \S{1,40})?)"
_CHANGE = re.compile(
    rf"(?:\bjob (?P<id>[\w.\[\]-]{{1,40}}): )?{_STATE} {{0,4}}(?:->|\u2192) {{0,4}}{_STATE}"
)
_JOB_ID = re.compile(r"(?:\b[Jj]ob(?: [Ii][Dd])?:? )?(\d{1,20}(?:_\d{1,9})?)(?=[\s,.;)]|\Z)")
_RESULT_ID = re.compile(r"\b(?:[Jj]ob(?: [Ii][Dd])?:? )(\d{1,20}(?:_\d{1,9})?)\b")
_SLURM_STATE = re.compile(r"\bSLURM state ([A-Z_]{3,30})(?: \(exit (\d{1,3}):(\d{1,3})\))?")
_DEATH_NOTE = re.compile(
    r"\*\*\* JOB \S{1,40} ON (?P<host>[\w.-]{1,255}) CANCELLED AT \S{1,40} DUE TO"
    r" (?P<reason>TIME LIMIT|NODE FAILURE|PREEMPTION|JOB REQUEUE) \*\*\*"
)
_REASONS = {"TIME LIMIT": "TIMEOUT", "NODE FAILURE": "NODE_FAIL", "PREEMPTION": "PREEMPTED"}
DETAIL = 2_000
"""Characters of a text that are looked at."""


def submission(record: Record) -> Job:
    """The job of a record that tells of a submission, refused or not."""
    result = record.text("Result")
    job = Job(f"L{record.line}", submitted=record.time)
    if _refused(result):
        job.state, job.state_place = REJECTED, f"L{record.line}"
        job.error = result.partition(":")[2].strip() or result
    else:
        job.id = job_id_of(record)
    return job


def _refused(result: str) -> bool:
    return result.lower().startswith(("failure", "failed", "error"))


def job_id_of(record: Record) -> str | None:
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
    match = _RESULT_ID.search(result.text[:DETAIL])
    return match[1] if match else None


def change_of(record: Record) -> tuple[str, str | None, int]:
    """New state, job id and line of a state change; an empty state where there is none."""
    for item in record.items:
        match = _CHANGE.search(item.text[:DETAIL]) if item.key in ("Details", "") else None
        if match is not None and is_state(match[3]):
            return match[3], match["id"], item.line
    current = record.find("Current")
    word = current.text.strip() if current is not None else ""
    if current is not None and is_state(word):
        return word, job_id_of(record), current.line
    return "", None, record.line


def explain(job: Job, record: Record) -> None:
    """What a record says beside a final state: SLURM's own word, the exit code, the host."""
    slurm = _SLURM_STATE.search(record.text("Result")[:DETAIL])
    if slurm is not None:
        job.state = slurm[1] if is_state(slurm[1]) else job.state
        job.exit_code = int(slurm[2]) if slurm[2] else None
    error = record.text("Error")
    note = _DEATH_NOTE.search(error[:DETAIL])
    if note is not None:
        job.host = note["host"]
        if plain_state(job.state) == "FAILED":
            job.state = _REASONS.get(note["reason"], job.state)
    job.error = error or job.error
