"""Captures of ai-studio's event streams, in either protocol.

The HTTP stream has frames of `event:` and `data:`: `status` at each change, `epoch_end` with the
record of `metrics.json`, finally `complete`; a terminal `status` may come before the last
`epoch_end`. The notifier's frames have `data:` alone (or, dumped, one object a line) with a
`type`: `training_started`, `epoch_end` with nested `metrics`, `training_complete`, or
`training_error` and then nothing. No program of ai-studio stores either.

In a run a capture speaks of that run. Where there is no record of a run, each of several captures
may be of another one, and each becomes a step of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs import json_document
from archiver.codecs.flaws import Flaws
from archiver.codecs.lines import LineTally
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Evidence, EvidenceKind, Problem, Trust
from archiver.model.record import Accounting, Step
from archiver.model.values import Value
from archiver.producers.ai_studio import AT_WORK, TERMINAL
from archiver.producers.epoch_records import EpochRecords, Writing, better_source, emit, problems
from archiver.view import emptiness

_FRAMES = re.compile(rb"(?:\A|\n)event: ?(?:status|epoch_end|complete|error)\r?\ndata: ?\{")
_TYPED = re.compile(
    rb'(?:data: ?)?\{"type": ?"(?:training_started|epoch_end|training_complete|training_error)"'
)
_KEPT_MESSAGE = 4_000
_NAMES = ("*.txt", "*.sse", "*.jsonl")
_RECORDS = ("experiment.json", "run.json", "metrics.json")


@dataclass
class Capture:
    """What the stream said, in order."""

    records: EpochRecords = field(default_factory=EpochRecords)
    words: list[tuple[int, str]] = field(default_factory=list)
    """Line and status word."""
    end: tuple[int, str] | None = None
    """Line and name of the event that closes a stream."""
    error: tuple[int, str] | None = None
    started: int | None = None
    ids: dict[str, str] = field(default_factory=dict)
    max_epochs: int | None = None
    read: int = 0
    other: int = 0
    corrupt: int = 0
    tally: LineTally = field(default_factory=LineTally)
    flaws: Flaws = field(default_factory=Flaws)


def detect(artifact: Artifact) -> Match:
    """Frames of the one protocol, or objects of the other, at the start."""
    head = artifact.head()[:4096].removeprefix(b"\xef\xbb\xbf")
    return Match.YES if _FRAMES.search(head) or _TYPED.match(head) else Match.NO


def parse(artifact: Artifact) -> Capture:
    """One pass over the lines."""
    capture = Capture()
    event = ""
    lines = artifact.lines()
    for number, line in lines:
        if line.startswith(b"event:"):
            event = line[6:].strip().decode("utf-8", "replace")
        elif line.startswith((b"data:", b"{")):
            _take(capture, artifact, number, event, line.removeprefix(b"data:"))
            event = ""
        elif line.strip() and not line.startswith((b":", b"id:", b"retry:")):
            capture.other += 1
    capture.tally = lines.tally
    return capture


def _take(capture: Capture, artifact: Artifact, number: int, event: str, data: bytes) -> None:
    document = json_document.parse(data, artifact.limits)
    value = document.value
    if not isinstance(value, dict) or not document.complete:
        capture.corrupt += 1
        capture.flaws.add("corrupt-event", "what follows data: is no whole object", f"L{number}")
        return
    capture.read += 1
    name = event
    if not name:
        kind = value.get("type")
        name = kind if isinstance(kind, str) else ""
    if name == "epoch_end":
        capture.records.add(_record(value), f"L{number}")
    elif name in ("status", "complete"):
        _note_status(capture, number, name, value)
    elif name == "training_started":
        capture.started = number
    elif name == "training_complete":
        capture.end = (number, name)
    elif name in ("training_error", "error"):
        message = value.get("message")
        told = message if isinstance(message, str) else "an error was sent"
        capture.error = (number, told[:_KEPT_MESSAGE])
    else:
        capture.other += 1
    most = value.get("max_epochs")
    if isinstance(most, int) and not isinstance(most, bool):
        capture.max_epochs = most


def _record(value: dict[str, Value]) -> dict[str, Value]:
    """The notifier nests its metrics, the stream does not."""
    nested = value.get("metrics")
    if isinstance(nested, dict):
        return {"epoch": value.get("epoch"), **nested}
    return {key: item for key, item in value.items() if key not in ("type", "max_epochs")}


def _note_status(capture: Capture, number: int, name: str, value: dict[str, Value]) -> None:
    word = value.get("status")
    if isinstance(word, str):
        capture.words.append((number, word))
    if name == "complete":
        capture.end = (number, name)
    for key in ("project_id", "experiment_id"):
        known = value.get(key)
        if isinstance(known, str):
            capture.ids[key] = known


def to_reading(capture: Capture, artifact: Artifact, points: PointSink) -> Reading:
    """Epochs as series of their own source; what was said of the end."""
    records = capture.records
    original = any(entry.name == "metrics.json" for entry in artifact.tree.files)
    writing = Writing(
        artifact.path,
        artifact.path,
        records.skewed(),
        canonical=not original,
        late_canonical=not better_source(artifact, artifact.directory),
        step_id=_apart(artifact) or None,
    )
    other = emit(records, writing, points)
    reasons = {**capture.tally.flaws.counts, **capture.flaws.counts}
    if other:
        reasons["values-without-number"] = other
    apart = _apart(artifact)
    return Reading(
        claims=() if apart else tuple(_claims(capture, artifact)),
        steps=(_step(capture, artifact),),
        evidence=tuple(replace(sign, step_id=apart) for sign in _evidence(capture, artifact)),
        problems=(
            *artifact.problems(capture.tally.flaws),
            *artifact.problems(capture.flaws),
            *emptiness(artifact),
            *problems(records, writing, artifact),
            *_cut(capture, artifact),
        ),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=capture.read,
            dropped=capture.other,
            corrupt=capture.corrupt,
            reasons=reasons,
            scope=artifact.run.scope,
        ),
        extras=_extras(capture),
    )


def _apart(artifact: Artifact) -> str:
    """The step that a capture makes where it is one of several of unknown runs; else empty."""
    if any(artifact.tree.named(*_RECORDS)) or len(artifact.tree.named(*_NAMES)) < 2:
        return ""
    return f"stream:{artifact.path}"


def _step(capture: Capture, artifact: Artifact) -> Step:
    identifier = capture.ids.get("experiment_id")
    apart = _apart(artifact)
    return Step(
        at=artifact.at(),
        step_id=apart or "1",
        name="train",
        inputs={"experiment_id": identifier} if apart and identifier else {},
        error=capture.error[1] if capture.error else None,
    )


def _claims(capture: Capture, artifact: Artifact) -> Iterator[Claim]:
    identifier = capture.ids.get("experiment_id")
    if identifier and capture.words:
        place = artifact.at(f"L{capture.words[0][0]}")
        yield Claim("summary.run_id", identifier, place, Trust.COPY)


def _evidence(capture: Capture, artifact: Artifact) -> Iterator[Evidence]:
    terminal = [(line, word) for line, word in capture.words if word in TERMINAL]
    at_work = [(line, word) for line, word in capture.words if word in AT_WORK]
    if capture.records.places:
        detail = f"{len(capture.records.records)} epochs were sent"
        yield Evidence(EvidenceKind.PROGRESS, detail, artifact.at(capture.records.places[-1]))
    if capture.error is not None:
        place = artifact.at(f"L{capture.error[0]}")
        yield Evidence(EvidenceKind.FAILURE, "an error was sent", place)
    if terminal:
        line, word = terminal[-1]
        detail, place = f"status is {word}", artifact.at(f"L{line}")
        yield Evidence(EvidenceKind.TERMINAL_WORD, detail, place, TERMINAL[word])
    elif capture.end is not None:
        line, name = capture.end
        yield Evidence(EvidenceKind.END_MARKER, f"{name} was sent", artifact.at(f"L{line}"))
    elif capture.error is None and (at_work or capture.started is not None):
        line, word = at_work[-1] if at_work else (capture.started or 0, "training")
        detail = f"the last status sent is {word}"
        yield Evidence(EvidenceKind.RUNNING_WORD, detail, artifact.at(f"L{line}"))


def _cut(capture: Capture, artifact: Artifact) -> list[Problem]:
    if capture.end is not None or capture.error is not None or not capture.read:
        return []
    message = "no event closes the stream: whoever wrote or sent it stopped"
    return [artifact.problem("stream-cut", message)]


def _extras(capture: Capture) -> dict[str, Value]:
    extras: dict[str, Value] = dict(capture.ids)
    if capture.words:
        extras["statuses"] = list[Value]([word for _, word in capture.words[:100]])
    if capture.max_epochs is not None:
        extras["max_epochs"] = capture.max_epochs
    return extras


READER = Reader(
    name="ai_studio_stream",
    kind="ai_studio.stream",
    summary="Captured ai-studio event streams, of the HTTP endpoint or of the notifier",
    select=files(*_NAMES),
    detect=detect,
    parse=parse,
    map=to_reading,
)
