"""A run is marked as running, and nothing was heard of it for a long time.

What it finds
    A run whose status is `running`, or a step of another run that is, where the last recorded sign
    of life (an event, a metric, the start of an attempt; of stamps with a zone only) lies longer
    ago than `max_silence_hours`. Where no artifact holds such a stamp, the newest file time counts;
    a copy makes files younger, never older, so that is the least that it can be.

Why it matters
    Producers that die do not write that they did. The run waits in every list of running runs,
    and what it holds is the beginning of a result.

Example
    warning run-3c67s0in.wandb [RA402 stale-running]
            it is marked as running, but the last sign of life is
            2022-03-14T09:41:40.422962+00:00, 1719 days ago

What to do
    See whether its process still lives. Where it does not, take the run for interrupted: declare it
    when archiving (`--set summary.status=interrupted`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from archiver import stamps
from archiver.extension import Case, Fact, Hit, Rule, Severity, Threshold
from archiver.model.claims import Location
from archiver.model.record import Step
from archiver.model.times import Instant, parse_iso
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """The run, else each of its steps that nobody saw end."""
    status = case.field("summary.status")
    if case.now is None or status is None:
        return
    whole = stamps.last(case.record)
    if status.value == "running":
        known = whole.instant if whole is not None else _newest_file(case)
        yield from _silent(case, known, status.at, "it", by_file=whole is None)
        return
    for step in case.record.steps:
        if step.status == "unknown" and step.status_word == "running":
            source = step.sources.get("status")
            at = source.at if source is not None else step.at
            last = _last(step) or (whole.instant if whole is not None else None)
            yield from _silent(case, last, at, f"step {cut(step.step_id)}", by_file=False)


def _last(step: Step) -> Instant | None:
    known = (
        stamp.instant
        for attempt in step.attempts
        for time in (attempt.started_at, attempt.finished_at)
        if (stamp := stamps.of(time, step.at)) is not None and stamp.instant.absolute
    )
    return max(known, key=lambda instant: instant.micros, default=None)


def _newest_file(case: Case) -> Instant | None:
    times = (parse_iso(entry.mtime) for entry in case.files if entry.scope == "run" and entry.mtime)
    known = (time for time in times if time is not None)
    return max(known, key=lambda instant: instant.micros, default=None)


def _silent(
    case: Case, last: Instant | None, at: Location, subject: str, *, by_file: bool
) -> Iterator[Hit]:
    now = case.now
    if now is None or last is None:
        return
    seconds = (now - dt.datetime.fromisoformat(last.iso())).total_seconds()
    if seconds <= case.thresholds["max_silence_hours"] * 3600:
        return
    sign = (
        f"newest file is of {last.iso()[:10]}" if by_file else f"last sign of life is {last.iso()}"
    )
    message = f"{subject} is marked as running, but the {sign}, {stamps.span(seconds)} ago"
    yield Hit(message, at)


RULE = Rule(
    id="RA402",
    name="stale-running",
    summary="A run is marked as running, and nothing was heard of it for a long time",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.CLOCK}),
    thresholds={
        "max_silence_hours": Threshold(
            default=24, meaning="hours without a sign of life, after which it is dead"
        )
    },
)
