"""codex_ml `tracking_summary.ndjson`: which tracking backends a start could open.

One row per backend and start (`component`, `status`, `reason`, `extra`). It is written at the
start alone: `enabled` does not prove that data arrived. A resume appends; a component that comes
again begins another start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.claims import AttemptMark, AttemptTrail, Location
from archiver.model.record import Event
from archiver.model.values import Value
from archiver.producers.codex_rows import instant, object_of, text_of
from archiver.shards import Row, ShardedRows, first_rows, is_blank, sharded

_ROWS = 1_000
_SCHEMA = "tracking_component.schema.json"


@dataclass
class Summary:
    """Rows, still to be read, and those of backends."""

    rows: ShardedRows
    backends: list[tuple[Row, Location]] = field(default_factory=list)


def detect(artifact: Artifact) -> Match:
    """Rows with a component and its status."""
    rows = first_rows(artifact)
    if not rows:
        return Match.DAMAGED if is_blank(artifact) else Match.NO
    return Match.YES if any(map(_fits, rows)) else Match.NO


def _fits(row: Row) -> bool:
    schema = str(row.get("$schema", "")).endswith(_SCHEMA)
    return text_of(row, "component") is not None and (schema or "status" in row)


def parse(artifact: Artifact) -> Summary:
    """A lazy walk over the files."""
    return Summary(ShardedRows(artifact))


def to_reading(summary: Summary, artifact: Artifact, _points: PointSink) -> Reading:
    """The backends as events, the starts as attempts."""
    for row, line, entry in summary.rows:
        if _fits(row) and len(summary.backends) < _ROWS:
            summary.backends.append((row, summary.rows.at(line, entry)))
        else:
            summary.rows.drop("unknown-shape")
    return Reading(
        events=tuple(map(_event, summary.backends)),
        attempts=_trail(summary, artifact),
        problems=summary.rows.problems(),
        accounting=summary.rows.accounting(READER.kind),
        extras=_extras(summary),
    )


def _event(backend: tuple[Row, Location]) -> Event:
    row, at = backend
    moment = instant(row.get("timestamp"))
    reason = text_of(row, "reason")
    status = text_of(row, "status") or "unknown"
    return Event(
        at=at,
        time=moment.iso() if moment else None,
        clock=moment.clock.value if moment else None,
        kind="tracking",
        subject=text_of(row, "component") or "",
        detail=f"{status} ({reason})" if reason else status,
    )


def _starts(summary: Summary) -> Iterator[tuple[Row, Location]]:
    """The first row of each start."""
    seen: set[str] = set()
    for row, at in summary.backends:
        component = text_of(row, "component") or ""
        if not seen or component in seen:
            seen = set()
            yield row, at
        seen.add(component)


def _trail(summary: Summary, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    marks = tuple(AttemptMark(at, instant(row.get("timestamp"))) for row, at in _starts(summary))
    return (AttemptTrail(artifact.path, marks),) if marks else ()


def _extras(summary: Summary) -> dict[str, Value]:
    """The last word on each backend."""
    last: dict[str, Value] = {}
    for row, _ in summary.backends:
        told: dict[str, Value] = {"status": row.get("status")}
        reason = text_of(row, "reason")
        told.update({"reason": reason} if reason else {})
        last[text_of(row, "component") or ""] = {**told, **object_of(row, "extra")}
    return {"backends": last} if last else {}


READER = Reader(
    name="codex_tracking_summary",
    kind="codex_ml.tracking_summary",
    summary="codex_ml tracking_summary.ndjson: which tracking backends each start opened",
    select=sharded("tracking_summary.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
