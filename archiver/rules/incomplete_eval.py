"""An evaluation did not get through all of its samples.

What it finds
    An evaluation that ended well with fewer samples done than there were, and one that was
    interrupted before it had any score. Logs that break off are reported as such, cancelled
    evaluations with scores and erroneous ones by rules of their own.

Why it matters
    The scores are means over a part of the data, and which part depends on what failed. Two
    evaluations with different parts cannot be compared.

Example
    warning eval/logs/capitalization.eval header.json! [RA803 incomplete-eval]
            step eval:capitalization has 9 of 10 samples

What to do
    Look in the log for the samples that failed, and evaluate them again before the scores are
    compared with others.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.record import Step
from archiver.wording import cut

_BROKEN_OFF = ("unfinished", "truncated", "empty")
"""Codes of logs that end early."""


def check(case: Case) -> Iterator[Hit]:
    """Each step once."""
    broken = {(problem.at.scope, problem.at.path) for problem in case.problems(*_BROKEN_OFF)}
    for step in case.record.steps:
        if step.eval is None or not broken.isdisjoint(_places(step)):
            continue
        source = step.sources.get("status")
        at = source.at if source is not None else step.at
        if step.status == "interrupted" and not step.eval.results:
            yield Hit(f"step {cut(step.step_id)} was interrupted before it had any score", at)
        elif step.status in ("success", "unknown"):
            done, total = (step.eval.samples.get(key) for key in ("done", "total"))
            if done is not None and total is not None and done < total:
                yield Hit(f"step {cut(step.step_id)} has {done} of {total} samples", at)


def _places(step: Step) -> Iterator[tuple[str, str]]:
    yield step.at.scope, step.at.path
    for log in step.logs:
        yield step.at.scope, log


RULE = Rule(
    id="RA803",
    name="incomplete-eval",
    summary="An evaluation did not get through all of its samples",
    severity=Severity.WARNING,
    check=check,
)
