"""ai-studio `experiment.json` of the second plan (2026-02-19): no `best_checkpoint_path` yet.

Runs were folded into the experiment: status `training` instead of `running`, `created` is new,
the split is named. Hyperparameters may be a subset of those that the code writes.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.producers.ai_studio import Generation, record_reading
from archiver.view import View


def detect(artifact: Artifact) -> Match:
    """An object with a status and hyperparameters, without a place for a checkpoint's path."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict) or not document.complete:
        return Match.NO
    known = all(key in value for key in ("id", "status", "hyperparameters"))
    return Match.YES if known and "best_checkpoint_path" not in value else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The run's record."""
    return record_reading(view, artifact, Generation(READER.kind))


READER = Reader(
    name="ai_studio_experiment_g2",
    kind="ai_studio.experiment_g2",
    summary="ai-studio experiment.json of the second plan",
    select=files("experiment.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
