"""Python tracebacks in console text."""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = "Traceback (most recent call last):"
_IGNORED = "Exception ignored in"
_FRAME = ("  ", "\t")


@dataclass(frozen=True, slots=True)
class TracebackText:
    """One traceback as printed."""

    error: str
    """Its last line: exception and message; empty where the text ends before it."""
    stack: str
    """All of it, with the exception's message as far as it is one paragraph."""
    followed: bool
    """Whether lines came after the last one: more of the message, or a program that went on."""


def last(text: str) -> TracebackText | None:
    """The last traceback of a text, None without any.

    Those of exceptions that the interpreter ignored (in destructors, at its end) are passed over.
    """
    end_of_text = len(text)
    start = text.rfind(_HEAD)
    while start >= 0 and (ignored := _ignored(text, start)) is not None:
        end_of_text = ignored
        start = text.rfind(_HEAD, 0, ignored)
    if start < 0:
        return None
    lines = text[start:end_of_text].splitlines()
    end = 1
    while end < len(lines) and (lines[end].startswith(_FRAME) or not lines[end].strip()):
        end += 1
    error = lines[end].strip() if end < len(lines) else ""
    stop = end + 1
    while stop < len(lines) and lines[stop].strip():
        stop += 1
    followed = any(line.strip() for line in lines[end + 1 :])
    return TracebackText(error, "\n".join(lines[:stop]), followed)


def _ignored(text: str, start: int) -> int | None:
    """Where the notice of an ignored exception begins that the traceback at `start` belongs to."""
    line = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return line if text.startswith(_IGNORED, line) else None
