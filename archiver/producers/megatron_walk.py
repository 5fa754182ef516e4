"""A walk over the lines of a Megatron log: jobs, marks, results and warnings, told apart.

What the lines look like is the business of `codecs.megatron_lines`, what the jobs' figures come to
that of `megatron_jobs`; here is what a line means behind the lines before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from archiver.codecs import megatron_lines as grammar
from archiver.codecs.lines import segments
from archiver.codecs.megatron_lines import Figure, IterationLine
from archiver.codecs.rank_tracebacks import Tracebacks
from archiver.model.points import NO_STEP
from archiver.model.times import Instant, parse_iso
from archiver.producers.megatron_figures import Figures
from archiver.producers.megatron_jobs import Job
from archiver.producers.megatron_model import ModelFacts
from archiver.producers.megatron_starts import Start
from archiver.producers.megatron_warnings import Warnings, is_warning

Labels = tuple[tuple[str, str], ...]

_DUMP_BEGIN = re.compile(r"(.{0,120}?)-{10,} arguments -{10,}\s*\Z")
_DUMP_END = "- end of arguments -"
_STAMP = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)"
_MARK = re.compile(r"\[([^\[\]]{3,120})\] datetime: " + _STAMP)
_SAVED = re.compile(
    rf"(?:\[{_STAMP}\] )?successfully saved checkpoint (?:at|from) iteration\s{{1,20}}(\d{{1,18}})"
    r" to (\S.{0,2000}?)(?: \[ [a-z]{1,2} \d.{0,100}\])?\s{0,20}\Z"
)
_SAVING = re.compile(rf"(?:\[{_STAMP}\] )?saving checkpoint at iteration\s{{1,20}}(\d{{1,18}}) to ")
_ASYNC = "scheduled an async checkpoint save at iteration"
_LOADED = re.compile(
    r"successfully loaded checkpoint from (\S.{0,2000}?)"
    r" (?:\[.{1,100}\] )?at iteration\s{1,20}(\d{1,18})"
)
_LOADING = re.compile(r" loading (?:distributed |release )?checkpoint from (\S.{0,2000})")
_RERUN = re.compile(
    r"(?:Setting|Overwriting) rerun_state_machine\.current_iteration"
    r"(?: from -?\d{1,18})? to (\d{1,18})"
)
_RANDOM = "will not load any checkpoints and will start from random"
_FAILED = re.compile(
    r"(?:train_(?:cpt|sft)|mg2hf|hf2mg|convert): (?:extern_script )?"
    r"failed with exit code (-?\d{1,9})"
)
_TRAINER = re.compile(r"(?:train_(?:cpt|sft)|mg2hf): trainer_dir=(\S{0,2000}) RUN_WITH=\w{1,40}")
_KILLED = re.compile(r"failed \(exitcode: (-?\d{1,9})\) local_rank: \d{1,9}")
_NODE = re.compile(r"\[([A-Za-z][\w.-]{0,80}):\d{1,9}\]:")
_INSTALLED = re.compile(
    r'"[^"]{0,500}?(?:/envs/([^/"]{1,100}))?/(?:lib|bin)/python(3\.\d{1,2})(?=[/"])'
)
_ANSI = re.compile(rb"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_TELLING = re.compile(
    rb"iteration|\||datetime: |checkpoint|rerun_state_machine|parameters|footprints|world size: "
    rb"|- arguments -|failed|trainer_dir=|exitcode|Traceback|Failures:|Root Cause|arning|WARNING"
    rb"|\[warn\]|\]:"
)
"""One of these stands in each line that is understood."""
_STARTS_KEPT = 2_000
_MESSAGE_KEPT = 6_000
"""Characters of a message, which holds a path at most."""
_MARKS_KEPT = 200
_SAVES_KEPT = 10_000
_HOSTS_KEPT = 1_000
_ARGUMENTS_KEPT = 20_000


class Curves(Protocol):
    """Where points go."""

    def point(
        self, item: Figure, group: str, step: int, time: Instant | None, labels: Labels
    ) -> None:
        """Take one; its group is `train`, `val`, `test`, `capped-val`, `capped-test`, `memory`."""

    def begin(self, attempt: int) -> None:
        """Points of another job follow, numbered from 0."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, for the timeline."""

    line: int
    time: Instant | None
    kind: str
    detail: str


@dataclass
class Walk:
    """What the lines said so far."""

    curves: Curves
    traces: Tracebacks
    starts: list[Start] = field(default_factory=lambda: [Start(Job(1))])
    model: ModelFacts = field(default_factory=ModelFacts)
    figures: Figures = field(default_factory=Figures)
    warnings: Warnings = field(default_factory=Warnings)
    marks: list[Mark] = field(default_factory=list)
    saves: dict[tuple[str, int], int] = field(default_factory=dict)
    """Directory and iteration of checkpoints that were saved -> line."""
    async_saves: int = 0
    """Saves that were only scheduled, confirmed or not."""
    trainer_dir: tuple[int, str] | None = None
    installed: tuple[int, str | None, str] | None = None
    """Line of a traceback's frame, environment and Python version in its path."""
    torn: int = 0
    """Iteration lines that break off."""
    capped: int = 0
    """Perplexities that are none."""
    last_line: int = 1
    _pending: tuple[int, str, list[IterationLine]] | None = None
    """An iteration line that may go on in the next one."""
    _dump: str | None = None
    """What stands before each line of the argument dump that is being read."""

    @property
    def start(self) -> Start:
        """The job at hand."""
        return self.starts[-1]

    def read(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Walk over the lines of a log."""
        for number, raw in lines:
            self.last_line = number
            if self._is_noise(raw):
                continue
            for part in segments(raw):
                clean = _ANSI.sub(b"", part) if b"\x1b" in part else part
                self._take(number, clean[: grammar.LINE_CHARACTERS].decode("utf-8", "replace"))
        self._settle()
        self._close()

    def next_log(self, number: int) -> None:
        """Another log of the run follows, which another job wrote."""
        self._dump = None
        self._begin(number)

    def _is_noise(self, raw: bytes) -> bool:
        """Whether a line plainly says nothing; most lines of a chatty log do."""
        waiting = self._dump is not None or self._pending is not None or self.traces.busy
        return not waiting and _TELLING.search(raw) is None

    def _take(self, number: int, text: str) -> None:
        if self._dump is not None and self._dump_line(text):
            return
        if self._pending is not None:
            longer = grammar.joined(self._pending[1], text)
            if longer is not None and len(longer) < grammar.LINE_CHARACTERS:
                self._wait(self._pending[0], longer, grammar.iterations(longer))
                return
            self._settle()
        if "iteration" in text and "|" in text and (found := grammar.iterations(text)):
            self._wait(number, text, found)
            self._wrapper(number, text)
        elif self._validation(number, text) or self._memory(text):
            return
        elif self.traces.feed(number, text):
            self._python(number, text)
        else:
            self._message(number, text)

    # Iterations.

    def _wait(self, number: int, text: str, found: list[IterationLine]) -> None:
        """A line that does not end as one may have been wrapped."""
        self._pending = number, text, found
        if text.rstrip().endswith("|"):
            self._settle()

    def _settle(self) -> None:
        if self._pending is not None:
            number, _, found = self._pending
            self._pending = None
            for line in found:
                self._iteration(number, line)

    def _iteration(self, number: int, line: IterationLine) -> None:
        known = self.start.job.iterations
        if known and line.iteration < known[-1]:
            self._begin(number)
        start = self.start
        # Training goes on, so what was raised before was coped with.
        self.traces.clear()
        start.killed = None
        start.at_work = number
        start.total = line.total or start.total
        self.torn += not line.whole
        time = self._seen(number, line.stamp)
        values = {item.key: item.value for item in line.figures}
        start.job.lines.append(number)
        start.job.iterations.append(line.iteration)
        start.job.milliseconds.append(_milliseconds(values))
        start.job.samples.append(values.get("consumed samples", math.nan))
        start.job.tokens.append(values.get("consumed tokens", math.nan))
        for item in line.figures:
            self.curves.point(item, "train", line.iteration, time, ())
        for note in line.notes:
            self.warnings.add(note)
        self.figures.trained(number, line.iteration, values, first=len(start.job.iterations) == 1)

    def _validation(self, number: int, text: str) -> bool:
        line = grammar.validation(text) if "loss at" in text else None
        if line is None:
            return False
        step = self._step(line.iteration)
        labels: Labels = (("dataset", line.dataset),) if line.dataset is not None else ()
        if line.final:
            labels += (("evaluation", "after training"),)
        for item in line.losses:
            self.curves.point(item.loss, line.split, step, None, labels)
            if item.ppl is not None:
                group = f"capped-{line.split}" if item.capped else line.split
                self.curves.point(item.ppl, group, step, None, labels)
                self.capped += item.capped
            if item.key == "lm loss":
                self.figures.evaluated(number, step, line, item)
        return True

    def _memory(self, text: str) -> bool:
        line = grammar.memory(text)
        if line is None:
            return False
        labels: Labels = (("rank", line.rank),) if line.rank is not None else ()
        for item in line.figures:
            self.curves.point(item, "memory", self._step(line.iteration), None, labels)
        return True

    def _step(self, told: int | None) -> int:
        """The iteration that a line names, else the one at hand."""
        steps = self.start.job.iterations
        return told if told is not None else (steps[-1] if steps else NO_STEP)

    # Jobs.

    def _seen(self, number: int, stamp: str | None) -> Instant | None:
        time = parse_iso(stamp) if stamp else None
        if time is not None:
            self.start.job.seen(time, number)
        return time

    def _begin(self, number: int) -> None:
        """Another job was appended."""
        if len(self.starts) >= _STARTS_KEPT:
            return
        self._close()
        self.traces.clear()
        self.starts.append(Start(Job(number)))
        self.curves.begin(len(self.starts) - 1)
        self._mark(number, None, "resume", f"another job begins at line {number}")

    def _close(self) -> None:
        """Keep what the job at hand died of."""
        start = self.start
        start.trace = self.traces.root()
        for row in self.traces.failures:
            if row.host:
                start.hosts.setdefault(row.host, row.line)
        first = self.traces.first_failure
        if first is not None:
            self._seen(first.line, first.time)
            if first.exit_code is not None and start.killed is None:
                start.killed = first.line, first.exit_code

    def _mark(self, number: int, time: Instant | None, kind: str, detail: str) -> None:
        if len(self.marks) < _MARKS_KEPT:
            self.marks.append(Mark(number, time, kind, detail))

    # Messages.

    def _dump_line(self, text: str) -> bool:
        start = self.start
        if _DUMP_END in text:
            start.dump_whole = True
            self._dump = None
            start.job.log_interval = start.whole_number("log_interval")
            start.total = start.total or start.whole_number("train_iters")
            return True
        found = grammar.argument(text.removeprefix(self._dump or ""))
        # Another process may write between the lines.
        if found is not None and len(start.arguments) < _ARGUMENTS_KEPT:
            start.arguments.setdefault(*found)
        return found is not None

    def _message(self, number: int, text: str) -> None:
        if "world size: " in text:
            self._world(number, text)
        if (
            "- arguments -" in text
            and (dump := _DUMP_BEGIN.match(text[:_MESSAGE_KEPT])) is not None
        ):
            if self.start.dumped and (self.start.at_work or self.start.end):
                self._begin(number)
            self.start.dumped = self.start.dumped or number
            self._dump = dump[1]
        elif "] datetime: " in text:
            self._datetime(number, text)
        elif "checkpoint" in text or "rerun_state_machine" in text:
            self._checkpoint(number, text)
        elif "parameters" in text or "footprints" in text:
            self.model.take(text)
        self._wrapper(number, text)
        self._launcher(number, text)
        if is_warning(text):
            self.warnings.add(text)

    def _world(self, number: int, text: str) -> None:
        if not self.model.take_world(text):
            return
        if self.start.world or self.start.at_work:
            self._begin(number)
        self.start.world = True

    def _datetime(self, number: int, text: str) -> None:
        found = _MARK.search(text)
        if found is None:
            return
        label, time = found[1], self._seen(number, found[2])
        if label.startswith(("after training is done", "exiting program")):
            # That training is done outlasts what is told of the exit after it.
            if self.start.end is None or not self.start.end[1].startswith("after training"):
                self.start.end = number, label, time
            self._mark(number, time, "end", label)
        elif label.startswith("before the start of training"):
            self.start.at_work = self.start.at_work or number
            self._mark(number, time, "start", label)

    def _checkpoint(self, number: int, text: str) -> None:
        text = text[:_MESSAGE_KEPT]
        saved, loaded = _SAVED.search(text), _LOADED.search(text)
        if saved is not None:
            time = self._seen(number, saved[1])
            if len(self.saves) < _SAVES_KEPT:
                self.saves[saved[3], int(saved[2])] = number
            self._mark(number, time, "checkpoint", f"checkpoint of iteration {saved[2]} saved")
        elif loaded is not None:
            self.start.loaded, self.start.job.resume = loaded[1], int(loaded[2])
        elif _ASYNC in text:
            self.async_saves += 1
        elif _RANDOM in text:
            self.start.job.resume = 0
        else:
            self._loading(number, text)

    def _loading(self, number: int, text: str) -> None:
        saving, loading, rerun = _SAVING.search(text), _LOADING.search(text), _RERUN.search(text)
        job = self.start.job
        if saving is not None:
            self._seen(number, saving[1])
        elif loading is not None and self.start.loaded is None:
            self.start.loaded = loading[1].partition(" at iteration ")[0].strip()
        elif rerun is not None and job.resume is None and not job.iterations:
            job.resume = int(rerun[1])

    def _wrapper(self, number: int, text: str) -> None:
        """What the script around the trainer says, maybe behind a line never finished."""
        if "failed with exit code" in text:
            failed = _FAILED.search(text)
            if failed is not None:
                self.start.exit_code = number, int(failed[1])
        if "trainer_dir=" in text:
            trainer = _TRAINER.search(text)
            if trainer is not None:
                self.trainer_dir = number, trainer[1]

    def _launcher(self, number: int, text: str) -> None:
        killed = _KILLED.search(text) if "exitcode" in text else None
        if killed is not None:
            self.start.killed = number, int(killed[1])
        node = _NODE.match(text)
        if node is not None and len(self.start.hosts) < _HOSTS_KEPT and node[1] != "default":
            self.start.hosts.setdefault(node[1], number)

    def _python(self, number: int, text: str) -> None:
        """Interpreter and environment, where a frame's path names them."""
        if self.installed is None and "/python3." in text:
            found = _INSTALLED.search(text[:2000])
            if found is not None:
                self.installed = number, found[1], found[2]


def _milliseconds(values: dict[str, float]) -> float:
    seconds = values.get("elapsed time per iteration (s)")
    if seconds is not None:
        return seconds * 1000
    return values.get("elapsed time per iteration (ms)", math.nan)
