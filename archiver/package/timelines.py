"""Which jobs stand on a time line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archiver.model.record import RunRecord, Step
from archiver.model.times import Instant, parse_iso
from archiver.package.plots.specs import Bar, TimelineSpec


@dataclass(frozen=True, slots=True)
class _Job:
    label: str
    start: Instant
    end: Instant
    status: str


def of_run(record: RunRecord) -> TimelineSpec | None:
    """The attempts of a run's steps; None where fewer than two have a start and an end."""
    title = f"{record.run.experiment} / {record.run.run_id}"
    return _spec("timeline", title, _jobs(record, ""))


def of_experiment(name: str, records: Sequence[RunRecord]) -> TimelineSpec | None:
    """The attempts of every run's steps, in the order in which they started."""
    jobs = [job for record in records for job in _jobs(record, f"{record.run.run_id} / ")]
    return _spec("EXPERIMENT-timeline", name, jobs)


def _jobs(record: RunRecord, prefix: str) -> list[_Job]:
    jobs = []
    for step in record.steps:
        for item in step.attempts:
            start = parse_iso(item.started_at) if item.started_at else None
            end = parse_iso(item.finished_at) if item.finished_at else None
            if (
                start is None
                or end is None
                or end.clock is not start.clock
                or end.micros < start.micros
            ):
                continue
            again = f" #{item.n}" if len(step.attempts) > 1 else ""
            jobs.append(_Job(f"{prefix}{_name(step)}{again}", start, end, item.status))
    return jobs


def _name(step: Step) -> str:
    return f"{step.step_id} {step.name}" if step.step_id.isdecimal() else step.step_id


def _spec(name: str, title: str, jobs: Iterable[_Job]) -> TimelineSpec | None:
    """Jobs of the clock that most of them were read from: two clocks share no axis."""
    known = list(jobs)
    clocks = Counter(job.start.absolute for job in known)
    if not clocks:
        return None
    absolute, _ = max(clocks.items(), key=lambda item: (item[1], item[0]))
    shown = sorted(
        (job for job in known if job.start.absolute is absolute),
        key=lambda job: (job.start.micros, job.label),
    )
    if len(shown) < 2:
        return None
    first = shown[0].start
    bars = tuple(
        Bar(
            job.label,
            (job.start.micros - first.micros) / 1e6,
            (job.end.micros - first.micros) / 1e6,
            job.status,
        )
        for job in shown
    )
    zone = " UTC" if absolute else " local time"
    return TimelineSpec(name, title, first.iso()[:19].replace("T", " ") + zone, bars)
