"""Steps are missing where an attempt took over from the one before it.

What it finds
    A training curve whose attempts do not meet: the later one's first point lies further behind
    the last point of those before it than the curve's usual distance between two points.

Why it matters
    The metrics of the steps between them are lost: usually the earlier attempt was killed before it
    wrote them out, or its file was not kept. Means, speeds and the loss curve have a hole.

Example
    warning metrics.ndjson [RA505 resume-gap]
            loss has no point between steps 200 and 301, where attempt 2 took over; the
            points before it are 10 steps apart

What to do
    Look for the missing part among the earlier attempt's files (an event file, a console log) and
    archive it with the run (`--with PATH`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS
from archiver.model.record import Series
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """The longest training curve of each step that was attempted more than once."""
    longest: dict[str | None, Series] = {}
    for series in case.record.series:
        if _is_curve(series):
            known = longest.get(series.step_id)
            if known is None or _weight(series) > _weight(known):
                longest[series.step_id] = series
    for series in longest.values():
        yield from _gaps(case, series)


def _weight(series: Series) -> tuple[int, bool]:
    return series.points, series.canonical == "loss"


def _is_curve(series: Series) -> bool:
    return (
        series.type == "number"
        and series.axis == "step"
        and series.split == "train"
        and series.segments > 1
        and series.shadow_of is None
        and not series.attributes.items() >= dict(OVER_CHECKPOINTS).items()
    )


def _gaps(case: Case, series: Series) -> Iterator[Hit]:
    points = case.points(series)
    if points is None:
        return
    import numpy as np

    known = points.steps != NO_STEP
    steps, attempts = points.steps[known], points.attempts[known]
    if not len(steps):
        return
    order = np.lexsort((steps, attempts))
    numbers, begins = np.unique(attempts[order], return_index=True)
    parts = np.split(steps[order], begins[1:])
    reached: int | None = None
    stride = 1
    for number, part in zip(numbers.tolist(), parts, strict=True):
        if number <= 0:
            continue
        own = np.unique(part)
        first = int(own[0])
        if reached is not None and first - reached > stride + 1:
            message = (
                f"{cut(series.key)} has no point between steps {reached} and {first}, where attempt"
                f" {number} took over; the points before it are at most {stride} steps apart"
            )
            yield Hit(message, case.place_of(series))
        if len(own) > 1:
            stride = max(stride, int(np.max(np.diff(own))))
        reached = max(int(own[-1]), first if reached is None else reached)


RULE = Rule(
    id="RA505",
    name="resume-gap",
    summary="Steps are missing where an attempt took over from the one before it",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.POINTS}),
)
