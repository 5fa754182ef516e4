"""ai-studio `experiment.json` as the code writes it (from 2026-02-20): state and configuration.

Statuses: created, pending, training, completed, failed, cancelled; an early stop is `completed`,
an application that died leaves `training` or `pending` for ever. `started_at` is overwritten at
every resume. `hardware` is what was asked for: precision is never passed on, a missing GPU
becomes a CPU. `best_epoch` counts from 1 and is usually one too high. Numbers may be the tokens
NaN and Infinity.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.producers.ai_studio import Generation, record_reading
from archiver.view import View

_SIGNS = ("hyperparameters", "split_name", "augmentations", "hardware")


def detect(artifact: Artifact) -> Match:
    """An object with a status, hyperparameters and a place for the best checkpoint's path."""
    document = artifact.json()
    value = document.value
    if not document.complete:
        torn = isinstance(value, dict) and any(key in value for key in _SIGNS)
        return Match.DAMAGED if torn or not value else Match.NO
    keys = ("status", "hyperparameters", "best_checkpoint_path")
    known = isinstance(value, dict) and all(key in value for key in keys)
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The run's record."""
    return record_reading(view, artifact, Generation(READER.kind, skewed=True))


READER = Reader(
    name="ai_studio_experiment",
    kind="ai_studio.experiment",
    summary="ai-studio experiment.json: status, times, configuration, best and final metrics",
    select=files("experiment.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
