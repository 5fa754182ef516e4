"""codex_ml `seeds.json`: the seeds that Python, NumPy and PyTorch were given."""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Config
from archiver.view import View

_LIBRARIES = ("python", "numpy", "torch")


def detect(artifact: Artifact) -> Match:
    """An object with an integer for one of the three, and nothing that is nested."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict) or not any(key in value for key in _LIBRARIES):
        return Match.NO
    if not all(item is None or isinstance(item, int) for item in value.values()):
        return Match.NO
    return Match.YES if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The seeds as a part of what the run was started with."""
    document = artifact.json()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="effective",
        format="json",
        values={"seeds": dict(view.value)},
        partial=True,
    )
    return Reading(
        configs=(config,),
        problems=artifact.problems(document.flaws),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="codex_seeds",
    kind="codex_ml.seeds",
    summary="codex_ml seeds.json: seeds of Python, NumPy and PyTorch",
    select=files("seeds.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
