"""codex_ml `train_loop` telemetry: `telemetry.ndjson` and its JSON arrays.

`telemetry.ndjson` is a sample of what `metrics.ndjson` holds whole; `telemetry.json` and
`metrics.json` are the same rows as arrays (the first rolls to `telemetry-<stamp>.json`). A start
touches the streams and writes `[]`: nothing in them means that it started. Points of a source
that repeats a whole one carry no canonical name, so that no curve is drawn twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection, files
from archiver.model.claims import Location, Problem
from archiver.model.record import Accounting, Event
from archiver.producers.codex_rows import Dialect, dialect, measures
from archiver.producers.codex_values import instant, text_of
from archiver.rundir import Tree
from archiver.shards import Row, ShardedRows, first_rows, is_blank, sharded

_STREAM = "telemetry.ndjson"
_TRACES = "reasoning_traces.ndjson"
_ARRAYS = ("telemetry.json", "telemetry-*.json", "metrics.json", "reasoning_traces.json")
_WHOLE = "metrics.ndjson"
_EVENTS = 1_000
_SHAPES = (Dialect.TELEMETRY, Dialect.RECORDED)
_streams = sharded(_STREAM, _TRACES)
_arrays = files(*_ARRAYS)


@dataclass
class Telemetry:
    """Rows with their places, and what reading them finds out."""

    artifact: Artifact
    rows: ShardedRows | None = None
    events: list[Event] = field(default_factory=list)
    taken: int = 0
    dropped: int = 0

    def __iter__(self) -> Iterator[tuple[Row, Location]]:
        """Each row, of a stream or of an array."""
        if self.rows is not None:
            for row, line, entry in self.rows:
                yield row, self.rows.at(line, entry)
            return
        items = self.artifact.json().value
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict):
                yield item, self.artifact.at(f"/{index}")
            else:
                self.dropped += 1


def select(tree: Tree) -> Iterable[Selection]:
    """The streams as families, the arrays one by one."""
    yield from _streams(tree)
    yield from _arrays(tree)


def detect(artifact: Artifact) -> Match:
    """Rows of telemetry; an empty file or array where the streams lie."""
    if artifact.name.endswith(".json"):
        return _detect_array(artifact)
    rows = first_rows(artifact)
    if not rows:
        return Match.YES if is_blank(artifact) and not artifact.size else Match.NO
    return Match.YES if any(dialect(row) in _SHAPES for row in rows) else Match.NO


def _detect_array(artifact: Artifact) -> Match:
    document = artifact.json()
    items = document.value
    if not isinstance(items, list):
        return Match.NO
    if not items:
        return Match.YES if document.complete and _beside(artifact, _STREAM) else Match.NO
    fits = any(isinstance(item, dict) and dialect(item) in _SHAPES for item in items[:20])
    if not fits:
        return Match.NO
    return Match.YES if document.complete else Match.DAMAGED


def _beside(artifact: Artifact, name: str) -> bool:
    return _path(artifact, name) in artifact.tree.by_path


def _path(artifact: Artifact, name: str) -> str:
    return f"{artifact.directory}/{name}" if artifact.directory else name


def parse(artifact: Artifact) -> Telemetry:
    """A lazy walk over the rows."""
    rows = None if artifact.name.endswith(".json") else ShardedRows(artifact)
    return Telemetry(artifact, rows)


def to_reading(telemetry: Telemetry, artifact: Artifact, points: PointSink) -> Reading:
    """Points, and a timeline of events."""
    from archiver.producers.codex_curves import Curves, Origin

    whole = artifact.tree.by_path.get(_path(artifact, _WHOLE))
    origin = Origin(artifact.path, artifact.run.scope, canonical=not (whole and whole.size))
    curves = Curves(origin, points, artifact.limits)
    for row, at in telemetry:
        used = False
        kind = dialect(row)
        for measure in measures(row, kind):
            curves.take(measure, (at.path, at.place))
            used = True
        used = _note_event(telemetry, row, at, used=used)
        telemetry.taken += used
        telemetry.dropped += not used
        if not telemetry.taken % 4096:
            curves.flush()
    curves.finish()
    problems, books = _accounts(telemetry, artifact)
    return Reading(events=tuple(telemetry.events), problems=problems, accounting=books)


def _note_event(telemetry: Telemetry, row: Row, at: Location, *, used: bool) -> bool:
    name = text_of(row, "event") or text_of(row, "type")
    if name is None or text_of(row, "metric_name") is not None:
        return used
    if len(telemetry.events) < _EVENTS:
        moment = instant(row.get("timestamp"))
        telemetry.events.append(
            Event(
                at=at,
                time=moment.iso() if moment else None,
                clock=moment.clock.value if moment else None,
                kind=name,
                subject="train",
            )
        )
    return True


def _accounts(telemetry: Telemetry, artifact: Artifact) -> tuple[tuple[Problem, ...], Accounting]:
    rows = telemetry.rows
    if rows is not None:
        rows.dropped = telemetry.dropped
        # Nothing in it means that the run started.
        found = rows.problems() if artifact.size else ()
        return found, rows.accounting(READER.kind)
    document = artifact.json()
    reasons: dict[str, int] = dict(document.flaws.counts)
    if telemetry.dropped:
        reasons["no-measurement"] = telemetry.dropped
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=telemetry.taken,
        dropped=telemetry.dropped,
        corrupt=int(not document.complete),
        reasons=reasons,
        scope=artifact.run.scope,
    )
    return artifact.problems(document.flaws), books


READER = Reader(
    name="codex_telemetry",
    kind="codex_ml.telemetry",
    summary="codex_ml train_loop telemetry: telemetry.ndjson, its JSON arrays, metrics.json",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
