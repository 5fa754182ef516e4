"""Steps were planned and never reached.

What it finds
    Steps that stand after one that failed or was interrupted and of which there is no trace. Steps
    that were switched off, and those of a dry run, were not to be reached.

Why it matters
    What such a step would have made (an exported model, a score) does not exist, or is that of an
    earlier run.

Example
    note    console/nohup.out [RA407 unreached-steps]
            2 of 4 planned steps were never reached: 3 (mg2hf), 4 (eval)

What to do
    Nothing, where the run was given up. Else do what is left, from the last good step on.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.wording import cut, listed

_NOT_REACHED = "not reached"


def check(case: Case) -> Iterator[Hit]:
    """All of them together."""
    steps = case.record.steps
    unreached = [step for step in steps if step.status_word == _NOT_REACHED]
    if not unreached:
        return
    source = unreached[0].sources.get("status")
    at = source.at if source is not None else unreached[0].at
    names = listed(cut(f"{step.step_id} ({step.name})") for step in unreached)
    verb = "was" if len(unreached) == 1 else "were"
    yield Hit(f"{len(unreached)} of {len(steps)} planned steps {verb} never reached: {names}", at)


RULE = Rule(
    id="RA407",
    name="unreached-steps",
    summary="Steps were planned and never reached",
    severity=Severity.NOTE,
    check=check,
)
