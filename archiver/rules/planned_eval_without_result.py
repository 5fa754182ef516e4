"""An evaluation was planned, and nothing tells that it was done.

What it finds
    An evaluation that the run's plan names and that left no log, no score and no word of how it
    ended. One that was switched off, or that a failed step kept from being reached, does not
    count.

Why it matters
    A comparison of runs has a hole here, and nobody knows whether the evaluation was forgotten,
    rejected, or is kept elsewhere.

Example
    note    experiment_summary.yaml /evaluation/matrix/1 [RA805 planned-eval-without-result]
            1 planned evaluation has no result: step eval:capitalization_epoch1

What to do
    Run it, or take it out of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Step
from archiver.wording import cut, listed

_PLANS = frozenset(
    {
        "llmrunner.pipeline", "run_experiment.eval_config", "run_experiment.slurm_script",
        "run_experiment.summary",
    }
)  # fmt: skip
"""Kinds of artifacts that say what is to be evaluated, before it is."""


def check(case: Case) -> Iterator[Hit]:
    """One finding for the whole run."""
    steps = [
        step for step in case.record.steps if _is_open(step) and case.kind_of(step.at) in _PLANS
    ]
    if not steps:
        return
    verb, noun = ("evaluation has", "step") if len(steps) == 1 else ("evaluations have", "steps")
    names = listed([cut(step.step_id) for step in steps])
    related = tuple(Place(step.at, f"step {cut(step.step_id)}") for step in steps[1:6])
    yield Hit(f"{len(steps)} planned {verb} no result: {noun} {names}", steps[0].at, related)


def _is_open(step: Step) -> bool:
    """Of an evaluation: whether there is no trace of it at all."""
    if step.eval is None or step.status != "unknown" or step.status_word is not None:
        return False
    return not (step.logs or step.attempts or step.eval.results or step.metrics)


RULE = Rule(
    id="RA805",
    name="planned-eval-without-result",
    summary="An evaluation was planned, and nothing tells that it was done",
    severity=Severity.NOTE,
    check=check,
)
