"""ai-studio `export.json`: a trained checkpoint turned into another format (ONNX)."""

from __future__ import annotations

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Evidence, EvidenceKind
from archiver.model.record import Artifact as Product
from archiver.model.record import Step
from archiver.model.values import Value
from archiver.producers.ai_studio import TERMINAL
from archiver.view import View

_STEP_STATUS = {"completed": "success", "failed": "failed"}


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """A step named convert, and the file that it made."""
    document = artifact.json()
    status = view.filled("status")
    identifier = f"convert:{artifact.directory or 'export'}"
    output = view.filled("output_file")
    outputs: dict[str, Value] = {
        key: view.value[key] for key in ("output_file", "output_size_mb") if view.value.get(key)
    }
    inputs: dict[str, Value] = {
        key: view.value[key] for key in ("experiment_id", "checkpoint") if view.value.get(key)
    }
    step = Step(
        at=artifact.at(),
        step_id=identifier,
        name="convert",
        status=_STEP_STATUS.get(status or "", "unknown"),
        status_word=status,
        inputs=inputs,
        outputs=outputs,
        params=dict(view.object("options").value),
        error=view.filled("error"),
    )
    evidence = []
    if status in TERMINAL:
        detail, word = f"status is {status}", TERMINAL[status]
        kind = EvidenceKind.TERMINAL_WORD
        evidence.append(Evidence(kind, detail, view.at("status"), word, step_id=identifier))
    made: tuple[Product, ...] = ()
    if output:
        beside = f"{artifact.directory}/{output.replace(chr(92), '/').rpartition('/')[2]}"
        path = beside.lstrip("/") if beside.lstrip("/") in artifact.tree.by_path else output
        made = (Product(at=view.at("output_file"), path=path, kind="export", step_id=identifier),)
    checked = view.object("validation").value
    return Reading(
        steps=(step,),
        artifacts=made,
        evidence=tuple(evidence),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={"validation": dict(checked)} if checked else {},
    )


READER = Reader(
    name="ai_studio_export",
    kind="ai_studio.export",
    summary="ai-studio export.json: an exported model",
    select=files("export.json"),
    detect=json_object("experiment_id", "checkpoint", "format", "status"),
    parse=parse,
    map=to_reading,
)
