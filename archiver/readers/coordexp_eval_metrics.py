"""CoordExp detection evaluation `metrics.json` / `metrics_guarded.json`.

`{metrics: {name: number}, counters: {name: int}}`. Detection scores are -1.0 where they are
undefined, which is not a value.
"""

from __future__ import annotations

import re

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.record import Evaluation, Step
from archiver.model.values import Value
from archiver.view import View

UNDEFINED = -1.0
_STEP_DIRECTORY = re.compile(r"step_(\d{1,15})\Z")


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """One evaluation step with its results."""
    document = artifact.json()
    metrics, counters = view.object("metrics"), view.object("counters")
    undefined = {name for name, value in metrics.value.items() if value == UNDEFINED}
    results: dict[str, Value] = {
        name: None if name in undefined else value for name, value in metrics.value.items()
    }
    warnings = []
    if undefined:
        warnings.append(f"written as -1.0, which means undefined: {', '.join(sorted(undefined))}")
    at_step = _STEP_DIRECTORY.search(artifact.directory)
    step = Step(
        at=artifact.at(),
        step_id=f"eval:{artifact.path}",
        name="eval",
        stage="none",
        status="success" if document.complete else "unknown",
        outputs={"metrics": artifact.path},
        metrics=dict(counters.value),
        eval=Evaluation(
            results=results,
            checkpoint=f"step {int(at_step[1])}" if at_step else None,
        ),
        warnings=tuple(warnings),
    )
    return Reading(
        steps=(step,) if view.value else (),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="coordexp_eval_metrics",
    kind="coordexp.eval_metrics",
    summary="CoordExp detection evaluation metrics.json",
    select=files("metrics.json", "metrics_guarded.json"),
    detect=json_object("metrics", "counters"),
    parse=parse,
    map=to_reading,
)
