"""Jobs in a Megatron log: what each one's iteration lines cover, and what follows from them.

An iteration line gives means over the iterations since the line before it. Since core 0.16 the
first iteration of a job is printed whatever the log interval, and the next line's mean covers it
again. A job that went on from a checkpoint says at which iteration; where it does not, the log
interval tells how many iterations its first line covers.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from archiver.model.times import Instant, parse_iso, seconds_between

NONE = math.nan
_SLACK_MICROS = 60_000_000
"""Ranks write past each other; a clock that goes back by less says nothing."""

_SAVE = re.compile(rb"  save \.{20,44} (\S[^\r\n]{0,2000})")
_STAMP = re.compile(
    rb"(?:\[|datetime: )(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?=[\] \r\n])"
)


@dataclass
class Job:
    """One start of the trainer, as columns with a row for each iteration line."""

    line: int
    """Where it begins in the log."""
    resume: int | None = None
    """Iterations done before it began, as it says."""
    log_interval: int | None = None
    started: Instant | None = None
    started_line: int = 0
    ended: Instant | None = None
    """Latest stamp."""
    ended_line: int = 0
    went_back: bool = False
    """Whether a stamp was earlier than one before it."""
    lines: array[int] = field(default_factory=lambda: array("q"))
    iterations: array[int] = field(default_factory=lambda: array("q"))
    milliseconds: array[float] = field(default_factory=lambda: array("d"))
    """Mean time of an iteration; NaN where it is not told."""
    samples: array[float] = field(default_factory=lambda: array("d"))
    """Samples consumed so far, over all jobs; NaN where it is not told."""
    tokens: array[float] = field(default_factory=lambda: array("d"))
    """Tokens consumed so far; NaN where it is not told."""

    def seen(self, time: Instant, line: int) -> None:
        """A sign of life."""
        if self.started is None:
            self.started, self.started_line = time, line
        if self.ended is not None and time.micros < self.ended.micros - _SLACK_MICROS:
            self.went_back = True
        self.ended, self.ended_line = time, line

    @property
    def first(self) -> int | None:
        """First iteration that it executed, as far as is known."""
        if self.resume is not None:
            return self.resume + 1
        return min(self.iterations, default=None)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Iterations that one line's means stand for."""

    line: int
    start: int
    """Last iteration before it."""
    end: int
    seconds: float
    """Of all its iterations together."""
    samples: float
    """Consumed in it; NaN where that is not known."""
    tokens: float

    @property
    def iterations(self) -> int:
        """How many it covers."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Derived:
    """A value, the lines it was computed from, and what to know about it."""

    value: float
    rule: str
    first_line: int
    last_line: int
    note: str | None = None


def stretches(jobs: Sequence[Job]) -> list[Stretch]:
    """What was measured of each iteration that counts: where jobs overlap, by the later one."""
    found: list[Stretch] = []
    later: int | None = None
    for job in reversed(jobs):
        own = [item for item in _of_job(job) if later is None or item.end < later]
        found = own + found
        if job.first is not None:
            later = job.first if later is None else min(later, job.first)
    return found


def _of_job(job: Job) -> list[Stretch]:
    rows = [index for index, _ in enumerate(job.iterations)]
    interval = job.log_interval or _interval(job)
    # Printed out of turn: the next line covers it once more.
    if len(rows) > 1 and interval > 1 and job.iterations[0] % interval:
        rows = rows[1:]
    before = _start(job, job.iterations[rows[0]], interval) if rows else 0
    samples = tokens = 0.0 if before == 0 else NONE
    found = []
    for row in rows:
        end, mean = job.iterations[row], job.milliseconds[row]
        count = end - before
        if count > 0:
            if not math.isnan(mean):
                seconds = mean * count / 1000
                more, text = job.samples[row] - samples, job.tokens[row] - tokens
                found.append(Stretch(job.lines[row], before, end, seconds, more, text))
            before, samples, tokens = end, job.samples[row], job.tokens[row]
    return found


def _interval(job: Job) -> int:
    """Iterations from line to line, where no argument says it."""
    steps = job.iterations
    if len(steps) > 2:
        return steps[-1] - steps[-2]
    if len(steps) == 2:
        return steps[1] if steps[0] == 1 else steps[1] - steps[0]
    return steps[0] if len(steps) == 1 and job.resume in (None, 0) else 1


def _start(job: Job, first: int, interval: int) -> int:
    if job.resume is not None and job.resume < first:
        return job.resume
    return max(first - max(interval, 1), 0)


def step_time(jobs: Sequence[Job]) -> Derived | None:
    """Mean seconds of an iteration, each line weighted with the iterations it covers."""
    measured = stretches(jobs)
    count = sum(item.iterations for item in measured)
    if not count:
        return None
    total = sum(item.seconds for item in measured)
    rest = count - measured[0].iterations
    note = None
    if rest:
        mean = (total - measured[0].seconds) / rest
        note = f"{mean:.6g} s without the first line, which includes the start-up"
    return Derived(
        total / count,
        "mean-of-iteration-times-weighted-by-iterations",
        measured[0].line,
        measured[-1].line,
        note,
    )


def throughput(jobs: Sequence[Job], seq_length: int | None) -> Derived | None:
    """Tokens per second of the whole job; nominal where samples are counted instead of tokens."""
    measured = stretches(jobs)
    counted = [item for item in measured if item.tokens > 0]
    if counted:
        rule, note = "consumed-tokens-per-iteration-time", None
        total = sum(item.tokens for item in counted)
    else:
        counted = [item for item in measured if item.samples > 0]
        if not counted or not seq_length:
            return None
        rule = "consumed-samples-times-seq-length-per-iteration-time"
        note = f"nominal: each sample counts as {seq_length} tokens, padding among them"
        total = sum(item.samples for item in counted) * seq_length
    seconds = sum(item.seconds for item in counted)
    if seconds <= 0:
        return None
    return Derived(total / seconds, rule, counted[0].line, counted[-1].line, note)


def duration(jobs: Sequence[Job]) -> Derived | None:
    """Seconds from each job's first to its last stamp, else the time of its iterations alone."""
    spans = [
        seconds_between(job.started, job.ended)
        for job in jobs
        if job.started is not None and job.ended is not None
    ]
    known = [span for span in spans if span is not None]
    if known and len(known) == len(jobs):
        total = sum(known)
        if total <= 0 or any(job.went_back for job in jobs):
            return None
        note = "local clock without a zone"
        if len(jobs) > 1:
            note += f"; sum over {len(jobs)} jobs, the time between them left out"
        return Derived(
            round(total, 6), "first-to-last-stamp", jobs[0].started_line, jobs[-1].ended_line, note
        )
    measured = stretches(jobs)
    if known or not measured:
        return None
    total = sum(item.seconds for item in measured)
    return Derived(
        round(total, 6),
        "sum-of-iteration-times",
        measured[0].line,
        measured[-1].line,
        "training iterations only",
    )


@dataclass(frozen=True, slots=True)
class Sketch:
    """What either end of a log says of the run that it belongs to."""

    save: bytes | None
    """Directory of its checkpoints."""
    first: Instant | None
    last: Instant | None

    @classmethod
    def of(cls, head: bytes, tail: bytes) -> Sketch:
        """Read off the first and the last bytes."""
        save, first = _SAVE.search(head), _STAMP.search(head)
        stamps = _STAMP.findall(tail)
        return cls(
            save[1].strip() if save is not None and save[1].strip() != b"None" else None,
            parse_iso(first[1].decode()) if first is not None else None,
            parse_iso(stamps[-1].decode()) if stamps else None,
        )


def order(sketches: Sequence[Sketch]) -> list[int] | None:
    """The order in which jobs of one run wrote these logs; None where they are not that.

    They save to one directory, one after the other. Ranks of one job write at the same time.
    """
    saves = {item.save for item in sketches}
    if len(saves) > 1 or None in saves:
        return None
    spans = [
        (item.first.micros, item.last.micros, index)
        for index, item in enumerate(sketches)
        if item.first is not None and item.last is not None and item.first.clock is item.last.clock
    ]
    if len(spans) < len(sketches):
        return None
    spans.sort()
    after = all(left[1] <= right[0] for left, right in pairwise(spans))
    return [index for _, _, index in spans] if after else None
