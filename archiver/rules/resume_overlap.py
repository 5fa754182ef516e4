"""Steps were done twice: a resumed attempt began before the last recorded step.

What it finds
    Points of earlier attempts at steps that a later attempt did again. The later ones count; the
    earlier ones are kept in the archive's table and marked as superseded.

Why it matters
    Whoever reads the files by themselves finds two values for one step, and times and costs of the
    lost work. Nothing is wrong with the curve that the archive shows.

Example
    note    logging.jsonl [RA506 resume-overlap]
            attempt 2 began again at step 21: 22 points of 11 series were superseded

What to do
    Nothing. Save checkpoints more often if much work was done twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.record import Series, Step
from archiver.wording import counted, listed


def check(case: Case) -> Iterator[Hit]:
    """One hit per training step, whatever the number of its curves."""
    groups: dict[str | None, list[Series]] = defaultdict(list)
    for series in case.record.series:
        if series.superseded:
            groups[series.step_id].append(series)
    trained: dict[str | None, Step] = {}
    for step in case.record.steps if groups else ():
        if step.name == "train":
            trained.setdefault(step.step_id, step)
            # Series that name no step are of the first training.
            trained.setdefault(None, step)
    for step_id, group in groups.items():
        points = sum(series.superseded for series in group)
        verb = "was" if points == 1 else "were"
        again = (
            _again(trained.get(step_id)) or "an attempt began again before the last recorded step"
        )
        message = f"{again}: {counted(points, 'point')} of {len(group)} series {verb} superseded"
        first = max(group, key=lambda series: series.superseded)
        yield Hit(message, case.place_of(first))


def _again(step: Step | None) -> str:
    """From where the later attempts went on."""
    later = step.attempts[1:] if step is not None else ()
    begun = [
        f"attempt {attempt.n} began again at step {attempt.first_step}"
        for attempt in later
        if attempt.first_step is not None
    ]
    return listed(begun)


RULE = Rule(
    id="RA506",
    name="resume-overlap",
    summary="Steps were done twice: a resumed attempt began before the last recorded step",
    severity=Severity.NOTE,
    check=check,
)
