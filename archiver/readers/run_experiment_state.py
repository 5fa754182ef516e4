"""`run-torchtune.state.json`, `run-inspect.state.json`: the last known job of every script.

Written by the toolkit's submitters since 2026-05-08: path of the script (relative to the
experiment) -> job id, state, time of submission. Only the last job of a script survives; that it
was submitted before shows in `retry_history` (one entry of changed settings per retry). A sibling
`.json.tmp` is a write that did not come to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Problem
from archiver.model.record import Accounting, Event
from archiver.model.times import parse_iso
from archiver.model.values import Value
from archiver.producers.experiment_jobs import Job, Jobs, evidence, job_name, steps, trails
from archiver.view import View

_MOST_RETRIES = 100


@dataclass
class States:
    """The jobs of the run at hand, and how many entries speak of others."""

    view: View
    jobs: Jobs = field(default_factory=Jobs)
    submitted: list[tuple[str, str, str]] = field(default_factory=list)
    """Key, step and time of submission as written."""
    memory: dict[str, Value] = field(default_factory=dict)
    """Key -> how it was found out that memory ran out."""
    read: int = 0
    others: int = 0
    unknown: int = 0


def _unfinished(artifact: Artifact) -> bool:
    return artifact.name.endswith(".tmp")


def detect(artifact: Artifact) -> Match:
    """An object whose keys are scripts and whose values hold a state."""
    document = artifact.json()
    if not document.complete:
        return Match.DAMAGED
    value = document.value
    if not isinstance(value, dict):
        return Match.NO
    entries = (
        key.endswith(".slurm")
        and isinstance(entry, dict)
        and bool({"state", "job_id"} & entry.keys())
        for key, entry in value.items()
    )
    return Match.YES if not value or any(entries) else Match.NO


def parse(artifact: Artifact) -> States:
    """The entries of the run at hand."""
    states = States(View.of(artifact, artifact.json().value))
    if _unfinished(artifact):
        states.unknown = len(states.view.value)
        return states
    run = artifact.member.name if artifact.member else _only_run(states.view)
    for key, entry in states.view.value.items():
        if not key.endswith(".slurm") or not isinstance(entry, dict):
            states.unknown += 1
            continue
        name = job_name(key, run) if run else None
        if name is None:
            states.others += 1
            continue
        states.read += 1
        _take(states, key, name.step_id)
    return states


def _only_run(view: View) -> str | None:
    """The run that all entries are of, where it is one."""
    names = {key.partition("/")[0] for key in view.value}
    return names.pop() if len(names) == 1 else None


def _take(states: States, key: str, step_id: str) -> None:
    entry = states.view.object(key)
    place = entry.pointer
    history = entry.items("retry_history")[:_MOST_RETRIES]
    jobs: list[Job] = [Job(place) for _ in range(len(history) + 1)]
    for job, knobs in zip(jobs[1:], history, strict=True):
        job.changed = tuple(knobs.items()) if isinstance(knobs, dict) else ()
    for job in jobs[:-1]:
        # The submitter retries after one reason only.
        job.out_of_memory = True
    last = jobs[-1]
    stamp = entry.filled("submitted_at")
    last.submitted = parse_iso(stamp) if stamp else None
    last.id, last.state = entry.filled("job_id"), entry.text("state") or ""
    last.state_place = f"{place}/state" if entry.has("state") else place
    last.error = entry.text("error") or ""
    last.out_of_memory = entry.flag("oom_exhausted_logged") is True
    states.jobs.by_step.setdefault(step_id, []).extend(jobs)
    detected = entry.filled("oom_detected_via")
    if detected:
        states.memory[key] = detected
    if stamp:
        states.submitted.append((key, step_id, stamp))


def to_reading(states: States, artifact: Artifact, _points: PointSink) -> Reading:
    """Attempts and signs of the run's jobs."""
    document = artifact.json()
    return Reading(
        steps=tuple(steps(states.jobs, artifact)),
        events=tuple(_events(states)),
        evidence=tuple(evidence(states.jobs, artifact)),
        attempts=tuple(trails(states.jobs, artifact)),
        problems=(*artifact.problems(document.flaws), *states.view.problems, *_torn(artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=states.read,
            dropped=states.others + states.unknown,
            corrupt=int(not document.complete),
            reasons=_reasons(states, artifact),
            scope=artifact.run.scope,
        ),
        extras={"oom_detected_via": states.memory} if states.memory else {},
    )


def _reasons(states: States, artifact: Artifact) -> dict[str, int]:
    unused = "unfinished-write" if _unfinished(artifact) else "no-entry"
    counts = {"other-runs": states.others, unused: states.unknown, **artifact.json().flaws.counts}
    return {reason: count for reason, count in counts.items() if count}


def _torn(artifact: Artifact) -> Iterator[Problem]:
    if _unfinished(artifact):
        message = "a write of the state file that did not come to its end"
        hint = "it was not used; the state file beside it holds the state before"
        yield artifact.problem("unfinished-write", message, hint=hint)


def _events(states: States) -> Iterator[Event]:
    for key, step_id, stamp in states.submitted:
        time = parse_iso(stamp)
        job = states.jobs.by_step[step_id][-1]
        yield Event(
            at=states.view.object(key).at("submitted_at"),
            time=time.iso() if time else None,
            clock=time.clock.value if time else None,
            kind="submitted",
            subject=step_id or "train",
            detail=f"job {job.id}" if job.id else job.state,
        )


READER = Reader(
    name="run_experiment_state",
    kind="run_experiment.state",
    summary="run-experiment *.state.json: the last job of every script",
    select=files(
        "run-torchtune.state.json",
        "run-inspect.state.json",
        "run-torchtune.state.json.tmp",
        "run-inspect.state.json.tmp",
    ),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
