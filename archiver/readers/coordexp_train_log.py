"""CoordExp's mirrored log (`train.log`, or another name): records of Python's logging.

A record begins `[YYYY-MM-DD HH:MM:SS] [LEVEL] [logger] text`, local clock without a zone, and
may span many lines. Restarts append. With capture on, raw output is mixed in: progress bars with
carriage returns, ANSI codes, tracebacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Evidence, EvidenceKind, Trust
from archiver.model.record import Accounting, Checkpoint, Step
from archiver.model.times import Instant, parse_iso
from archiver.view import emptiness

_HEAD = re.compile(
    rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] \[([A-Z]{4,8})\] \[([^\]]{1,200})\] (.*)"
)
_START = re.compile(rb"args: \w{1,40}Arguments\(")
"""The dump of all arguments, printed once per start."""
_END = re.compile(rb"End time of running main: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)")
_BEST = b"best_model_checkpoint: "
_TRACEBACK = b"Traceback (most recent call last):"
_SIGNALS = (b"KeyboardInterrupt", b"SIGTERM", b"SignalException")
_WARNINGS_KEPT = 50
_LINE_KEPT = 2_000


@dataclass
class _Attempt:
    line: int
    started: Instant | None
    ended: Instant | None = None
    end: tuple[int, str] | None = None
    """Line and time of the end message."""
    dumped: bool = False
    """Whether the arguments, which every start prints once, were met."""


@dataclass
class Log:
    """What the log says, attempt by attempt."""

    attempts: list[_Attempt] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    warning_count: int = 0
    traceback: list[str] = field(default_factory=list)
    """Lines of the last traceback that nothing followed."""
    traceback_line: int = 0
    best: tuple[int, str] | None = None
    records: int = 0
    lines: int = 0
    cut: bool = False


def detect(artifact: Artifact) -> Match:
    """The head of a record in the first lines."""
    head = artifact.head()
    lines = head.split(b"\n", 50)[:50]
    if any(_HEAD.match(line[:_LINE_KEPT]) for line in lines):
        return Match.YES
    blank = not head.strip(b"\0 \r\n\t")
    return Match.DAMAGED if artifact.name == "train.log" and blank else Match.NO


def parse(artifact: Artifact) -> Log:
    """One pass over the lines."""
    log = Log()
    for number, line in enumerate(_lines(artifact), 1):
        if number > artifact.limits.log_records:
            log.cut = True
            break
        log.lines = number
        # A progress bar redraws its line; what stands last is what a person would see.
        text = line.rstrip(b"\r").rpartition(b"\r")[2][:_LINE_KEPT]
        head = _HEAD.match(text)
        if head is not None:
            _take(log, number, head)
        elif log.attempts or log.traceback or _TRACEBACK in text:
            _continue(log, number, text, artifact.limits.traceback_bytes)
    return log


def _lines(artifact: Artifact) -> Iterator[bytes]:
    """Lines in bounded memory: of one that is too long, its last bytes."""
    rest = b""
    for chunk in artifact.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > artifact.limits.line_bytes:
            rest = rest[-_LINE_KEPT:]
    if rest:
        yield rest


def _take(log: Log, number: int, head: re.Match[bytes]) -> None:
    log.records += 1
    stamp, level, _, text = head.groups()
    time = parse_iso(stamp.decode())
    if not log.attempts or (_START.match(text) and log.attempts[-1].dumped):
        log.attempts.append(_Attempt(number, time))
    current = log.attempts[-1]
    current.dumped = current.dumped or _START.match(text) is not None
    current.ended = time or current.ended
    end = _END.search(text)
    if end is not None:
        current.end = (number, end[1].decode())
    if _BEST in text:
        path = text.partition(_BEST)[2].decode("utf-8", "replace").strip()
        log.best = (number, path) if path and path != "None" else log.best
    if level in (b"WARNING", b"ERROR", b"CRITICAL"):
        log.warning_count += 1
        if len(log.warnings) < _WARNINGS_KEPT:
            log.warnings.append(text.decode("utf-8", "replace"))
    # Work went on after it, so the exception was handled.
    log.traceback = []
    _begin_traceback(log, number, text)


def _continue(log: Log, number: int, text: bytes, most: int) -> None:
    if _begin_traceback(log, number, text):
        return
    if log.traceback and sum(map(len, log.traceback)) < most:
        log.traceback.append(text.decode("utf-8", "replace"))


def _begin_traceback(log: Log, number: int, text: bytes) -> bool:
    """Whether a traceback begins in the line, maybe behind a progress bar."""
    place = text.find(_TRACEBACK)
    if place >= 0:
        log.traceback, log.traceback_line = [text[place:].decode("utf-8", "replace")], number
    return place >= 0


def to_reading(log: Log, artifact: Artifact, _points: PointSink) -> Reading:
    """Attempts, ends, warnings and the last traceback."""
    error = _error(log)
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="train",
        logs=(artifact.path,),
        warnings=tuple(dict.fromkeys(log.warnings)),
        error=error,
        error_stack="\n".join(log.traceback) if error else None,
    )
    marks = tuple(
        AttemptMark(artifact.at(f"L{attempt.line}"), attempt.started, attempt.ended)
        for attempt in log.attempts
    )
    reasons = {"warnings": log.warning_count} if log.warning_count else {}
    problems = (
        [artifact.problem("log-limit", f"only {log.lines} lines were read")] if log.cut else []
    )
    return Reading(
        claims=tuple(_claims(log, artifact)),
        steps=(step,),
        checkpoints=tuple(_checkpoints(log, artifact)),
        evidence=tuple(_evidence(log, artifact, error)),
        attempts=(AttemptTrail(artifact.path, marks),),
        problems=(*problems, *emptiness(artifact)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=log.lines,
            reasons=reasons,
            scope=artifact.run.scope,
        ),
        extras={"records": log.records},
    )


def _error(log: Log) -> str | None:
    """The exception of the last traceback: its first line that is not indented.

    More lines of its message, or of what was printed after it, may follow.
    """
    for line in log.traceback[1:]:
        if line and not line.startswith((" ", "\t")):
            return line
    return None


def _claims(log: Log, artifact: Artifact) -> Iterator[Claim]:
    if not log.attempts:
        return
    first, last = log.attempts[0], log.attempts[-1]
    if first.started is not None:
        place = artifact.at(f"L{first.line}")
        yield Claim("summary.started_at", first.started.iso(), place, Trust.COPY)
    if last.end is not None:
        time = parse_iso(last.end[1])
        if time is not None:
            place = artifact.at(f"L{last.end[0]}")
            yield Claim("summary.finished_at", time.iso(), place)


def _checkpoints(log: Log, artifact: Artifact) -> Iterator[Checkpoint]:
    if log.best is None:
        return
    line, path = log.best
    name = path.rstrip("/").rpartition("/")[2]
    local = f"{artifact.directory}/{name}" if artifact.directory else name
    there = local in artifact.tree.directories
    yield Checkpoint(
        at=artifact.at(f"L{line}"),
        path=local if there else path,
        tags=("best",),
        present=None if there else False,
    )


def _evidence(log: Log, artifact: Artifact, error: str | None) -> Iterator[Evidence]:
    family = artifact.path
    for index, attempt in enumerate(log.attempts):
        if attempt.end is not None:
            place = artifact.at(f"L{attempt.end[0]}")
            detail = "End time of running main"
            yield Evidence(EvidenceKind.END_MARKER, detail, place, family=family, attempt=index)
    if error is not None:
        place = artifact.at(f"L{log.traceback_line}-{log.lines}")
        stopped = any(sign.decode() in error for sign in _SIGNALS)
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        last = max(len(log.attempts) - 1, 0)
        yield Evidence(kind, f"the log ends in {error}", place, family=family, attempt=last)


READER = Reader(
    name="coordexp_train_log",
    kind="coordexp.train_log",
    summary="CoordExp's mirrored log: attempts, warnings, tracebacks, end",
    select=files("*.log"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
