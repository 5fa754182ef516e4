"""CoordExp `pipeline_manifest.json` (Stage-2 trainers): objective modules and their checksum.

`checksum` is the SHA-256 of the compact, key-sorted, ASCII-escaped JSON of `payload`.
"""

from __future__ import annotations

import hashlib
import json

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Problem
from archiver.model.record import Config
from archiver.view import View


def parse(artifact: Artifact) -> View:
    """The object `pipeline` as a typed view."""
    return View.of(artifact, artifact.json().value, version=1).object("pipeline")


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The pipeline as a configuration, and whether its checksum holds."""
    document = artifact.json()
    config = Config(
        at=view.at(),
        id=artifact.path,
        role="resolved",
        format="json",
        values=view.value,
        partial=True,
    )
    mismatch = _checksum_problem(view, artifact) if document.complete else None
    return Reading(
        configs=(config,) if view.value else (),
        problems=(
            *artifact.problems(document.flaws),
            *view.problems,
            *((mismatch,) if mismatch else ()),
        ),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _checksum_problem(view: View, artifact: Artifact) -> Problem | None:
    recorded = view.filled("checksum")
    payload = view.value.get("payload")
    if recorded is None or not isinstance(payload, dict):
        return None
    try:
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError):
        return None
    actual = hashlib.sha256(text.encode()).hexdigest()
    if actual == recorded:
        return None
    message = f"checksum is {recorded}, the payload's is {actual}"
    hint = "the manifest was changed after it was written"
    return artifact.problem("checksum-mismatch", message, "/pipeline/checksum", hint)


READER = Reader(
    name="coordexp_pipeline_manifest",
    kind="coordexp.pipeline_manifest",
    summary="CoordExp pipeline_manifest.json: objective modules of Stage-2 trainers",
    select=files("pipeline_manifest.json"),
    detect=json_object("schema_version", "pipeline"),
    parse=parse,
    map=to_reading,
)
