"""`design-experiment.jsonl`: how a run-experiment experiment was designed, step by step.

Written from 2025-11-27 to 2026-02-06 in the experiment's root; a text log took its place. One
object per line: `timestamp` (ISO 8601 in UTC with milliseconds), `action`, `result` (success,
failure, warning), maybe `duration_ms`, then keys of the action's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.artifact import json_text
from archiver.codecs.ndjson import NdjsonStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Event
from archiver.model.times import parse_iso
from archiver.model.values import Value
from archiver.view import emptiness

_SIGNS = (b'"action"', b'"timestamp"')
_DETAIL = 2_000


@dataclass
class Log:
    """The stream, still to be read, and its entries."""

    stream: NdjsonStream
    events: list[Event] = field(default_factory=list)
    dropped: int = 0
    cut: int = 0


def detect(artifact: Artifact) -> Match:
    """Rows with an action and a time."""
    first = artifact.head().lstrip(b"\xef\xbb\xbf \r\n\t\0").partition(b"\n")[0]
    if all(sign in first for sign in _SIGNS):
        return Match.YES
    return Match.DAMAGED if not first or first == b'{"timest'[: len(first)] else Match.NO


def parse(artifact: Artifact) -> Log:
    """One pass over the rows."""
    log = Log(artifact.rows())
    for block in log.stream:
        for row, line in zip(block.rows, block.lines, strict=True):
            if len(log.events) >= artifact.limits.events:
                log.cut += 1
                continue
            event = _event(row, line, artifact)
            if event is None:
                log.dropped += 1
            else:
                log.events.append(event)
    return log


def _event(row: dict[str, Value], line: int, artifact: Artifact) -> Event | None:
    action, stamp = row.get("action"), row.get("timestamp")
    if not isinstance(action, str):
        return None
    time = parse_iso(stamp) if isinstance(stamp, str) else None
    result = row.get("result")
    rest = {k: v for k, v in row.items() if k not in ("timestamp", "action", "result")}
    told = (result if isinstance(result, str) else "", json_text(rest) if rest else "")
    return Event(
        at=artifact.at(f"L{line}"),
        time=time.iso() if time else None,
        clock=time.clock.value if time else None,
        kind=action.lower().replace("_", "-")[:100],
        subject="experiment",
        detail="; ".join(part for part in told if part)[:_DETAIL],
    )


def to_reading(log: Log, artifact: Artifact, _points: PointSink) -> Reading:
    """The timeline of the design."""
    tally = log.stream.tally
    problems = [*artifact.problems(tally.flaws), *emptiness(artifact)]
    if log.cut:
        message = f"{log.cut} entries of the timeline are over the limit"
        problems.append(artifact.problem("events-limit", message))
    return Reading(
        events=tuple(log.events),
        problems=tuple(problems),
        accounting=artifact.stream_accounting(READER.kind, tally, log.dropped + log.cut),
    )


READER = Reader(
    name="run_experiment_design_log",
    kind="run_experiment.design_log",
    summary="run-experiment design-experiment.jsonl: how the experiment was designed",
    select=files("design-experiment.jsonl"),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
