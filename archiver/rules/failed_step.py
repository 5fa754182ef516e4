"""A step failed in a run that is called a success.

What it finds
    Steps (trainings, conversions, exports) that failed or were interrupted, where the run's own
    status is `success`: the producer says so of the whole. Evaluations have rules of their own
    (`eval-errored`, `incomplete-eval`).

Why it matters
    The results of the step are missing or are those of an earlier attempt, and the status of the
    run does not tell.

Example
    warning run.log:101 [RA406 failed-step]
            step 3 (mg2hf) failed in a run that is called a success: RuntimeError: no such
            checkpoint

What to do
    Read the step's log. Do the step again if its result is needed; the training need not be.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Step
from archiver.wording import cut

_LONGEST = 200
_HOW = {"failed": "failed", "interrupted": "was interrupted"}


def check(case: Case) -> Iterator[Hit]:
    """Each step by itself."""
    status = case.field("summary.status")
    if status is None or status.value != "success":
        return
    success = Place(status.at, "the run is called a success")
    for step in case.record.steps:
        if step.status not in _HOW or step.eval is not None or step.name == "eval":
            continue
        source = step.sources.get("status")
        at = source.at if source is not None else step.at
        name = step.step_id if step.name == step.step_id else f"{step.step_id} ({step.name})"
        name = cut(name, _LONGEST)
        how = _HOW[step.status]
        error = next(iter((step.error or "").split("\n")), "")
        why = f": {cut(error, _LONGEST)}" if error else _word(step)
        yield Hit(f"step {name} {how} in a run that is called a success{why}", at, (success,))


def _word(step: Step) -> str:
    word = step.attempts[-1].status_word if step.attempts else step.status_word
    return f" ({cut(word, _LONGEST)})" if word else ""


RULE = Rule(
    id="RA406",
    name="failed-step",
    summary="A step failed in a run that is called a success",
    severity=Severity.WARNING,
    check=check,
)
