"""Console text piece by piece: what stands between line feeds and carriage returns.

Progress bars redraw their line with carriage returns, so that a whole training may stand on one
line. Pieces keep the number of the line that they stand on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.lines import LineTally
from archiver.limits import Limits

_BREAK = re.compile(rb"([\r\n])")
_CONTROL = re.compile(rb"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|[@-Z\\-_])|\0")
PIECE_BYTES = 64 * 1024
"""Longest piece; of a longer one the beginning is given."""


@dataclass
class Pieces:
    """Numbered pieces (lines from 1) without escape sequences; blank ones are given too.

    Flaws: `long-line`, `too-many-lines`. `tally.lines` counts line feeds (and a last line
    without one).
    """

    chunks: Iterable[bytes]
    limits: Limits
    tally: LineTally = field(default_factory=LineTally)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for count, (line, piece) in enumerate(self._pieces()):
            if count >= self.limits.log_records:
                self.tally.cut = True
                message = f"what follows the first {count} pieces was not read"
                self.tally.flaws.add("too-many-lines", message, f"L{line}")
                return
            yield line, _CONTROL.sub(b"", piece)

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        tally = self.tally
        rest = b""
        for chunk in self.chunks:
            *parts, rest = _BREAK.split(rest + chunk)
            for piece, end in zip(parts[::2], parts[1::2], strict=True):
                yield tally.lines + 1, self._bounded(piece)
                tally.lines += end == b"\n"
            if len(rest) > PIECE_BYTES:
                rest = self._bounded(rest)
        if rest:
            tally.lines += 1
            tally.torn_tail = True
            yield tally.lines, self._bounded(rest)

    def _bounded(self, piece: bytes) -> bytes:
        if len(piece) <= PIECE_BYTES:
            return piece
        message = f"longer than {PIECE_BYTES} bytes without a break; its beginning was used"
        self.tally.flaws.add("long-line", message, f"L{self.tally.lines + 1}")
        return piece[:PIECE_BYTES]
