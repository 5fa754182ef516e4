"""codex_ml `tracking_summary.ndjson`: which tracking backends a start could open.

One row per backend and start (`component`, `status`, `reason`, `extra`). It is written at the
start alone: `enabled` does not prove that data arrived. A resume appends; a component that comes
again begins another start.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.claims import AttemptMark, AttemptTrail, Location
from archiver.model.record import Event
from archiver.model.values import Value
from archiver.producers.codex_values import instant, object_of, text_of
from archiver.shards import Row, ShardedRows, recognised, sharded

_ROWS = 1_000
_Backends = list[tuple[Row, Location]]
_SCHEMA = "tracking_component.schema.json"


def detect(artifact: Artifact) -> Match:
    """Rows with a component and its status."""
    return recognised(artifact, _fits)


def _fits(row: Row) -> bool:
    schema = str(row.get("$schema", "")).endswith(_SCHEMA)
    return text_of(row, "component") is not None and (schema or "status" in row)


def parse(artifact: Artifact) -> ShardedRows:
    """A lazy walk over the files."""
    return ShardedRows(artifact)


def to_reading(rows: ShardedRows, artifact: Artifact, _points: PointSink) -> Reading:
    """The backends as events, the starts as attempts."""
    backends = rows.those(_fits, _ROWS)
    return Reading(
        events=tuple(map(_event, backends)),
        attempts=_trail(backends, artifact),
        problems=rows.problems(),
        accounting=rows.accounting(READER.kind),
        extras=_extras(backends),
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


def _starts(backends: _Backends) -> Iterator[tuple[Row, Location]]:
    """The first row of each start."""
    seen: set[str] = set()
    for row, at in backends:
        component = text_of(row, "component") or ""
        if not seen or component in seen:
            seen = set()
            yield row, at
        seen.add(component)


def _trail(backends: _Backends, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    marks = tuple(AttemptMark(at, instant(row.get("timestamp"))) for row, at in _starts(backends))
    return (AttemptTrail(artifact.path, marks),) if marks else ()


def _extras(backends: _Backends) -> dict[str, Value]:
    """The last word on each backend."""
    last: dict[str, Value] = {}
    for row, _ in backends:
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
