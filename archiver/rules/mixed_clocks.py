"""Start and end of a run stand on clocks that cannot be compared.

What it finds
    A start with a time zone and an end without one, or the other way round, of the run or of an
    attempt. Local and zoned stamps in one run are common and harmless as long as none is needed
    together with the other.

Why it matters
    How long the run took is then not known: nobody recorded the zone of the local clock, and the
    difference may be off by a day.

Example
    note    train.log [RA404 mixed-clocks]
            it started at 2026-11-21T22:49:57.668446+00:00 and finished at
            2026-11-21T22:50:08.956890 on a local clock without a zone, so its duration is
            not known

What to do
    Let the producer write zones. For a run that is over, declare the end with its zone when
    archiving (`--set summary.finished_at=...`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import stamps
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.times import utc_micros
from archiver.stamps import Stamp
from archiver.wording import cut

_LOCAL = " on a local clock without a zone"


def check(case: Case) -> Iterator[Hit]:
    """The run, else each attempt of its steps."""
    start = stamps.of_field(case.record, "summary.started_at")
    end = stamps.of_field(case.record, "summary.finished_at")
    hits = list(_mixed("it", start, end))
    for step in case.record.steps if not hits else ():
        for attempt in step.attempts:
            zoned = [utc_micros(attempt.started_at), utc_micros(attempt.finished_at)]
            if zoned.count(None) != 1:
                continue
            start = stamps.of(attempt.started_at, step.at)
            end = stamps.of(attempt.finished_at, step.at)
            hits += _mixed(f"attempt {attempt.n} of step {cut(step.step_id)}", start, end)
    yield from hits


def _mixed(subject: str, start: Stamp | None, end: Stamp | None) -> Iterator[Hit]:
    if start is None or end is None or start.instant.absolute is end.instant.absolute:
        return
    began, ended = (
        stamp.text + ("" if stamp.instant.absolute else _LOCAL) for stamp in (start, end)
    )
    message = f"{subject} started at {began} and finished at {ended}, so its duration is not known"
    related = (Place(start.at, "the start"),) if start.at != end.at else ()
    yield Hit(message, end.at, related)


RULE = Rule(
    id="RA404",
    name="mixed-clocks",
    summary="Start and end of a run stand on clocks that cannot be compared",
    severity=Severity.NOTE,
    check=check,
)
