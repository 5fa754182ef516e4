"""An evaluation failed.

What it finds
    An evaluation that ended with an error, by its own log or by its job's. It does not make the
    run a failed one: the training may be fine.

Why it matters
    There are no scores for this checkpoint, or only those of samples before the error. Tools that
    count logs take it for a finished evaluation, and inspect-ai exits with 0 all the same.

Example
    warning eval/logs/capitalization.eval header.json! [RA804 eval-errored]
            step eval:capitalization_epoch1 failed after 9 of 10 samples: RuntimeError('CUDA
            error …')

What to do
    Mend the cause and evaluate the checkpoint again (`inspect eval-retry`).
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.record import Step
from archiver.wording import cut

_LONGEST = 160


def check(case: Case) -> Iterator[Hit]:
    """Each step once."""
    for step in case.record.steps:
        if step.status != "failed" or (step.eval is None and step.name != "eval"):
            continue
        source = step.sources.get("status")
        at = source.at if source is not None else step.at
        yield Hit(f"step {cut(step.step_id)} failed{_progress(step)}{_error(step)}", at)


def _progress(step: Step) -> str:
    samples = step.eval.samples if step.eval is not None else {}
    done, total = samples.get("done"), samples.get("total")
    return "" if done is None or total is None else f" after {done} of {total} samples"


def _error(step: Step) -> str:
    """The first line of the error, shortened."""
    lines = (step.error or "").strip().splitlines()
    if not lines:
        return ""
    line = lines[0].rstrip(". ")
    return f": {line[:_LONGEST]}…" if len(line) > _LONGEST else f": {line}"


RULE = Rule(
    id="RA804",
    name="eval-errored",
    summary="An evaluation failed",
    severity=Severity.WARNING,
    check=check,
)
