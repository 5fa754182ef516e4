"""The lines of LLMRunner's terminal output: how they look, and what each adds to what was said.

The runner stamps its own lines, `[YYYY-MM-DD HH:MM:SS] text`; its standard error and the output of
the steps stand between them without such a stamp.
"""

from __future__ import annotations

import re

from archiver.codecs.lines import LineStream
from archiver.model.times import Instant, parse_iso
from archiver.producers.llmrunner.console import (
    Console,
    Copied,
    Execution,
    Merged,
    Prepare,
    Remark,
    Run,
)
from archiver.producers.llmrunner.plan import step_type

_STAMPED = re.compile(rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (.{1,8000})", re.DOTALL)
_CHILD = re.compile(
    rb" ?\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d{1,6})?\] "
    rb"|  time {6}: (\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d)"
    rb"|\[[^\]]{1,100}\] datetime: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
)
"""A stamp of a trainer's line, of torch's report of a failure, of a trainer's clock marks; all
in local time, as the runner's own."""
_OPENING = re.compile(
    rb"config_dir=|datapool_root=|prepare_exp done|prepare-only: done"
    rb"|run_id=\S{0,300} .{0,4000}dry_run=[01]|(?:run|done) step[=\[]|skip step="
)
_RUN = re.compile(
    r"run_id=(?P<id>\S*) (?:config_dir=(?P<config>\S+) )?workdir=(?P<work>\S+)"
    r" datapool_root=(?P<pool>\S+)(?: run_dir=\S+)? dry_run=(?P<dry>[01])"
)
_STEP = re.compile(
    r"(?P<word>run|done) step"
    r"(?:\[(?P<at>\d{1,6})\] (?:id=(?P<id>\S+) type=(?P<type>\S+)|(?P<old>\S+))|=(?P<flat>\S+))"
)
_SKIP = re.compile(r"skip step=(?P<name>\S+)(?: \((?P<why>[^)]*)\))?")
_FAILED = re.compile(
    rb"(?:\[[^\]]{19}\] )?step failed: (?:id=(?P<id>\S+) type=\S+|(?P<old>[\w.]+))"
    rb".{0,200}?(?:\(exit=(?P<code>-?\d{1,6})\))?(?:, see log: (?P<log>\S+))?\s*\Z"
)
_CLEARED = re.compile(r"(?P<id>\S+): cleared (?P<n>\d{1,9}) files from (?P<dir>.+)")
_COPY = re.compile(r"(?P<kind>CPT|SFT)_RAW_COPY_SRC(?:\[(?P<cfg>[^\]]*)\])?: ")
_COUNTS = re.compile(r"copied_jsonl=(\d{1,9}) clashes=(\d{1,9})")
_MODE = re.compile(r" \(mode=(\w{1,20})\)\Z")
_MERGE = re.compile(
    r"(?P<kind>CPT|SFT) merge_jsonl(?:\[(?P<cfg>[^\]]*)\])?: (?P<skip>skipped \(exists\) )?"
    r"output=(?P<path>.+?)(?: shuffle=(?P<shuffle>True|False))?"
)
_CLASH = b"  [warn] skip (exists): "
_MORE = re.compile(rb"  \.\.\. and (\d{1,9}) more")
_OUTSIDE = b"[warn] DATAPOOL_ROOT is outside repo"
_DRY = b"[dry-run]"
_TRACEBACK = b"Traceback (most recent call last):"
_REMARKS_MOST = 10_000
_STEPS_MOST = 5_000
_WHOLE_TEXT = 8_000
"""Of a line of the runner's own; those of its children may be of any length."""


def opens(head: bytes) -> bool:
    """Whether a line of the runner's own, stamped, stands in the first bytes of a file."""
    for line in head.split(b"\n"):
        found = _STAMPED.match(line[:_WHOLE_TEXT])
        if found is not None and _OPENING.match(found[2]):
            return True
    return False


def hear(stream: LineStream) -> Console:
    """One pass over the lines."""
    hearing = _Hearing(Console(stream.tally))
    for number, line in stream:
        # A progress bar redraws its line; what stands last is what a person would see.
        hearing.take(number, line.rpartition(b"\r")[2][:_WHOLE_TEXT])
    return hearing.console


class _Hearing:
    """Takes the runner's lines in, one after the other."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._in_step = False
        self._in_traceback = False

    def take(self, number: int, line: bytes) -> None:
        stamped = _STAMPED.match(line)
        if stamped is not None and self._own(number, stamped):
            self.console.own += 1
            self._in_traceback = False
            return
        self._child(number, line)
        self.console.own += self._unstamped(number, line)

    def _child(self, number: int, line: bytes) -> None:
        """A sign of life of the step at hand."""
        found = _CHILD.match(line) if self._in_step else None
        if found is None or found.lastindex is None:
            return
        time = parse_iso(found[found.lastindex].decode().replace("_", " "))
        before = self.console.last
        # A child may print old stamps; time does not go back.
        if time is not None and (before is None or time.micros >= before[1].micros):
            self.console.last = (number, time)

    def _own(self, number: int, stamped: re.Match[bytes]) -> bool:
        """Whether a stamped line is one that the runner writes."""
        time = parse_iso(stamped[1].decode())
        text = stamped[2].decode("utf-8", "replace").rstrip()
        for take in (self._prepared, self._run, self._step, self._told):
            if take(number, text, time):
                if time is not None:
                    self.console.first = self.console.first or (number, time)
                    self.console.last = (number, time)
                return True
        return False

    def _prepared(self, number: int, text: str, time: Instant | None) -> bool:
        console = self.console
        if text.startswith("config_dir="):
            console.prepares.append(Prepare(number))
            console.config_dir = console.config_dir or (number, text.partition("=")[2])
            return True
        if text.startswith("datapool_root="):
            console.pool = console.pool or (number, text.partition("=")[2])
            return True
        copied = _COPY.match(text)
        if copied is not None:
            self._copied(number, copied, text[copied.end() :], time)
            return True
        merged = _MERGE.fullmatch(text)
        if merged is not None:
            existed, shuffle = merged["skip"] is not None, merged["shuffle"] or ""
            console.merges.append(Merged(number, merged["kind"], merged["path"], existed, shuffle))
            return True
        if text.startswith("base_model: "):
            self._remark(number, time, "base-model", "prepare", text.partition(": ")[2])
            return True
        return text.startswith("ensure_dir[")

    def _copied(self, number: int, found: re.Match[str], text: str, time: Instant | None) -> None:
        if not self.console.prepares:
            self.console.prepares.append(Prepare(number))
        copies = self.console.prepares[-1].copies
        key = (found["kind"], found["cfg"] or "")
        if text.startswith("skipped"):
            self._remark(number, time, "copy-skipped", "prepare", f"{found['kind']}: {text}")
            return
        copy = copies.setdefault(key, Copied(number, *key))
        counts = _COUNTS.fullmatch(text)
        if counts is not None:
            copy.copied, copy.skipped = int(counts[1]), int(counts[2])
            return
        mode = _MODE.search(text[-40:])
        paths = text[: len(text) - len(mode[0])] if mode else text
        copy.mode = mode[1] if mode else ""
        copy.source, _, copy.destination = paths.partition(" -> ")

    def _run(self, number: int, text: str, time: Instant | None) -> bool:
        console = self.console
        found = _RUN.fullmatch(text)
        if found is not None:
            pool, dry = found["pool"], found["dry"] == "1"
            console.runs.append(Run(number, found["id"], found["work"], pool, dry, time))
            console.pool = console.pool or (number, pool)
            if found["config"]:
                console.config_dir = console.config_dir or (number, found["config"])
            self._remark(number, time, "run-started", found["id"], "dry run" if dry else "")
            self._in_step = False
            return True
        if text == "pipeline finished":
            console.traceback = None
            if console.runs:
                console.runs[-1].finished, console.runs[-1].finish_line = time, number
            self._remark(number, time, "pipeline-finished", "pipeline", "")
            self._in_step = False
            return True
        return False

    def _step(self, number: int, text: str, time: Instant | None) -> bool:
        skipped = _SKIP.fullmatch(text)
        if skipped is not None and self.console.runs:
            self.console.runs[-1].skipped[skipped["name"]] = (number, skipped["why"] or "")
            return True
        found = _STEP.fullmatch(text)
        if found is None or not self.console.runs:
            return False
        run = self.console.runs[-1]
        name, kind = _id_of(found)
        self.console.traceback = None  # work went on
        if found["word"] == "run":
            if len(run.executions) < _STEPS_MOST:
                run.executions.append(Execution(name, kind, number, time))
            self._in_step = True
        else:
            open_ones = (e for e in reversed(run.executions) if e.id == name and not e.outcome)
            execution = next(open_ones, None)
            if execution is not None:
                execution.outcome, execution.ended = "done", time
                execution.end_line = number
            self._in_step = False
        if not run.dry:
            self._remark(number, time, f"step-{found['word']}", name, "")
        return True

    def _told(self, number: int, text: str, time: Instant | None) -> bool:
        cleared = _CLEARED.fullmatch(text)
        if cleared is not None:
            detail = f"{cleared['n']} files from {cleared['dir']}"
            self._remark(number, time, "cleared", cleared["id"], detail)
            return True
        if text == "prepare_exp done" or text.startswith("prepare-only: done"):
            self.console.traceback = None
            self._remark(number, time, "prepared", "prepare", text)
            return True
        if text.startswith("[warn]"):
            self.console.warnings.append((number, text[:500]))
            return True
        return False

    def _unstamped(self, number: int, line: bytes) -> bool:
        console = self.console
        failed = _FAILED.match(line)
        if failed is not None and console.runs:
            self._fail(number, failed)
            return True
        if line.startswith(_CLASH):
            console.clashes += 1
            return True
        more = _MORE.fullmatch(line.rstrip())
        if more is not None:
            console.clashes_cut += int(more[1])
            return True
        if line.startswith(_OUTSIDE):
            console.warnings.append((number, line[:500].decode("utf-8", "replace")))
            return True
        if line.startswith(_DRY):
            console.plans += 1
            return True
        if not self._in_step:
            self._fault(number, line)
        return False

    def _fail(self, number: int, failed: re.Match[bytes]) -> None:
        run = self.console.runs[-1]
        name = (failed["id"] or failed["old"]).decode("utf-8", "replace")
        execution = next((e for e in reversed(run.executions) if e.id == name), None)
        if execution is None:
            kind = step_type(name) or name
            execution = Execution(name, kind, number, None)
            run.executions.append(execution)
        execution.outcome, execution.end_line = "failed", number
        last = self.console.last
        if last is not None and last[0] >= execution.line:
            execution.ended = last[1]
        execution.exit_code = int(failed["code"]) if failed["code"] else None
        self._remark(number, None, "step-failed", name, execution.exit)
        self._in_step = False

    def _fault(self, number: int, line: bytes) -> None:
        """A traceback of the runner itself: its last line is its exception."""
        if line.startswith(_TRACEBACK):
            self._in_traceback = True
            self.console.traceback = (number, "")
        elif self._in_traceback and line.strip() and not line.startswith((b" ", b"\t")):
            text = line[:500].decode("utf-8", "replace")
            start = self.console.traceback[0] if self.console.traceback else number
            self.console.traceback = (start, text)
            self._in_traceback = False

    def _remark(
        self, line: int, time: Instant | None, kind: str, subject: str, detail: str
    ) -> None:
        if len(self.console.remarks) < _REMARKS_MOST:
            self.console.remarks.append(Remark(line, time, kind, subject, detail))


def _id_of(found: re.Match[str]) -> tuple[str, str]:
    """Id and type of a step; before there were ids, as its log is called."""
    if found["id"]:
        return found["id"], found["type"]
    name: str = found["old"] or found["flat"]
    kind = step_type(name) or name
    if found["old"] and found["at"] != "0" and kind == name:
        name = f"{name}_{found['at']}"
    return name, kind
