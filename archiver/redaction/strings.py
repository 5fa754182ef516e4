"""Quoted strings, at any depth of escaping, and the lines below a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_VALUE = 64 * 1024
"""Longest value, list or mapping that is followed to its end."""

_MAX_ESCAPED = 1000
"""Most quotes in a quoted value."""
_QUOTE = re.compile(r"""(?:[bBrRuUfF]{1,2}(?=["']))?(\\*)("{3}|'{3}|["'])""")
_NOT_OPENING = re.compile(r"[\s,)\]}:;]|\Z")
_REAL_QUOTE = re.compile(r'\\.|"', re.DOTALL)


class Span(NamedTuple):
    """A value: its place and its text, without quotes and escapes."""

    start: int
    end: int
    text: str
    bare: bool


def quoted_span(
    text: str, pos: int, *, inside: bool, margin: int | None, certain: bool
) -> Span | None:
    """The quoted value that opens at `pos`, if one does and it ends where it must.

    Args:
        text: the whole text.
        pos: where the value starts.
        inside: whether `pos` is itself inside a double-quoted string, which then has to end first.
        margin: the place of the key when it opens its line; deeper lines may then go on with the
            value (YAML). Otherwise it ends on its line.
        certain: whether a quote at `pos` can only open a value, not close something around it.
    """
    opening = _QUOTE.match(text, pos)
    if opening is None:
        return None
    slashes, mark = len(opening[1]), opening[2]
    if inside and not slashes and mark[0] == '"':
        return Span(pos, pos, "", bare=True)  # the end of the string around it
    start = opening.end()
    if mark == "'" and not certain and _NOT_OPENING.match(text, start):
        return Span(pos, pos, "", bare=True)
    end = _closing(text, start, slashes, mark)
    if end is None:
        return None
    if inside and any(real[0] == '"' for real in _REAL_QUOTE.finditer(text, start, end)):
        return None
    if len(mark) == 1 and "\n" in text[start:end] and not _continues(text, start, end, margin):
        return None
    return Span(start, end, _unescape(text[start:end], slashes, mark[0]), bare=False)


def deeper_lines(text: str, pos: int, indent: int, *, items: bool) -> Iterator[tuple[int, int]]:
    """Start and end of the lines below a key that are deeper than it; `items` may be level."""
    limit = min(len(text), pos + MAX_VALUE)
    while pos < limit:
        end = text.find("\n", pos)
        end = len(text) if end < 0 else end
        line = text[pos:end]
        if line.strip():
            depth = depth_of(line)
            level_item = items and depth == indent and line[depth:].startswith("- ")
            if depth <= indent and not level_item:
                return
            yield pos, end - line.endswith("\r")
        pos = end + 1


def column(text: str, pos: int) -> int:
    """How far `pos` is from the start of its line."""
    return pos - text.rfind("\n", max(0, pos - MAX_VALUE), pos) - 1


def depth_of(line: str) -> int:
    """The indentation of a line, of a patch or not."""
    return len(line) - len(line.lstrip(" +"))


def _closing(text: str, start: int, slashes: int, mark: str) -> int | None:
    """Where the string that started before `start` ends; its quote has `slashes` before it.

    A quote with more slashes is escaped content, unless they pair up at that depth of escaping.
    """
    limit = start + MAX_VALUE
    hit = text.find(mark, start, limit)
    for _ in range(_MAX_ESCAPED):
        if hit < 0:
            break
        run = hit - start - len(text[start:hit].rstrip("\\"))
        doubled = mark == "'" and not slashes and text.startswith("''", hit) and hit > start
        if run >= slashes and (run - slashes) % (2 * slashes + 2) == 0 and not doubled:
            return hit - slashes
        hit = text.find(mark, hit + (2 if doubled else 1), limit)
    return None


def _unescape(raw: str, slashes: int, mark: str) -> str:
    if mark == "'":
        plain = raw.replace("''", "'")
        return plain if slashes else re.sub(r"\\(['\"\\])", r"\1", plain)
    try:
        for _ in range((slashes + 1).bit_length()):
            if "\\" not in raw:
                break
            raw = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        return raw
    return raw


def _continues(text: str, start: int, end: int, margin: int | None) -> bool:
    """Whether the lines of a quoted value are deeper than its key, as YAML wants them."""
    if margin is None:
        return False
    indent = column(text, margin)
    rest = text[start:end].split("\n")[1:]
    return all(not line.strip() or depth_of(line) > indent for line in rest)
