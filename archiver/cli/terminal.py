"""Text that may reach a terminal: run files never speak to it raw."""

from __future__ import annotations

import sys
import time
import unicodedata
from typing import TextIO

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls (C0, C1), format characters (bidi, zero width), surrogates, line separators."""


def safe(text: str) -> str:
    """`text` on one line, with what a terminal would obey made visible as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape", "surrogatepass").decode()
        if unicodedata.category(char) in _UNSAFE_CATEGORIES
        else char
        for char in text
    )


def survive_any_encoding() -> None:
    """Let output escape what the stream's encoding lacks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """A verdict, on stderr."""
    print(safe(text), file=sys.stderr)  # noqa: T201


class ProgressLine:
    """One line on stderr that is redrawn while long work lasts; silent without a terminal."""

    DELAY = 1.0
    """Seconds of work before the first line."""
    INTERVAL = 0.1

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False
        self._next = time.monotonic() + self.DELAY
        self._active = stream.isatty()

    def __call__(self, path: str, done: int, total: int) -> None:
        """Show the file at hand and how much is done."""
        if not self._active or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.INTERVAL
        share = 100 * done // total if total else 100
        name = safe(path)
        shown = name if len(name) <= 60 else f"…{name[-59:]}"
        self._stream.write(f"\r\x1b[K{share:3d} % {shown}")
        self._stream.flush()
        self._shown = True

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
