"""A run failed or was interrupted.

What it finds
    Runs whose status is `failed` or `interrupted`, with the sign that decided; while archiving,
    where the present time plays no part, also those that are still marked as running. Runs that did
    nothing but evaluate are left to the rules on evaluations.

Why it matters
    Nothing need be wrong with what such a run left behind, but it is not the result that was meant.
    Without this note a run of which nothing else is found would look like a good one.

Example
    note    console/nohup.out [RA408 unfinished-run]
            the run failed: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate
            1.16 GiB

What to do
    Nothing, where that is known. Else see the named place, and resume the run or start it anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import evidence
from archiver.extension import Case, Hit, Rule, Severity
from archiver.wording import cut

_HOW = {
    "failed": "the run failed",
    "interrupted": "the run was interrupted",
    "running": "no end of the run was recorded",
}
_LONGEST = 300
_EVALUATIONS = "evaluations-alone"
"""Rule of a status that is nothing but that of the run's evaluations."""


def check(case: Case) -> Iterator[Hit]:
    """The run's own status; its steps have rules of their own."""
    status = case.field("summary.status")
    if status is None or (status.value == "running" and case.now is not None):
        return
    how = _HOW.get(str(status.value))
    if how is not None and status.rule != _EVALUATIONS:
        why = _error(case, str(status.value)) or evidence.detail(status, status.at)
        yield Hit(f"{how}: {cut(why, _LONGEST)}" if why else how, status.at)


def _error(case: Case, status: str) -> str:
    """The first line of the error of a step that ended as the run did."""
    errors = (step.error for step in case.record.steps if step.status == status == "failed")
    return next((error.partition("\n")[0] for error in errors if error), "")


RULE = Rule(
    id="RA408",
    name="unfinished-run",
    summary="A run failed or was interrupted",
    severity=Severity.NOTE,
    check=check,
)
