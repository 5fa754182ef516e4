"""Recorded times contradict the order in which things must have happened.

What it finds
    An end before its start, an attempt that began before the one ahead of it began or was over,
    stamps that go back from one line of a log to the next, and metric points whose times go back
    while their steps go on. Stamps with a zone and without one are never compared, and local
    stamps only within one artifact, where stamps that go back are a note. What lies within
    `slack_seconds` is left alone. Stamps that are no times at all are found too.

Why it matters
    Durations, speeds and the order of events are computed from these times. An attempt that began
    while another was at work means that two processes wrote into one run.

Example
    note    run-inspect.log:22 [RA403 times-out-of-order]
            stamps go back 2 times, first by 5 min at L22

What to do
    See whether the clock was set (a log in local time repeats an hour when summer time ends), the
    files were put together from two runs, or two processes were at work. Take no durations from
    such a run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from archiver import stamps
from archiver.extension import Case, Hit, Rule, Severity, Threshold
from archiver.model.findings import Place
from archiver.model.points import NO_STEP
from archiver.model.record import Event, Series, Step
from archiver.model.times import Clock, seconds_between, utc_micros
from archiver.stamps import Stamp
from archiver.wording import counted, cut

_LINE = re.compile(r"L(\d{1,15})", re.ASCII)
_CODES = frozenset({"clock-went-back", "bad-time"})


def check(case: Case) -> Iterator[Hit]:
    """What the readers met, then the run, its attempts, its logs and its curves."""
    told = set()
    for problem in case.problems(*sorted(_CODES)):
        told.add((problem.at.scope, problem.at.path))
        yield Hit(problem.message, problem.at, hint=problem.hint)
    yield from _run(case)
    for step in case.record.steps:
        yield from _attempts(step, case.thresholds["slack_seconds"])
    yield from _logs(case, told)
    yield from _curves(case)


def _run(case: Case) -> Iterator[Hit]:
    start = stamps.of_field(case.record, "summary.started_at")
    end = stamps.of_field(case.record, "summary.finished_at")
    if start is None or end is None:
        return
    if not start.instant.absolute and start.at.path != end.at.path:
        return
    early = _early(start, end, case)
    if early is not None:
        message = f"it finished at {end.text}, {early} before it started at {start.text}"
        yield Hit(message, end.at, (Place(start.at, "the start"),))


def _early(first: Stamp, second: Stamp, case: Case) -> str | None:
    """How long the second comes before the first, where it does."""
    seconds = seconds_between(first.instant, second.instant)
    if seconds is None or seconds >= -case.thresholds["slack_seconds"]:
        return None
    return stamps.span(seconds)


def _attempts(step: Step, slack: float) -> Iterator[Hit]:
    """Absolute clocks only: local stamps of an attempt may be of several artifacts."""
    if len(step.attempts) < 2:
        return
    spans = [
        (attempt.n, utc_micros(attempt.started_at), utc_micros(attempt.finished_at))
        for attempt in step.attempts
    ]
    margin = slack * 1e6
    for n, start, end in spans:
        if start is not None and end is not None and end < start - margin:
            gap = stamps.span((start - end) / 1e6)
            yield Hit(
                f"attempt {n} of step {cut(step.step_id)} ended {gap} before it began", step.at
            )
    for (n, start, end), (after, begin, _) in pairwise(spans):
        if begin is None:
            continue
        if start is not None and begin < start - margin:
            gap = stamps.span((start - begin) / 1e6)
            message = f"attempt {after} of step {cut(step.step_id)} began {gap} before attempt {n}"
            yield Hit(message, step.at)
        elif end is not None and begin < end - margin:
            gap = stamps.span((end - begin) / 1e6)
            message = (
                f"attempt {after} of step {cut(step.step_id)} began {gap} before the last sign of"
                f" life of attempt {n}"
            )
            yield Hit(message, step.at)


def _logs(case: Case, told: set[tuple[str, str]]) -> Iterator[Hit]:
    """Events of one log, line by line; the timeline itself is in the order of the times."""
    logs: dict[tuple[str, str], list[tuple[int, Stamp]]] = defaultdict(list)
    for event in case.record.events:
        placed = _line(event)
        if placed is not None:
            logs[event.at.scope, event.at.path].append(placed)
    for key in sorted(logs.keys() - told):
        lines = sorted(logs[key], key=lambda item: item[0])
        back = [
            (gap, earlier, later)
            for (_, earlier), (_, later) in pairwise(lines)
            if (gap := _early(earlier, later, case)) is not None
        ]
        if back:
            gap, earlier, later = back[0]
            times = f" {counted(len(back), 'time')}, first" if len(back) > 1 else ""
            message = f"stamps go back{times} by {gap} at {later.at.place}"
            before = Place(earlier.at, f"{earlier.text} stands before {later.text}")
            # An hour of a local clock comes twice when summer time ends.
            weight = None if later.instant.absolute else Severity.NOTE
            yield Hit(message, later.at, (before,), severity=weight)


def _line(event: Event) -> tuple[int, Stamp] | None:
    matched = _LINE.match(event.at.place)
    if matched is None or event.clock == Clock.MTIME.value:
        return None
    stamp = stamps.of(event.time, event.at)
    return (int(matched[1]), stamp) if stamp is not None else None


def _curves(case: Case) -> Iterator[Hit]:
    """The longest timed curve of each source; the points of a row share its time."""
    longest: dict[tuple[str, str, str | None], Series] = {}
    for series in case.record.series:
        if series.first_time is None or series.axis != "step":
            continue
        key = (series.at.scope, series.source, series.step_id)
        if key not in longest or series.points > longest[key].points:
            longest[key] = series
    for series in longest.values():
        yield from _curve(case, series)


def _curve(case: Case, series: Series) -> Iterator[Hit]:
    points = case.points(series)
    if points is None:
        return
    import numpy as np

    use = points.kept & (points.steps != NO_STEP) & np.isfinite(points.times)
    order = np.lexsort((points.times[use], points.steps[use]))
    steps, times = points.steps[use][order], points.times[use][order]
    jumps = np.diff(times)
    back = np.flatnonzero((jumps < -case.thresholds["slack_seconds"]) & (np.diff(steps) > 0))
    if not len(back):
        return
    at = int(back[0])
    times_told = f" {counted(len(back), 'time')}, first" if len(back) > 1 else ""
    message = (
        f"the times of {cut(series.key)} go back{times_told} by {stamps.span(float(jumps[at]))}"
        f" between steps {int(steps[at])} and {int(steps[at + 1])}"
    )
    yield Hit(message, case.place_of(series))


RULE = Rule(
    id="RA403",
    name="times-out-of-order",
    summary="Recorded times contradict the order in which things must have happened",
    severity=Severity.WARNING,
    check=check,
    codes=_CODES,
    thresholds={
        "slack_seconds": Threshold(default=5, meaning="seconds by which times may go back")
    },
)
