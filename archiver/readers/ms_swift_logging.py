"""ms-swift `logging.jsonl`: one flat object per logged row, appended and closed per row.

There is no `step` key from ms-swift 2.6 on: the step is the left part of
`global_step/max_steps`; older files have `global_step` alone, files made by hand
`step`. Floats are rounded to 8 decimals.
A resume in place appends, so steps after the checkpoint stand twice and `elapsed_time` starts
again; with two logging ranks every row stands twice. A row with `log_history` is a dump of the
trainer state, written at the end even when training raised; its rows are repeats.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archiver.codecs.ndjson import Block, NdjsonStream
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Trust,
)
from archiver.model.points import NO_STEP
from archiver.model.record import Checkpoint, Event, Step
from archiver.model.values import Value, same
from archiver.producers.trainer_rows import (
    METRICS,
    Layout,
    Row,
    RowTable,
    duration_seconds,
    row_kind,
)
from archiver.view import emptiness

ROUNDING = 0.5e-8
"""Half of the eighth decimal."""
_PROGRESS = "global_step/max_steps"
_SIGNS = (_PROGRESS, "global_step", "train_speed(iter/s)", "train_speed(s/it)", "log_history")
_ALIKE = ("loss", "eval_loss", "train_loss", "learning_rate", "epoch")
"""What two ranks write alike for one step; speeds, times and memory are each rank's own."""
_ROWS_OF_A_STEP = 16


@dataclass
class _Attempt:
    """What one attempt's rows said."""

    line: int
    rows: int = 0
    last_elapsed: int = -1
    last_step: int = NO_STEP
    here: list[Row] = field(default_factory=list)
    """Rows of the last step."""
    max_steps: int | None = None
    end_line: int | None = None
    end_row: Row = field(default_factory=dict)
    dump_line: int | None = None


@dataclass
class Log:
    """The log's blocks, still to be read, and what reading them finds out."""

    stream: NdjsonStream
    attempts: list[_Attempt] = field(default_factory=list)
    dumps: list[tuple[int, Row]] = field(default_factory=list)


def detect(artifact: Artifact) -> Match:
    """Rows with ms-swift's progress keys."""
    head = artifact.head()
    if any(f'"{sign}"'.encode() in head for sign in _SIGNS):
        return Match.YES
    if all(f'"{sign}"'.encode() in head for sign in ("step", "epoch")):
        return Match.YES
    # A first row may be cut short, too.
    torn = head.startswith((b'{"loss"', b'{"eval_')) and b"\n" not in head
    return Match.DAMAGED if torn or not head.strip(b"\0 \r\n\t") else Match.NO


def parse(artifact: Artifact) -> Log:
    """A lazy walk over the file's blocks."""
    return Log(artifact.rows())


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; attempts, evidence and end figures into the reading."""
    table = RowTable(Layout(artifact.path, artifact.path, artifact.path, ROUNDING), points)
    dropped = 0
    for block in log.stream:
        dropped += _take(log, table, block)
    tally = log.stream.tally
    books = artifact.stream_accounting(READER.kind, tally, dropped)
    return Reading(
        claims=tuple(_claims(log, artifact)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        checkpoints=tuple(_checkpoints(log, artifact)),
        events=tuple(_events(log, artifact)),
        evidence=tuple(_evidence(log, artifact)),
        attempts=(_trail(log, table, artifact),),
        problems=(*artifact.problems(tally.flaws), *emptiness(artifact)),
        accounting=books,
        extras=_extras(log),
    )


def _take(log: Log, table: RowTable, block: Block) -> int:
    """Send a block's rows to the table, attempt by attempt; the number left out."""
    rows, lines = block.rows, block.lines
    steps = _steps(rows)
    if _goes_on(log, rows, steps):
        table.add(rows, steps, len(log.attempts) - 1)
        return 0
    start = 0
    dropped = 0
    for index, row in enumerate(rows):
        if _begins_attempt(log, row, steps[index]):
            if index > start:
                table.add(rows[start:index], steps[start:index], len(log.attempts) - 1)
            log.attempts.append(_Attempt(lines[index]))
            start = index
        dropped += _note(log, row, steps[index], lines[index])
    if start < len(rows):
        table.add(rows[start:], steps[start:], len(log.attempts) - 1)
    return dropped


def _goes_on(log: Log, rows: Sequence[Row], steps: Sequence[int]) -> bool:
    """Note a block that plainly continues the attempt; False where rows need a look each.

    Nearly every block of a long log is one: no end, no step that goes back, no clock that does.
    """
    current = log.attempts[-1] if log.attempts else None
    if current is None or current.end_line is not None or current.dump_line is not None:
        return False
    if any("train_runtime" in row or "log_history" in row for row in rows):
        return False
    if not NO_STEP < current.last_step <= steps[0] or steps != sorted(steps):
        return False
    clocks = _clocks(rows)
    if clocks is None or clocks != sorted(clocks) or clocks[:1] < [current.last_elapsed]:
        return False
    last = steps[-1]
    here = rows[bisect_left(steps, last) :]
    known = current.here if current.last_step == last else []
    current.here = [*known, *here][:_ROWS_OF_A_STEP]
    current.last_step, current.last_elapsed = last, clocks[-1]
    current.rows += len(rows)
    return True


def _clocks(rows: Sequence[Row]) -> list[int] | None:
    """Elapsed seconds in file order, repeats left out; None where a row tells none."""
    texts = dict.fromkeys(row.get("elapsed_time") for row in rows)
    clocks = [duration_seconds(text) if isinstance(text, str) else None for text in texts]
    seconds = [clock for clock in clocks if clock is not None]
    return seconds if len(seconds) == len(clocks) else None


def _steps(rows: Sequence[Row]) -> list[int]:
    """The step of each row, all at once where every row tells its progress the usual way."""
    try:
        lefts = [row[_PROGRESS].partition("/")[0] for row in rows]  # type: ignore[union-attr]
    except (KeyError, AttributeError):
        return [_step(row) for row in rows]
    if all(lefts) and "".join(lefts).isdecimal() and max(map(len, lefts)) < 18:
        return [*map(int, lefts)]
    return [_step(row) for row in rows]


def _step(row: Row) -> int:
    progress = row.get(_PROGRESS)
    if isinstance(progress, str):
        left = progress.partition("/")[0]
        return int(left) if left.isdecimal() and len(left) < 18 else NO_STEP
    for key in ("global_step", "step"):
        step = row.get(key)
        if isinstance(step, int) and not isinstance(step, bool) and abs(step) < 2**62:
            return step
    return NO_STEP


def _begins_attempt(log: Log, row: Row, step: int) -> bool:
    """A step that goes back, a clock that starts again, a row after training was over.

    Ranks that log beside each other repeat a step, with clocks that differ by a few seconds.
    """
    if not log.attempts:
        return True
    current = log.attempts[-1]
    if "log_history" in row:
        return False
    if NO_STEP < step < current.last_step:
        return True
    seconds = _elapsed(row)
    back = seconds is not None and seconds < current.last_elapsed
    over = current.dump_line is not None
    if not (back or over) or _repeats(row, step, current):
        return False
    if over or current.end_line is not None or step == current.last_step:
        return True
    # Without a common step, two ranks' clocks are told from a restart by a wide margin only.
    return seconds is not None and seconds * 2 < current.last_elapsed


def _elapsed(row: Row) -> int | None:
    elapsed = row.get("elapsed_time")
    return duration_seconds(elapsed) if isinstance(elapsed, str) else None


def _repeats(row: Row, step: int, current: _Attempt) -> bool:
    """Whether another rank wrote this row already."""
    if step != current.last_step:
        return False
    return any(
        row_kind(row) == row_kind(known)
        and all(same(row.get(key), known.get(key)) for key in _ALIKE)
        for known in current.here
    )


def _note(log: Log, row: Row, step: int, line: int) -> int:
    """Remember what the row says of its attempt; 1 for a row that holds no measurement."""
    current = log.attempts[-1]
    if "log_history" in row:
        current.dump_line = line
        log.dumps.append((line, row))
        return 0
    current.rows += 1
    if step > current.last_step:
        current.last_step = step
        current.here = [row]
    elif len(current.here) < _ROWS_OF_A_STEP:
        current.here.append(row)
    seconds = _elapsed(row)
    if seconds is not None and seconds > current.last_elapsed:
        current.last_elapsed = seconds
    if "train_runtime" in row:
        current.end_line, current.end_row = line, row
    if current.max_steps is None:
        progress = row.get(_PROGRESS)
        right = progress.partition("/")[2] if isinstance(progress, str) else ""
        current.max_steps = int(right) if right.isdecimal() and len(right) < 18 else None
    return int(step == NO_STEP and row_kind(row) == "other")


def _claims(log: Log, artifact: Artifact) -> Iterator[Claim]:
    if not log.attempts:
        return
    last = log.attempts[-1]
    runtime = last.end_row.get("train_runtime")
    if isinstance(runtime, int | float) and not isinstance(runtime, bool):
        place = artifact.at(f"L{last.end_line}")
        yield Claim("resources.train_time_sec", runtime, place, Trust.EFFECTIVE)


def _evidence(log: Log, artifact: Artifact) -> Iterator[Evidence]:
    family = artifact.path
    for index, attempt in enumerate(log.attempts):
        place = artifact.at(f"L{attempt.end_line or attempt.dump_line or attempt.line}")
        progress = _progress(attempt)
        if attempt.end_line is not None:
            detail = f"end row with train_runtime at {progress}"
            yield Evidence(EvidenceKind.END_MARKER, detail, place, family=family, attempt=index)
        elif attempt.dump_line is not None:
            # ms-swift writes this row in a `finally`: with an end row before it when all went
            # well, without one when training raised.
            detail = f"trainer-state row without an end row: training raised at {progress}"
            yield Evidence(EvidenceKind.FAILURE, detail, place, family=family, attempt=index)
        elif attempt.rows:
            detail = f"rows stop at {progress} without an end row"
            yield Evidence(EvidenceKind.RUNNING_WORD, detail, place, family=family, attempt=index)
    if log.stream.tally.torn_tail:
        place = artifact.at(f"L{log.stream.tally.lines}")
        last = max(len(log.attempts) - 1, 0)
        detail = "the last line is torn"
        yield Evidence(EvidenceKind.DEATH, detail, place, family=family, attempt=last)


def _progress(attempt: _Attempt) -> str:
    if attempt.last_step == NO_STEP:
        return "an unknown step"
    total = f" of {attempt.max_steps}" if attempt.max_steps else ""
    return f"step {attempt.last_step}{total}"


def _trail(log: Log, table: RowTable, artifact: Artifact) -> AttemptTrail:
    marks = tuple(
        AttemptMark(artifact.at(f"L{attempt.line}"), first_step=table.first_steps.get(index))
        for index, attempt in enumerate(log.attempts)
    )
    return AttemptTrail(artifact.path, marks)


def _events(log: Log, artifact: Artifact) -> Iterator[Event]:
    for attempt in log.attempts[1:]:
        place = artifact.at(f"L{attempt.line}")
        detail = f"rows start again at line {attempt.line}"
        yield Event(at=place, time=None, clock=None, kind="resume", subject="train", detail=detail)


def _checkpoints(log: Log, artifact: Artifact) -> Iterator[Checkpoint]:
    for line, row in log.dumps[-1:]:
        for key, tag in (("best_model_checkpoint", "best"), ("last_model_checkpoint", "last")):
            path = row.get(key)
            if isinstance(path, str) and path:
                metric = row.get("best_metric") if tag == "best" else None
                local = _inside(path, artifact)
                yield Checkpoint(
                    at=artifact.at(f"L{line}"),
                    path=local or path,
                    tags=(tag,),
                    metric=metric,
                    present=None if local else False,
                )


def _inside(path: str, artifact: Artifact) -> str | None:
    """The run's own directory of that name, where there is one."""
    name = path.rstrip("/").rpartition("/")[2]
    local = f"{artifact.directory}/{name}" if artifact.directory else name
    return local if local in artifact.tree.directories else None


def _extras(log: Log) -> dict[str, Value]:
    kept: Sequence[str] = ("train_dataset", "val_dataset", "model_parameter_info", "memory")
    extras: dict[str, Value] = {}
    for _, row in log.dumps[-1:]:
        extras = {key: row[key] for key in kept if row.get(key)}
        history = row.get("log_history")
        if isinstance(history, list):
            extras["log_history_rows"] = len(history)
    return extras


READER = Reader(
    name="ms_swift_logging",
    kind="ms_swift.logging",
    summary="ms-swift logging.jsonl: every logged row, resumes included",
    select=files("logging.jsonl"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
