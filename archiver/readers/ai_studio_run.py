"""ai-studio `run.json` of the first plan (2026-02-19): one run of an experiment.

`id`, `experiment_id`, `status` (pending, running, completed, failed, cancelled), times,
`best_epoch`, `best_metric`, `final_metrics`, `error` (a text, an object or null). The plan's own
sketch of the writer puts the best score into `best_epoch`, and leaves `completed_at` null when a
run fails.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.producers.ai_studio import AT_WORK, TERMINAL, Generation, record_reading
from archiver.view import View

_SIGNS = ("best_epoch", "best_metric", "final_metrics", "started_at", "experiment_id")


def detect(artifact: Artifact) -> Match:
    """An object with a known status and at least two of the record's keys."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict):
        return Match.NO if document.complete else Match.DAMAGED
    signs = sum(key in value for key in _SIGNS)
    if not document.complete:
        return Match.DAMAGED if signs or not value else Match.NO
    status = value.get("status")
    word = isinstance(status, str) and (status in TERMINAL or status in AT_WORK)
    return Match.YES if word and signs >= 2 else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The run's record."""
    return record_reading(view, artifact, Generation(READER.kind))


READER = Reader(
    name="ai_studio_run",
    kind="ai_studio.run",
    summary="ai-studio run.json: status, times, best and final metrics of the first plan",
    select=files("run.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
