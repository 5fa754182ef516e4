"""ai-studio `metrics.json`: one record per finished epoch under `epochs`.

Written whole at every epoch, epochs from 1, keys not the same in all records. Train metrics and
the task's metrics stand one epoch late (see `archiver/epoch_records.py`), so where Lightning's
own log of the run is there, that one is preferred. A resume keeps the records of epochs that it
trains again. Numbers may be the tokens NaN and Infinity; booleans and texts are no metrics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind
from archiver.model.record import Accounting, Step, Training
from archiver.model.values import Value
from archiver.producers.epoch_records import (
    METRICS,
    EpochRecords,
    Writing,
    better_source,
    emit,
    epoch_of,
    problems,
)


@dataclass
class Metrics:
    """The list, as far as it could be read."""

    records: EpochRecords
    complete: bool


def detect(artifact: Artifact) -> Match:
    """An object whose `epochs` is a list, empty or of records with an epoch."""
    if b'"epochs"' not in artifact.head():
        return Match.NO
    document = artifact.json()
    epochs = document.value.get("epochs") if isinstance(document.value, dict) else None
    if not document.complete:
        return Match.DAMAGED
    if not isinstance(epochs, list):
        return Match.NO
    known = not epochs or any(isinstance(item, dict) and "epoch" in item for item in epochs)
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> Metrics:
    """The records with their places; of a torn list without the last one, which may be cut."""
    document = artifact.json()
    items = document.value.get("epochs") if isinstance(document.value, dict) else None
    listed = items if isinstance(items, list) else []
    records = EpochRecords()
    for index, item in enumerate(listed if document.complete else listed[:-1]):
        records.add(item, f"/epochs/{index}")
    return Metrics(records, document.complete)


def to_reading(metrics: Metrics, artifact: Artifact, points: PointSink) -> Reading:
    """A series per key; how far the run came."""
    document = artifact.json()
    records = metrics.records
    writing = Writing(
        artifact.path,
        artifact.path,
        records.skewed(),
        late_canonical=not better_source(artifact, artifact.directory),
        family=artifact.path if len(records.starts()) > 1 else "",
    )
    other = emit(records, writing, points)
    reasons = dict(document.flaws.counts)
    if other:
        reasons["values-without-number"] = other
    return Reading(
        steps=(
            Step(
                at=artifact.at(),
                step_id="1",
                name="train",
                training=Training(epochs=len(records.records)),
            ),
        ),
        evidence=tuple(_evidence(records, artifact)),
        attempts=_attempts(records, artifact),
        problems=(*artifact.problems(document.flaws), *problems(records, writing, artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(records.records),
            dropped=records.dropped,
            corrupt=int(not metrics.complete),
            reasons=reasons,
            scope=artifact.run.scope,
        ),
        extras=_lowest(records),
    )


def _lowest(records: EpochRecords) -> dict[str, Value]:
    """The epoch of the smallest val_loss, which early stopping watches; no verdict on it."""
    losses = [
        (float(value), epoch_of(record))
        for record in records.records
        if isinstance(value := record.get("val_loss"), float) and math.isfinite(value)
    ]
    if not losses:
        return {}
    loss, epoch = min(losses)
    since = sum(epoch_of(record) > epoch for record in records.records)
    return {"val_loss_min": loss, "val_loss_min_epoch": epoch, "records_since": since}


def _evidence(records: EpochRecords, artifact: Artifact) -> list[Evidence]:
    last = records.last_epoch
    if last is None:
        return []
    detail = f"{len(records.records)} epochs recorded, the last is {last:g}"
    return [Evidence(EvidenceKind.PROGRESS, detail, artifact.at(records.places[-1]))]


def _attempts(records: EpochRecords, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    """The processes that wrote it, where more than one can be told."""
    starts = records.starts()
    if len(starts) < 2:
        return ()
    marks = tuple(AttemptMark(artifact.at(records.places[index])) for index in starts)
    return (AttemptTrail(artifact.path, marks),)


READER = Reader(
    name="ai_studio_metrics",
    kind="ai_studio.metrics",
    summary="ai-studio metrics.json: metrics per epoch, with the skew of its logger told",
    select=files("metrics.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
