"""Markers put into a text so that it stays what it was: JSON, YAML, Python or a patch.

Inside quotes a marker needs nothing. A bare marker would open a list where a YAML or Python value
starts, so there the value is put into single quotes. Line breaks are kept, since patches count
lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from archiver.redaction.flow import Flows
from archiver.redaction.spans import line_span

_MAX_PREFIX = 2000
_BLOCK_VALUE = re.compile(
    r"[+\- ]?[ \t]*(?:[#][ \t]*)?"
    r"((?:-[ ]+)*)((?:[\w.\-/@+][\w.\-/@+ ]{0,200}|\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'):[ \t]+)?"
    r"(?:&[\w-]+[ ]+|!\S*[ ]+)*"
)
_ASSIGNED = re.compile(
    r"[+\- ]?[ \t]*(?:[#][ \t]*)?(?:(?:export|set|ENV)[ ]+)?"
    r"[A-Za-z_][\w.\-]*+(?:\[[^\[\]\n]*+\])?[ \t]*+(?::[ \w\[\]|.]++)?[ \t]*+=[ \t]*+"
)
_ARGUMENT = re.compile(r"[^\"'\n]*[(,][ \t]*[A-Za-z_]\w*[ \t]?=[ \t]?")
_LINE_HEAD = re.compile(r"[+\- ]?[ \t]*")
_NEWLINE = re.compile(r"(\r?\n)")


class Edit(NamedTuple):
    """A marker and the part of a text that it stands for."""

    start: int
    end: int
    marker: str


def write(text: str, edits: Sequence[Edit], *, quote: bool) -> str:
    """`text` with the edits (sorted, not overlapping) made, values put into quotes on demand."""
    pieces = [Edit(edit.start, edit.end, _fit(text, edit)) for edit in edits]
    if quote:
        pieces = _quoted(text, edits, pieces)
    out = []
    done = 0
    for start, end, new in pieces:
        out += [text[done:start], new]
        done = end
    return "".join([*out, text[done:]])


def _fit(text: str, edit: Edit) -> str:
    """The marker, followed by what is left of the lines that the secret ran over."""
    first, *rest = _NEWLINE.split(text[edit.start : edit.end])
    if not rest:
        return edit.marker
    kept = [edit.marker if first else ""]
    for index, part in enumerate(rest):
        head = _LINE_HEAD.match(part) if index % 2 else None
        kept.append(head[0] if head else part)
    return "".join(kept)


def _quoted(text: str, edits: Sequence[Edit], pieces: list[Edit]) -> list[Edit]:
    """The pieces and the quotes around the bare values that they stand in."""
    flows = Flows(text)
    done = -1
    more: list[Edit] = []
    for index, edit in enumerate(edits):
        value = _bare_value(text, edit, flows) if edit.start >= done else None
        if value is None:
            continue
        if "\n" in text[edit.start : edit.end]:
            rest = pieces[index].marker[len(edit.marker) :]
            pieces[index] = Edit(edit.start, edit.end, f"'{edit.marker}'{rest}")
            continue
        start, done = value
        more += [Edit(start, start, "'"), Edit(done, done, "'")]
        last = bisect_left(edits, done, lo=index, key=itemgetter(0))
        more += _doubled(text, start, done, edits[index:last])
    return sorted([*pieces, *more], key=lambda piece: piece[:2])


def _doubled(text: str, start: int, end: int, inner: Sequence[Edit]) -> list[Edit]:
    """Single quotes between the markers of a value, doubled as YAML wants them in such quotes."""
    more = []
    for edit in [*inner, Edit(end, end, "")]:
        places = [start + hit.start() for hit in re.finditer("'", text[start : edit.start])]
        more += [Edit(place, place + 1, "''") for place in places]
        start = max(start, edit.end)
    return more


def _bare_value(text: str, edit: Edit, flows: Flows) -> tuple[int, int] | None:
    """Start and end of the unquoted value that would not survive the marker as it is."""
    scalar = flows.bare_at(edit.start)
    if scalar:
        return scalar.start, max(scalar.end, edit.end)
    line = text.rfind("\n", max(0, edit.start - _MAX_PREFIX), edit.start) + 1
    if not line and edit.start > _MAX_PREFIX:
        return None
    block = _BLOCK_VALUE.fullmatch(text, line, edit.start)
    if block and (block[2] or "-" in block[0]):
        key = block.start(2) if block[2] else text.rindex("-", line, edit.start)
        return edit.start, max(edit.end, line_span(text, edit.start, key).end)
    if _ASSIGNED.fullmatch(text, line, edit.start) or (
        _ARGUMENT.fullmatch(text, line, edit.start) and text[edit.end : edit.end + 1] in ",)"
    ):
        return edit.start, edit.end
    return None
