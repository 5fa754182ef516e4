"""Where a value in free text starts and ends: lines, blocks, lists, mappings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from archiver.redaction.flow import scalars
from archiver.redaction.names import speaks_about
from archiver.redaction.strings import Span, column, deeper_lines, quoted_span

_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:[ \t]#[^\n]*)?\r?\n")
_YAML_LINE = re.compile(
    r"""[+ ]?[ \t]*((?:-[ ]+)*)"""
    r"""(?:("[^"\n]{1,200}"|'[^'\n]{1,200}'|[\w./-][^\n:#"'\[\]{}]{0,200})[ \t]*:"""
    r"""(?:[ \t]+|(?=\r?\Z)))?"""
)


def line_span(text: str, pos: int, margin: int | None) -> Span:
    """The value that takes the rest of its line, but for a comment.

    Args:
        text: the whole text.
        pos: where the value starts.
        margin: the place of its key; a value of several words goes on on deeper lines (YAML).
    """
    value = _one_line(text, pos, len(text))
    end = pos + len(value)
    if margin is not None and " " in value and text[end : end + 2].lstrip("\r")[:1] == "\n":
        following = text.index("\n", end) + 1
        for line, line_end in deeper_lines(text, following, column(text, margin), items=False):
            end = line + len(_one_line(text, line, line_end))
    return Span(pos, end, " ".join(text[pos:end].split()) if end > pos else "", bare=True)


def _one_line(text: str, pos: int, limit: int) -> str:
    end = text.find("\n", pos, limit)
    value = text[pos : end if end >= 0 else limit]
    comments = [hit for hit in (value.find(" #"), value.find("\t#")) if hit >= 0]
    return (value[: min(comments)] if comments else value).rstrip()


def block_span(text: str, key: int, pos: int) -> Span | None:
    """The YAML block (`|`, `>`) that starts at `pos` under the key at `key`."""
    head = _BLOCK.match(text, pos)
    if head is None:
        return None
    lines = list(deeper_lines(text, head.end(), column(text, key), items=False))
    if not lines:
        return None
    start, end = lines[0][0], lines[-1][1]
    first = start + len(text[start:end]) - len(text[start:end].lstrip(" \t+"))
    value = textwrap.dedent(text[start:end]).strip()
    return Span(first, end, value, bare=False)


def bracket_spans(text: str, pos: int, *, inside: bool, many: bool) -> Iterator[Span]:
    """The values of the list at `pos`, or with `many` of every list and mapping there.

    `inside` tells that all of it stands in a double-quoted string, which ends it. An empty span
    tells how far the search went.
    """
    for scalar in scalars(text, pos, inside=inside):
        told = scalar.key is not None and speaks_about(scalar.key)
        if not scalar.is_key and (not scalar.mapped or (many and not told)):
            yield Span(scalar.start, scalar.end, scalar.text, bare=not scalar.quoted)


def nested_spans(text: str, key: int, pos: int, *, many: bool) -> Iterator[Span]:
    """The items of the YAML list under the key, or with `many` also of the mapping there.

    An empty span tells how far the search went.
    """
    line = text.find("\n", pos) + 1
    if not line:
        return
    end = line
    for start, end in deeper_lines(text, line, column(text, key), items=True):
        if start < line:
            continue  # this line belongs to the value before it
        entry = _YAML_LINE.match(text, start, end)
        if entry is None or not (entry[1] or entry[2]) or entry.end() >= end:
            continue
        name = entry[2] and entry[2].strip("\"'")
        if name and (not many or speaks_about(name)):
            continue
        own = entry.start(2) if name else text.rindex("-", start, entry.end())
        for span in _entry_spans(text, own, entry.end(), many=many):
            line = max(line, span.end)
            yield span
    yield Span(end, end, "", bare=True)


def _entry_spans(text: str, key: int, pos: int, *, many: bool) -> Iterator[Span]:
    """The values of one line below a key."""
    if text[pos] in "[{":
        yield from bracket_spans(text, pos, inside=False, many=many)
    elif text[pos] in "|>":
        block = block_span(text, key, pos)
        yield block or line_span(text, pos, None)
    elif text[pos] not in "&*!":
        span = quoted_span(text, pos, inside=False, margin=key, certain=True)
        yield span or line_span(text, pos, key)
