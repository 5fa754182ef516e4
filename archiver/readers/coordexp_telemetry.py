"""CoordExp's optional telemetry: monitor dumps, instability events, rollout samples.

Written asynchronously and skipped when the disk is nearly full, so a gap says nothing.
"""

from __future__ import annotations

from archiver.codecs.ndjson import NdjsonTally
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files

_HOMES = ("monitor_dumps", "instability_dumps", "prepare_failures")


def detect(artifact: Artifact) -> Match:
    """The folder says what it is; samples carry it in their name."""
    home = artifact.directory.rpartition("/")[2]
    if home not in _HOMES and not artifact.name.startswith("samples_step"):
        return Match.NO
    if artifact.name.endswith(".jsonl"):
        return Match.YES
    return Match.YES if artifact.json().complete else Match.DAMAGED


def parse(artifact: Artifact) -> NdjsonTally | None:
    """Counts of a stream; nothing for a document."""
    if not artifact.name.endswith(".jsonl"):
        return None
    stream = artifact.rows()
    for _ in stream:
        pass
    return stream.tally


def to_reading(tally: NdjsonTally | None, artifact: Artifact, _points: PointSink) -> Reading:
    """Accounting alone: the content speaks of single samples."""
    if tally is not None:
        return Reading(
            problems=artifact.problems(tally.flaws),
            accounting=artifact.stream_accounting(READER.kind, tally),
        )
    document = artifact.json()
    return Reading(
        problems=artifact.problems(document.flaws),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="coordexp_telemetry",
    kind="coordexp.telemetry",
    summary="CoordExp monitor dumps, instability events and rollout samples",
    select=files("step_*.json", "events.jsonl", "samples_step*.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
