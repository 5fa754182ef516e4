"""CoordExp `train_heartbeat.rank<R>.jsonl`: the best evidence of how a run ended.

One object per line with `ts` (UTC), `event` and per-event keys. A start writes
`heartbeat_enabled`; an end writes `train_call_return`, `train_call_oom` or
`train_call_exception`, then `train_call_finally`. The last alone means that the call was left by
an interrupt; none of them that the process was killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.ndjson import NdjsonStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Evidence, EvidenceKind, Trust
from archiver.model.record import Event, Step
from archiver.model.times import Instant, parse_iso
from archiver.model.values import Value
from archiver.view import emptiness

_ENABLED = "heartbeat_enabled"
_STARTS = (_ENABLED, "trainer_init_start")
_ENDS = {
    "train_call_return": (EvidenceKind.TERMINAL_WORD, "success"),
    "train_call_oom": (EvidenceKind.TERMINAL_WORD, "failed"),
    "train_call_exception": (EvidenceKind.TERMINAL_WORD, "failed"),
    "train_end": (EvidenceKind.END_MARKER, ""),
}
_STRENGTH = ("train_end", "train_call_return", "train_call_exception", "train_call_oom")
_FINALLY = "train_call_finally"
"""Written however the call was left; alone, when neither return nor `Exception` left it."""
_QUIET = frozenset({"periodic", "log"})
_TIMELINE_LIMIT = 10_000


@dataclass
class _Attempt:
    line: int
    started: Instant | None
    last_line: int = 0
    last_event: str = ""
    last_step: int | None = None
    ended: Instant | None = None
    resume_step: int | None = None
    initialised: bool = False
    """Whether it came further than its first start event."""
    end: tuple[int, str, str] | None = None
    """Line, event and exception type of its strongest end event."""


@dataclass
class Heartbeat:
    """The stream, still to be read, and what reading it finds out."""

    stream: NdjsonStream
    attempts: list[_Attempt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    detection_keys: set[str] = field(default_factory=set)
    dropped: int = 0


def detect(artifact: Artifact) -> Match:
    """Objects with `ts` and `event`."""
    head = artifact.head()
    if b'"ts"' in head and b'"event"' in head:
        return Match.YES
    # A first line may be cut short, too.
    torn = head.startswith(b'{"ts"') and b"\n" not in head
    return Match.DAMAGED if torn or not head.strip(b"\0 \r\n\t") else Match.NO


def parse(artifact: Artifact) -> Heartbeat:
    """A lazy walk over the file's blocks."""
    return Heartbeat(artifact.rows())


def to_reading(beat: Heartbeat, artifact: Artifact, _points: PointSink) -> Reading:
    """Attempts, their ends, and the timeline."""
    for block in beat.stream:
        for row, line in zip(block.rows, block.lines, strict=True):
            _take(beat, artifact, row, line)
    tally = beat.stream.tally
    family = artifact.path
    marks = tuple(
        AttemptMark(
            artifact.at(f"L{attempt.line}"),
            attempt.started,
            attempt.ended,
            artifact.at(f"L{attempt.last_line}"),
            attempt.resume_step,
        )
        for attempt in beat.attempts
    )
    return Reading(
        claims=tuple(_claims(beat, artifact)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        events=tuple(beat.events),
        evidence=tuple(_evidence(beat, artifact)),
        attempts=(AttemptTrail(family, marks),),
        problems=(*artifact.problems(tally.flaws), *emptiness(artifact)),
        accounting=artifact.stream_accounting(READER.kind, tally, beat.dropped),
        extras=_extras(beat),
    )


def _take(beat: Heartbeat, artifact: Artifact, row: dict[str, Value], line: int) -> None:
    event, stamp = row.get("event"), row.get("ts")
    if not isinstance(event, str):
        beat.dropped += 1
        return
    time = parse_iso(stamp) if isinstance(stamp, str) else None
    if not beat.attempts or _starts(event, beat.attempts[-1]):
        beat.attempts.append(_Attempt(line, time))
    current = beat.attempts[-1]
    current.initialised = current.initialised or event not in (_ENABLED, *_QUIET)
    step = row.get("global_step")
    current.last_line, current.last_event = line, event
    current.ended = time or current.ended
    if isinstance(step, int) and not isinstance(step, bool):
        current.last_step = step
        if event == "train_begin":
            current.resume_step = step
    if event in _ENDS and _outranks(event, current.end):
        kind = row.get("exc_type")
        current.end = (line, event, kind if isinstance(kind, str) else "")
    if event == "evaluate" and isinstance(row.get("metric_keys"), list):
        keys = row["metric_keys"]
        assert isinstance(keys, list)  # noqa: S101
        beat.detection_keys.update(k for k in keys if isinstance(k, str) and "_det_" in k)
    if event not in _QUIET and len(beat.events) < _TIMELINE_LIMIT:
        detail = f"step {step}" if isinstance(step, int) and not isinstance(step, bool) else ""
        beat.events.append(
            Event(
                at=artifact.at(f"L{line}"),
                time=time.iso() if time else None,
                clock=time.clock.value if time else None,
                kind=event,
                subject="train",
                detail=detail,
            )
        )


def _starts(event: str, current: _Attempt) -> bool:
    """Whether a start event is that of another process."""
    return event == _ENABLED or (event in _STARTS and current.initialised)


def _outranks(event: str, known: tuple[int, str, str] | None) -> bool:
    return known is None or _STRENGTH.index(event) >= _STRENGTH.index(known[1])


def _claims(beat: Heartbeat, artifact: Artifact) -> Iterator[Claim]:
    if not beat.attempts:
        return
    first, last = beat.attempts[0], beat.attempts[-1]
    if first.started is not None:
        place = artifact.at(f"L{first.line}")
        yield Claim("summary.started_at", first.started.iso(), place)
    if last.end is not None and last.ended is not None:
        place = artifact.at(f"L{last.last_line}")
        yield Claim("summary.finished_at", last.ended.iso(), place, Trust.EFFECTIVE)


def _evidence(beat: Heartbeat, artifact: Artifact) -> Iterator[Evidence]:
    family = artifact.path
    for index, attempt in enumerate(beat.attempts):
        if attempt.end is not None:
            line, event, exception = attempt.end
            kind, word = _ENDS[event]
            detail = f"{event} ({exception})" if exception else event
            place = artifact.at(f"L{line}")
            yield Evidence(kind, detail, place, word, family, index, attempt.ended)
        elif attempt.last_event == _FINALLY:
            detail = f"{_FINALLY} without return or exception: stopped from outside"
            place = artifact.at(f"L{attempt.last_line}")
            kind = EvidenceKind.INTERRUPTION
            yield Evidence(kind, detail, place, "", family, index, attempt.ended)
        else:
            step = f" at step {attempt.last_step}" if attempt.last_step is not None else ""
            detail = f"last event is {attempt.last_event}{step}, no end event follows"
            place = artifact.at(f"L{attempt.last_line}")
            kind = EvidenceKind.RUNNING_WORD
            yield Evidence(kind, detail, place, "", family, index, attempt.ended)
    if beat.stream.tally.torn_tail:
        last = max(len(beat.attempts) - 1, 0)
        place = artifact.at(f"L{beat.stream.tally.lines}")
        detail = "the last line is torn"
        yield Evidence(EvidenceKind.DEATH, detail, place, "", family, last)


def _extras(beat: Heartbeat) -> dict[str, Value]:
    if not beat.detection_keys:
        return {}
    return {"metric_keys_without_logged_values": list[Value](sorted(beat.detection_keys))}


READER = Reader(
    name="coordexp_heartbeat",
    kind="coordexp.heartbeat",
    summary="CoordExp train_heartbeat.rank<R>.jsonl: signs of life, attempts, ends",
    select=files("train_heartbeat.rank*.jsonl"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
