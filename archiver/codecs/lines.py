"""Lines of a text log: a stream in bounded memory, split at line feeds only.

A carriage return does not end a line: progress bars redraw theirs with it, and `segments` parts
such a line into what was drawn one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from archiver.codecs.flaws import Flaws
from archiver.limits import Limits
from archiver.model.plain import dataclass


@dataclass
class LineTally:
    """What was met; complete when the stream has been read."""

    lines: int = 0
    torn_tail: bool = False
    """Whether the last line has no end."""
    cut: bool = False
    """Whether the limit of lines was reached."""
    flaws: Flaws = field(default_factory=Flaws)


@dataclass
class LineStream:
    """Numbered lines (from 1) as bytes, without their ends.

    Of a line longer than `limits.line_bytes` the first bytes are given; the flaw `long-line` tells.
    Flaws: `long-line`, `bom`, `nul-bytes`, `too-many-lines`.
    """

    chunks: Iterable[bytes]
    limits: Limits
    tally: LineTally = field(default_factory=LineTally)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for line in self._lines():
            if self.tally.lines >= self.limits.log_records:
                self.tally.cut = True
                message = f"lines after the limit of {self.limits.log_records} were not read"
                self.tally.flaws.add("too-many-lines", message, f"L{self.tally.lines}")
                return
            self.tally.lines += 1
            yield self.tally.lines, self._clean(line)

    def _clean(self, line: bytes) -> bytes:
        place = f"L{self.tally.lines}"
        if self.tally.lines == 1 and line.startswith(b"\xef\xbb\xbf"):
            self.tally.flaws.add("bom", "byte order mark of utf-8", place)
            line = line[3:]
        if b"\0" in line:
            self.tally.flaws.add("nul-bytes", "NUL bytes were left out", place)
            line = line.replace(b"\0", b"")
        return line.removesuffix(b"\r")

    def _lines(self) -> Iterator[bytes]:
        most = self.limits.line_bytes
        rest = b""
        skipping = False
        for chunk in self.chunks:
            first, *more = chunk.split(b"\n")
            if not skipping:
                rest += first
            if len(rest) > most:
                self.tally.flaws.add(
                    "long-line",
                    f"a line is longer than {most} bytes; its first bytes were used",
                    f"L{self.tally.lines + 1}",
                )
                rest, skipping = rest[:most], True
            if more:
                yield rest
                yield from more[:-1]
                rest, skipping = more[-1], False
        if rest:
            self.tally.torn_tail = True
            yield rest


def segments(line: bytes) -> list[bytes]:
    """What a progress bar drew on one line, one after the other; blank ones left out."""
    return [part for part in line.split(b"\r") if part.strip()]
