"""The checkpoint that was evaluated is not there.

What it finds
    An evaluation of a checkpoint whose path leads into the run's directory, where it is not.
    Evaluations of models that lie elsewhere (a base model, another run) are not looked at.

Why it matters
    The scores stand for weights that nobody can load any more, or that were never saved where
    the evaluation was told to look.

Example
    warning eval/logs/capitalization.eval header.json! [RA801 eval-on-missing-checkpoint]
            step eval:capitalization_epoch1 evaluated …/artifacts/epoch_1, which is not in
            the run

What to do
    Bring the checkpoint back, or look in the evaluation's log for which weights were loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Step
from archiver.run_paths import RunPaths, shortened
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """Each checkpoint once, with every evaluation of it."""
    paths = RunPaths.of(case.record, case.files)
    there = {item.path for item in case.record.checkpoints if item.present}
    missing: dict[str, list[Step]] = {}
    for step in case.record.steps:
        path = step.eval.checkpoint if step.eval is not None else None
        if path and path not in there and paths.own(path) and paths.local(path) is None:
            missing.setdefault(path, []).append(step)
    for path, steps in missing.items():
        more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
        subject = f"step {cut(steps[0].step_id)}{more}"
        message = f"{subject} evaluated {shortened(path)}, which is not in the run"
        related = tuple(Place(step.at, f"step {cut(step.step_id)}") for step in steps[1:6])
        yield Hit(message, steps[0].at, related)


RULE = Rule(
    id="RA801",
    name="eval-on-missing-checkpoint",
    summary="The checkpoint that was evaluated is not there",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.FILES}),
)
