"""A `.env` file (`KEY=VALUE` per line) as text values: nothing is expanded or executed.

A whole-line `#` is a comment, and so is one behind a blank in an unquoted value or behind a
closing quote. One pair of quotes is taken off. A quoted value may go on over lines, as a shell
that sources the file would have it. Where the shell would have run a command or computed a
default (`$(...)`, backticks, `${X:-y}`), the value is `Tagged("unresolved", text)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.codecs import text as texts
from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Tagged, Value

UNRESOLVED = "unresolved"
"""Type of a value that only a shell would have given."""
_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)", re.DOTALL | re.ASCII)
_SHELL = re.compile(r"\$\(|`|\$\{\w{1,200}[^\w}]")
_CONTINUED = 200
"""Lines that one quoted value may go on for."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What was read; of a name that is assigned twice the last value."""

    values: dict[str, Value]
    lines: dict[str, int]
    """Name -> line of its (last) assignment, from 1."""
    complete: bool
    """Whether every line was an assignment, a comment or blank."""
    flaws: Flaws


def parse(data: bytes, limits: Limits = DEFAULT) -> EnvFile:
    """Read every assignment of the file.

    Flaws: `not-an-assignment`, `unterminated-quote`, `dynamic`, `duplicate-name`, `size-limit`,
    `nul-bytes`, `bom`, `bad-encoding`, `bad-utf8`.
    """
    flaws = Flaws()
    if len(data) > limits.python_bytes:
        flaws.add("size-limit", f"{len(data)} bytes are more than a .env file may have")
        return EnvFile({}, {}, complete=False, flaws=flaws)
    source = texts.decode(data, flaws)
    if "\0" in source:
        flaws.add("nul-bytes", "NUL characters were left out", "byte 0")
        source = source.replace("\0", "")
    values: dict[str, Value] = {}
    places: dict[str, int] = {}
    rows = source.replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(rows):
        taken = _take(rows, number, flaws)
        if isinstance(taken, _Assignment):
            if taken.name in values:
                message = f"{taken.name} is assigned more than once; the last time counts"
                flaws.add("duplicate-name", message, f"L{number + 1}")
                del values[taken.name]
            values[taken.name], places[taken.name] = taken.value, number + 1
            number += taken.lines
        else:
            number += 1
    return EnvFile(values, places, "not-an-assignment" not in flaws.counts, flaws)


@dataclass(frozen=True, slots=True)
class _Assignment:
    name: str
    value: Value
    lines: int


def _take(rows: list[str], number: int, flaws: Flaws) -> _Assignment | None:
    row = rows[number]
    if not row.strip() or row.lstrip().startswith("#"):
        return None
    found = _LINE.match(row)
    if found is None:
        flaws.add("not-an-assignment", "no KEY=VALUE", f"L{number + 1}")
        return None
    name, rest = found[1], found[2].lstrip(" \t")
    quote = rest[:1]
    if quote in ("'", '"'):
        text, lines = _quoted(rows, number, rest, flaws)
    else:
        text, lines = _bare(rest), 1
    value: Value = text
    if quote != "'" and _SHELL.search(text):
        message = f"{name} holds what only a shell would evaluate"
        flaws.add("dynamic", message, f"L{number + 1}")
        value = Tagged(UNRESOLVED, text)
    return _Assignment(name, value, lines)


def _bare(rest: str) -> str:
    """An unquoted value up to a comment, which begins behind a blank."""
    if rest.startswith("#"):
        return ""
    return re.split(r"[ \t]#", rest, maxsplit=1)[0].rstrip()


def _quoted(rows: list[str], number: int, rest: str, flaws: Flaws) -> tuple[str, int]:
    """A value up to its closing quote, and the lines that it takes."""
    quote = rest[0]
    parts: list[str] = []
    piece = rest[1:]
    for index in range(number, min(number + _CONTINUED, len(rows))):
        piece = piece if index == number else rows[index]
        text, closed, after = piece.partition(quote)
        if closed:
            if after.strip() and not after.lstrip().startswith("#"):
                break
            return "\n".join([*parts, text]), index - number + 1
        parts.append(text)
    if rest.rstrip().endswith(quote) and len(rest.rstrip()) > 1:
        return rest.rstrip()[1:-1], 1  # quotes inside; the outermost pair is taken off
    flaws.add("unterminated-quote", "the quote has no end on its line", f"L{number + 1}")
    return rest.rstrip(), 1
