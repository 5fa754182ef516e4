"""CoordExp evaluation reports: `per_image.json`, `coco_gt.json`, `coco_preds.json`.

Checked for being whole JSON and listed; their content is data, not provenance.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Artifact as Output


def detect(artifact: Artifact) -> Match:
    """JSON under one of the names, beside an evaluation's metrics."""
    home = f"{artifact.directory}/" if artifact.directory else ""
    beside = (f"{home}{name}" for name in ("metrics.json", "metrics_guarded.json"))
    if not any(path in artifact.tree.by_path for path in beside):
        return Match.NO
    return Match.YES if artifact.json().complete else Match.DAMAGED


def parse(artifact: Artifact) -> int:
    """Number of entries."""
    value = artifact.json().value
    return len(value) if isinstance(value, list | dict) else 0


def to_reading(entries: int, artifact: Artifact, _points: PointSink) -> Reading:
    """The report as an artifact of the run."""
    document = artifact.json()
    return Reading(
        artifacts=(Output(at=artifact.at(), path=artifact.path, kind="report"),),
        problems=artifact.problems(document.flaws),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={"entries": entries},
    )


READER = Reader(
    name="coordexp_eval_report",
    kind="coordexp.eval_report",
    summary="CoordExp evaluation reports per image and in COCO form",
    select=files("per_image.json", "coco_gt.json", "coco_preds.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
