"""Where a value in free text starts and ends: quotes, lines, brackets, blocks."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from archiver.redaction.names import speaks_about

MAX_VALUE = 64 * 1024
"""Longest value, list or mapping that is followed to its end."""

_QUOTE = re.compile(r"""(?:[bBrRuUfF]{1,2}(?=["']))?(\\*)("{3}|'{3}|["'])""")
_NOT_OPENING = re.compile(r"[\s,)\]}:;]|\Z")
_REAL_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:[ \t]#[^\n]*)?\r?\n")
_ITEM = re.compile(
    r"""\s+|[\[{(]|[\]})]|,|:|[^\s\[\]{}(),:"'\\]+(?::[^\s,\]}]+|[ ]+[^\s\[\]{}(),:"'\\#]+)*|.""",
    re.DOTALL,
)
_YAML_LINE = re.compile(
    r"""[+ ]?[ \t]*((?:-[ ]+)*)(?:["']?([\w.-]{1,200})["']?[ \t]*:(?:[ \t]+|(?=\r?\Z)))?"""
)
_COLON = re.compile(r"\s*:")


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


def line_span(text: str, pos: int) -> Span:
    """The value that takes the rest of its line, but for a comment."""
    end = text.find("\n", pos)
    value = text[pos : end if end >= 0 else len(text)]
    comments = [hit for hit in (value.find(" #"), value.find("\t#")) if hit >= 0]
    value = (value[: min(comments)] if comments else value).rstrip()
    return Span(pos, pos + len(value), value, bare=True)


def block_span(text: str, key: int, pos: int) -> Span | None:
    """The YAML block (`|`, `>`) that starts at `pos` under the key at `key`."""
    head = _BLOCK.match(text, pos)
    if head is None:
        return None
    lines = list(_deeper_lines(text, head.end(), _column(text, key), items=False))
    if not lines:
        return None
    start, end = lines[0][0], lines[-1][1]
    first = start + len(text[start:end]) - len(text[start:end].lstrip(" \t+"))
    value = textwrap.dedent(text[start:end]).strip()
    return Span(first, end, value, bare=False)


def bracket_spans(text: str, pos: int, *, inside: bool, many: bool) -> Iterator[Span]:
    """The values of the list at `pos`, or with `many` of every list and mapping there.

    `inside` tells that all of it stands in a double-quoted string, which ends it.
    """
    stack: list[str] = []
    key: str | None = None
    limit = min(len(text), pos + MAX_VALUE)
    while pos < limit and not (inside and text[pos] == '"'):
        span, pos = _next_item(text, pos)
        mark = text[pos - 1]
        if span is None:
            if mark in "[{(":
                stack.append(mark)
            elif mark in "]})":
                stack.pop()
                if not stack:
                    return
            key = None if mark == "," else key
        elif stack[-1] == "{" and _COLON.match(text, pos):
            key = span.text
        elif "{" not in stack or (many and not (key and speaks_about(key))):
            yield span


def nested_spans(text: str, key: int, pos: int, *, many: bool) -> Iterator[Span]:
    """The items of the YAML list under the key, or with `many` also of the mapping there."""
    line = text.find("\n", pos) + 1
    if not line:
        return
    for start, end in _deeper_lines(text, line, _column(text, key), items=True):
        entry = _YAML_LINE.match(text, start, end)
        if entry is None or not (entry[1] or entry[2]) or entry.end() >= end:
            continue
        if entry[2] and (not many or speaks_about(entry[2])):
            continue
        if text[entry.end()] in "[{|>&*!":
            continue
        span = quoted_span(text, entry.end(), inside=False, margin=start, certain=True)
        yield span or line_span(text, entry.end())


def _closing(text: str, start: int, slashes: int, mark: str) -> int | None:
    """Where the string that started before `start` ends; its quote has `slashes` before it.

    A quote with more slashes is escaped content, unless they pair up at that depth of escaping.
    """
    limit = start + MAX_VALUE
    hit = text.find(mark, start, limit)
    while hit >= 0:
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
    indent = _column(text, margin)
    rest = text[start:end].split("\n")[1:]
    return all(not line.strip() or _depth(line) > indent for line in rest)


def _next_item(text: str, pos: int) -> tuple[Span | None, int]:
    """The string or word at `pos`, or None for punctuation; and the place after it."""
    if _QUOTE.match(text, pos):
        span = quoted_span(text, pos, inside=False, margin=0, certain=True)
        if span is None or span.bare:
            return None, pos + 1
        closing = _QUOTE.match(text, span.end)
        return span, closing.end() if closing else span.end + 1
    item = _ITEM.match(text, pos)
    word = item[0] if item else " "
    end = pos + len(word)
    if word.isspace() or (len(word) == 1 and word in "[{()}],:\\"):
        return None, end
    return Span(pos, end, word, bare=True), end


def _deeper_lines(text: str, pos: int, indent: int, *, items: bool) -> Iterator[tuple[int, int]]:
    """Start and end of the lines below a key that are deeper than it; `items` may be level."""
    limit = min(len(text), pos + MAX_VALUE)
    while pos < limit:
        end = text.find("\n", pos)
        end = len(text) if end < 0 else end
        line = text[pos:end]
        if line.strip():
            depth = _depth(line)
            level_item = items and depth == indent and line[depth:].startswith("- ")
            if depth <= indent and not level_item:
                return
            yield pos, end - line.endswith("\r")
        pos = end + 1


def _column(text: str, pos: int) -> int:
    """How far `pos` is from the start of its line."""
    return pos - text.rfind("\n", max(0, pos - MAX_VALUE), pos) - 1


def _depth(line: str) -> int:
    """The indentation of a line, of a patch or not."""
    return len(line) - len(line.lstrip(" +"))
