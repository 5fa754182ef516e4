"""Text that may reach a terminal: run files never speak to it raw."""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from archiver.codecs import columns
from archiver.codecs.visible import safe
from archiver.errors import ArchiverError


def survive_closed_streams() -> None:
    """Put the null device where a standard stream is closed, or a file would take its number."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            mode = "w" if descriptor else "r"
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def survive_any_encoding() -> None:
    """Let output escape what the stream's encoding lacks instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def tell(text: str) -> None:
    """A result, on stdout.

    Raises:
        ArchiverError: when it cannot be written; a reader that went away is no fault.
    """
    try:
        print(text, flush=True)  # noqa: T201
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as fault:
        hint = "the work itself is done; give the result another place"
        raise ArchiverError("standard output", fault.strerror or "closed", hint) from None


def write(text: str, output: Path | None) -> None:
    """A report, on stdout or into the file that was asked for.

    Raises:
        ArchiverError: when it cannot be written.
    """
    if output is None:
        tell(text.removesuffix("\n"))
        return
    try:
        let_go(output)
        output.write_text(text, "utf-8", "backslashreplace")
    except OSError as fault:
        hint = "choose another --output"
        raise ArchiverError(str(output), fault.strerror or "cannot be written", hint) from None


def let_go(output: Path) -> None:
    """Write to no file that has another name, which may lie in a run: this name gets its own.

    Raises:
        OSError: when the system refuses.
    """
    with suppress(FileNotFoundError):
        status = output.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            output.unlink()


def say(text: str) -> None:
    """A verdict, on stderr; where that takes nothing, the exit code has to do."""
    with suppress(OSError):
        print(safe(text), file=sys.stderr, flush=True)  # noqa: T201


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
        shown = name if columns.fits(name, 60) else f"…{columns.ending(name, 59)}"
        self._stream.write(f"\r\x1b[K{share:3d} % {shown}")
        self._stream.flush()
        self._shown = True

    def close(self) -> None:
        """Remove the line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
