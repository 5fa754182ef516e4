"""An evaluation was cancelled and has scores all the same.

What it finds
    An evaluation that was cancelled or interrupted and whose log holds results: they are those of
    the samples that were finished by then.

Why it matters
    The scores look like those of a whole evaluation. Samples that finish first are often the
    short and easy ones, so that they are not even a fair part of it.

Example
    warning eval/logs/capitalization.eval header.json! [RA802 cancelled-eval-with-scores]
            step eval:capitalization was interrupted after 5 of 10 samples, and its log
            holds 4 scores

What to do
    Do not quote the scores. Run the evaluation again, or go on with it (`inspect eval-retry`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.record import Evaluation
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """Each step once."""
    for step in case.record.steps:
        if step.eval is None or step.status != "interrupted" or not step.eval.results:
            continue
        count = len(step.eval.results)
        noun = "score" if count == 1 else "scores"
        message = (
            f"step {cut(step.step_id)} was interrupted{_progress(step.eval)}, and its log holds "
            f"{count} {noun}"
        )
        source = step.sources.get("status")
        yield Hit(message, source.at if source is not None else step.at)


def _progress(evaluation: Evaluation) -> str:
    done, total = (evaluation.samples.get(key) for key in ("done", "total"))
    if done is None:
        return ""
    return f" after {done} samples" if total is None else f" after {done} of {total} samples"


RULE = Rule(
    id="RA802",
    name="cancelled-eval-with-scores",
    summary="An evaluation was cancelled and has scores all the same",
    severity=Severity.WARNING,
    check=check,
)
