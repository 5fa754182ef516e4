"""Temporary files that ai-studio's store leaves behind when it is killed while it writes.

Hidden names: `.<name>.json.<32 hex>.tmp` beside the file they were to replace (the plan's sketch:
`metrics.tmp`). One is cut where the writer died, or complete and never moved into place; then it
is newer than the file beside it. Its points are a series of their own and stand for no metric.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Evidence, EvidenceKind, Problem
from archiver.model.record import Accounting
from archiver.model.values import Value
from archiver.producers.epoch_records import EpochRecords, Writing, emit
from archiver.rundir import Entry

_NAME = re.compile(r"\.(?P<of>[\w-]{1,64}\.json)\.[0-9a-f]{32}\.tmp\Z")


@dataclass
class Leftover:
    """What was being written."""

    of: str
    """Name of the file that it was to replace."""
    complete: bool
    records: EpochRecords
    status: str | None = None


def detect(artifact: Artifact) -> Match:
    """The store's name for a temporary file, or the sketch's name with epochs in it."""
    head = artifact.head()
    object_begins = head.lstrip()[:1] in (b"{", b"")
    if _NAME.match(artifact.name):
        return Match.YES if object_begins else Match.NO
    return Match.YES if object_begins and b'"epochs"' in head[:200] else Match.NO


def parse(artifact: Artifact) -> Leftover:
    """The good part: of a torn list the last record may be cut and is left out."""
    document = artifact.json()
    name = _NAME.match(artifact.name)
    value = document.value if isinstance(document.value, dict) else {}
    items = value.get("epochs")
    listed = items if isinstance(items, list) else []
    records = EpochRecords()
    for index, item in enumerate(listed if document.complete else listed[:-1]):
        records.add(item, f"/epochs/{index}")
    status = value.get("status")
    return Leftover(
        name["of"] if name else "metrics.json",
        document.complete,
        records,
        status if isinstance(status, str) else None,
    )


def to_reading(left: Leftover, artifact: Artifact, points: PointSink) -> Reading:
    """The sign of a sudden death; what the file holds that the one beside it may not."""
    document = artifact.json()
    records = left.records
    late = records.skewed()
    if not _known_elsewhere(left, artifact):
        emit(records, Writing(artifact.path, artifact.path, late, canonical=False), points)
    how = "complete but never moved into place" if left.complete else "cut"
    detail = f"killed while {left.of} was written: its temporary file is {how}"
    extras: dict[str, Value] = {"replaces": left.of, "complete": left.complete}
    if records.records:
        extras["epochs"] = len(records.records)
    if left.status:
        extras["status"] = left.status
    return Reading(
        evidence=(Evidence(EvidenceKind.DEATH, detail, artifact.at()),),
        problems=(*artifact.problems(document.flaws), *_problems(left, artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(records.records) or int(left.complete),
            dropped=records.dropped,
            corrupt=int(not left.complete),
            reasons=dict(document.flaws.counts),
            scope=artifact.run.scope,
        ),
        extras=extras,
    )


def _beside(left: Leftover, artifact: Artifact) -> Entry | None:
    """The file that it was to replace."""
    return artifact.tree.by_path.get(f"{artifact.directory}/{left.of}".lstrip("/"))


def _known_elsewhere(left: Leftover, artifact: Artifact) -> bool:
    """Whether the file beside it holds all of its records: lists of epochs only grow."""
    beside = _beside(left, artifact)
    return beside is not None and (not left.complete or beside.size >= artifact.size)


def _problems(left: Leftover, artifact: Artifact) -> list[Problem]:
    """A complete one is newer than what it was to replace."""
    if not left.complete:
        return []
    if left.records.records and _known_elsewhere(left, artifact):
        message = f"{left.of} is no smaller; nothing seems to be missing there"
        return [artifact.problem("leftover-temporary", message)]
    last = left.records.last_epoch
    told = f"{len(left.records.records)} epochs, the last is {last:g}" if last is not None else ""
    holds = told or (f"status {left.status[:40]}" if left.status else "a whole document")
    lacks = "lacks it" if _beside(left, artifact) is not None else "is not there"
    message = f"a newer state was written and never moved into place ({holds}); {left.of} {lacks}"
    hint = "its points are a series of their own"
    return [artifact.problem("newer-temporary", message, hint=hint)]


READER = Reader(
    name="ai_studio_temp",
    kind="ai_studio.temp",
    summary="ai-studio .<name>.json.<hex>.tmp: what a killed writer left behind",
    select=files(".*.json.*.tmp", "metrics.tmp"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
