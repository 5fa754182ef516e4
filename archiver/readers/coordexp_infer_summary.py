"""CoordExp inference `summary.json` / `infer_summary.json`: counts, errors, backend."""

from __future__ import annotations

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.record import Evaluation, Step
from archiver.view import View


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """How many samples were read and emitted, and which errors were counted."""
    document = artifact.json()
    total, done = view.integer("total_read"), view.integer("total_emitted")
    samples = {"done": done, "total": total}
    errors = view.integer("errors_total")
    warnings = (f"{errors} errors while inferring",) if errors else ()
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="infer",
        stage="none",
        metrics=dict(view.object("errors_by_code").value or view.object("counters").value),
        eval=Evaluation(
            samples={key: value for key, value in samples.items() if value is not None}
        ),
        warnings=warnings,
    )
    kept = ("mode", "determinism", "backend", "generation", "infer", "distributed")
    return Reading(
        steps=(step,) if view.value else (),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={key: view.value[key] for key in kept if view.value.get(key)},
    )


READER = Reader(
    name="coordexp_infer_summary",
    kind="coordexp.infer_summary",
    summary="CoordExp inference summary.json: samples, errors, backend",
    select=files("summary.json", "infer_summary.json"),
    detect=json_object("mode", "errors_total", "total_read"),
    parse=parse,
    map=to_reading,
)
