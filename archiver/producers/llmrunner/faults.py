"""Warnings and tracebacks in the output of a step: several ranks write to one log.

Since torch 2.4 each line of a traceback carries its rank (`[rank1]: `), and those of several ranks
stand between each other. The launcher's own exception says only that a child failed; what the
child said before is the cause.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

_RANK = re.compile(rb"\[rank(\d{1,6})\]: ?")
_BEGIN = b"Traceback (most recent call last):"
_CHAINED = (
    b"During handling of the above exception",
    b"The above exception was the direct cause",
)
_WRAPPERS = ("ChildFailedError", "CalledProcessError")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]{0,200}(?::|\Z)")
_WARNING = re.compile(
    rb"WARNING\b|\[warn\]|W\d{4} \d\d:\d\d:\d\d"
    rb"|.{0,300}\b(?:User|Future|Deprecation|Runtime)Warning:"
    rb"|rewrite_sft_jsonl_to_input_label: invalid JSON"
)
_LINE_KEPT = 2_000
_WARNINGS_KEPT = 50


@dataclass
class _Trace:
    line: int
    last_line: int = 0
    rows: list[str] = field(default_factory=list)
    size: int = 0
    cut: int = 0
    error: str = ""
    told: bool = False
    """Whether the exception of its last frames was printed."""
    chained: bool = False
    """Whether another exception, raised while this one was handled, is announced."""


@dataclass
class Faults:
    """What went wrong, gathered line by line."""

    trace_bytes: int
    """Most that is kept of one traceback."""
    warnings: Counter[str] = field(default_factory=Counter)
    """Distinct warnings in order of appearance, with how often each was met."""
    warnings_left_out: int = 0
    first: _Trace | None = None
    """The first traceback whose exception is more than the launcher's own."""
    last: _Trace | None = None
    """The last one of any kind."""
    _open: dict[bytes, _Trace] = field(default_factory=dict)

    def take(self, number: int, line: bytes) -> None:
        """Look at one line."""
        line = line[:_LINE_KEPT]
        rank = _RANK.match(line)
        key = rank[1] if rank else b""
        text = line[rank.end() :] if rank else line
        place = text.find(_BEGIN)
        if place >= 0:
            self._begin(number, key, text[place:])
            return
        trace = self._open.get(key)
        if trace is not None:
            self._continue(number, key, trace, text)
        elif _WARNING.match(text):
            self._warn(text.decode("utf-8", "replace").strip())

    def _begin(self, number: int, key: bytes, text: bytes) -> None:
        trace = self._open.get(key)
        if trace is None or (trace.told and not trace.chained):
            trace = self._open[key] = _Trace(number)
        trace.chained = trace.told = False
        self._keep(trace, number, text)

    def _continue(self, number: int, key: bytes, trace: _Trace, text: bytes) -> None:
        plain = text.strip() != b"" and text[:1] not in (b" ", b"\t")
        trace.chained = trace.chained or text.startswith(_CHAINED)
        if plain and trace.told and not trace.chained:
            del self._open[key]  # something else is printed
            if _WARNING.match(text):
                self._warn(text.decode("utf-8", "replace").strip())
            return
        self._keep(trace, number, text)
        if plain and not trace.chained:
            self._end(trace, text.decode("utf-8", "replace").strip())

    def _keep(self, trace: _Trace, number: int, text: bytes) -> None:
        trace.last_line = number
        if trace.size + len(text) > self.trace_bytes:
            trace.cut += 1
            return
        trace.size += len(text) + 1
        trace.rows.append(text.decode("utf-8", "replace"))

    def _end(self, trace: _Trace, error: str) -> None:
        trace.error = error if _EXCEPTION.match(error) else trace.error or error
        trace.told = True
        self.last = trace
        wrapped = any(word in error.partition(":")[0] for word in _WRAPPERS)
        if self.first is None and not wrapped:
            self.first = trace

    def _warn(self, text: str) -> None:
        if text in self.warnings or len(self.warnings) < _WARNINGS_KEPT:
            self.warnings[text] += 1
        else:
            self.warnings_left_out += 1

    @property
    def cause(self) -> _Trace | None:
        """The traceback that tells why, if any was complete."""
        return self.first or self.last

    @property
    def stack(self) -> str | None:
        """Its text; where it was cut the last line says by how much."""
        if self.cause is None:
            return None
        rows = self.cause.rows
        more = [f"… and {self.cause.cut} more lines"] if self.cause.cut else []
        return "\n".join([*rows, *more]).rstrip()

    def told(self) -> tuple[str, ...]:
        """Each distinct warning once, with its count where it was met again."""
        texts = [text if n == 1 else f"{text} ({n} times)" for text, n in self.warnings.items()]
        more = self.warnings_left_out
        return (*texts, *([f"… and {more} more warnings"] if more else []))
