"""Tracebacks of many ranks that wrote into one log, and the report of the launcher above them.

PyTorch 2.4 and later put `[rank1]: ` before each line of a traceback, `torchrun --tee` and `srun`
their own marks; ranks interleave line by line and are told apart by them. Lines without a mark
make one traceback after the other. What torchrun raises itself (`ChildFailedError`) only says that
a worker failed; its table names the rank that failed first, its host, exit code and time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archiver.codecs.megatron_lines import rank_prefix

BEGIN = "Traceback (most recent call last):"
GENERIC = ("ChildFailedError", "CalledProcessError")
"""Exceptions that say no more than that another process failed."""
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,200}(?::|\Z)")
_DIGITS = re.compile(r"(\d{1,9})\D*\Z")
_ENTRY = re.compile(r"\[\d{1,9}\]:\s*\Z")
_ROW = re.compile(
    r"\s{0,8}(time|host|rank|exitcode|error_file|traceback)\s{0,12}:\s{0,4}(.{0,200})"
)
_CODE = re.compile(r"-?\d{1,9}\Z")
_RULER = re.compile(r"={20,}\s*\Z")
_GROUPS = 64
_TRACES = 8
_OPEN = 10_000
"""Tracebacks followed at a time; jobs of so many ranks exist, marks without end do not."""
_FOREIGN = 20
_ERRORS = 50
_LINE_KEPT = 2_000


@dataclass
class Trace:
    """One traceback with what it was raised from."""

    prefix: str
    line: int
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Exception lines, the first raised first."""
    last_line: int = 0
    size: int = 0
    cut: int = 0
    """Lines that were left out."""
    raised: bool = False
    """Whether the exception's own line was met since the last frame."""
    chaining: bool = False
    foreign: int = 0

    @property
    def rank(self) -> str:
        """Number in the mark before its lines; empty without one."""
        match = _DIGITS.search(self.prefix)
        return match[1] if match else ""

    @property
    def error(self) -> str | None:
        """The last exception that says what happened."""
        told = [text for text in self.errors if not _generic(text)]
        return told[-1] if told else None

    @property
    def text(self) -> str:
        """All of it, the marks left out."""
        kept = "\n".join(self.lines).rstrip("\n")
        return f"{kept}\n… {self.cut} more lines" if self.cut else kept

    def add(self, line: str, most: int) -> None:
        """Take a line, unless it is too much."""
        self.size += len(line)
        if self.size <= most:
            self.lines.append(line)
        else:
            self.cut += 1


def _generic(text: str) -> bool:
    return text.partition(":")[0].endswith(GENERIC)


@dataclass
class Failure:
    """One row of torchrun's table."""

    root: bool
    line: int
    host: str | None = None
    rank: str | None = None
    local_rank: str | None = None
    exit_code: int | None = None
    time: str | None = None


@dataclass
class Tracebacks:
    """Collects tracebacks from the lines of a log."""

    most: int
    """Characters kept of each."""
    traces: dict[str, list[Trace]] = field(default_factory=dict)
    """Mark -> its tracebacks, oldest first."""
    failures: list[Failure] = field(default_factory=list)
    _open: dict[str, Trace] = field(default_factory=dict)
    _table: str = ""
    """Part of torchrun's table that is being read; empty outside of it."""

    @property
    def busy(self) -> bool:
        """Whether the next line may belong to what was begun."""
        return bool(self._open or self._table)

    def feed(self, number: int, text: str) -> bool:
        """Take a line; whether it belongs to a traceback or to the table."""
        begin = text.find(BEGIN)
        if begin < 0 and not self._open:
            return self._row(number, text)
        prefix = rank_prefix(text)
        if begin >= 0:
            self._begin(number, prefix, text[begin:])
            return True
        trace = self._open.get(prefix)
        if trace is None:
            return self._row(number, text)
        return self._continue(number, trace, text[len(prefix) :][:_LINE_KEPT])

    def clear(self) -> None:
        """Forget what was met: work went on, so it was handled."""
        self.traces.clear()
        self.failures.clear()
        self._open.clear()
        self._table = ""

    def root(self) -> Trace | None:
        """The traceback that says why: of the rank that failed first, else the first one."""
        told = [trace for group in self.traces.values() for trace in group if trace.error]
        first = self.first_failure
        if first is not None:
            for rank in (first.rank, first.local_rank):
                match = [trace for trace in told if rank and trace.rank == rank]
                if match:
                    return match[0]
        return min(told, key=lambda trace: trace.line, default=None)

    @property
    def first_failure(self) -> Failure | None:
        """The row that torchrun says is the root cause, else its first."""
        roots = [row for row in self.failures if row.root]
        return next(iter(roots or self.failures), None)

    def _begin(self, number: int, prefix: str, text: str) -> None:
        known = self._open.get(prefix)
        if known is not None and known.chaining:
            known.add(text[:_LINE_KEPT], self.most)
            known.chaining = known.raised = False
            return
        known_group = prefix in self.traces or len(self.traces) < _GROUPS
        group = self.traces.setdefault(prefix, []) if known_group else []
        trace = Trace(prefix, number, last_line=number)
        if known_group and len(group) < _TRACES:
            group.append(trace)
        elif prefix not in self._open and len(self._open) >= _OPEN:
            return
        else:
            trace.size = self.most  # followed to its end, but not kept
        trace.add(text[:_LINE_KEPT], self.most)
        self._open[prefix] = trace

    def _continue(self, number: int, trace: Trace, body: str) -> bool:
        framed = not body.strip() or body.startswith((" ", "\t"))
        if not trace.raised and not framed:
            return self._raise(number, trace, body)
        if trace.raised and not framed:
            if body.startswith(_CHAINED):
                trace.chaining = True
            elif not trace.prefix.startswith("[rank"):
                # Only PyTorch's own mark stands before nothing but tracebacks.
                del self._open[trace.prefix]
                return self._row(number, body)
        trace.add(body, self.most)
        trace.last_line = number
        return True

    def _raise(self, number: int, trace: Trace, body: str) -> bool:
        if _EXCEPTION.match(body) is None:
            # Somebody else's line between two frames.
            trace.foreign += 1
            if trace.foreign > _FOREIGN:
                del self._open[trace.prefix]
            return False
        trace.add(body, self.most)
        if len(trace.errors) < _ERRORS:
            trace.errors.append(body.strip())
        trace.raised, trace.last_line = True, number
        return True

    def _row(self, number: int, text: str) -> bool:
        if text.startswith("Failures:"):
            self._table = "others"
            return True
        if text.startswith("Root Cause (first observed failure):"):
            self._table = "root"
            return True
        if not self._table:
            return False
        if _ENTRY.match(text):
            if len(self.failures) < _GROUPS:
                self.failures.append(Failure(self._table == "root", number))
            return True
        row = _ROW.match(text)
        if row is None:
            inside = text.startswith("---") or not text.strip() or "NO_OTHER_FAILURES" in text
            self._table = self._table if inside else ""
            return inside or _RULER.match(text) is not None
        if self.failures:
            _note(self.failures[-1], row[1], row[2].strip())
        return True


def _note(failure: Failure, name: str, text: str) -> None:
    first = text.partition(" ")[0]
    if name == "host":
        failure.host = text or None
    elif name == "time":
        failure.time = text.replace("_", " ")
    elif name == "rank":
        failure.rank = first
        failure.local_rank = text.partition("local_rank: ")[2].rstrip(")") or None
    elif name == "exitcode" and _CODE.match(first):
        failure.exit_code = int(first)
