"""Lists and mappings in brackets, as JSON, Python and YAML's flow style write them.

YAML's strings need no quotes there and may run over lines, so that where one starts and ends is
only known by reading the collection from its opening bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from archiver.redaction.strings import quoted_span

MAX_FLOW = 64 * 1024
"""Longest collection that is read to its end."""

_WINDOW = 8192
"""How far back the opening bracket of a collection is looked for."""
_OPENING = re.compile(
    r"^[+\- ]?[ \t]*(?:-[ ]+)*"
    r"(?:(?:[\w.\-/][^:#\n\"'\[\]{}]{0,100}|\"[^\"\n]{0,100}\"|'[^'\n]{0,100}'):[ ]+)?(?=[\[{])",
    re.MULTILINE,
)
_QUOTE = re.compile(r"""(?:[bBrRuUfF]{1,2})?\\*["']""")
_PLAIN = re.compile(
    r"(?:[^\\,\[\]{}:#\"']|(?<=[^\s\[{,:])[\"']|\\(?![\"'])|:(?![\s,\[\]{}\"']|\Z)|(?<=\S)#){1,4096}"
)
_COLON = re.compile(r"""(?:\\*["'])?\s*:""")
_COMMENT = re.compile(r"#[^\n]*")


class Scalar(NamedTuple):
    """A string or word of a collection."""

    start: int
    end: int
    text: str
    quoted: bool
    key: str | None
    """The key of a mapping that it is the value of, or is below."""
    mapped: bool
    """Whether a mapping is among the collections that it is in."""
    is_key: bool


def scalars(text: str, pos: int, *, inside: bool) -> Iterator[Scalar]:
    """Every scalar of the collection that opens at `pos`; an empty one where the reading ended.

    `inside` tells that all of it stands in a double-quoted string, which ends it.
    """
    stack: list[str] = []
    mappings = 0
    key: str | None = None
    limit = min(len(text), pos + MAX_FLOW)
    while pos < limit and not (inside and text[pos] == '"'):
        mark = text[pos]
        if mark in "[{(" and (mark != "(" or _QUOTE.match(text, pos + 1)):
            stack.append(mark)
            mappings += mark == "{"
            pos += 1
        elif mark in "]}" or (mark == ")" and stack[-1] == "("):
            mappings -= stack.pop() == "{"
            pos += 1
            if not stack:
                break
        elif mark == ",":
            key = key if stack[-1] == "[" else None
            pos += 1
        elif mark == "#":
            comment = _COMMENT.match(text, pos)
            pos = comment.end() if comment else pos + 1
        elif (scalar := _scalar(text, pos)) is None:
            pos += 1
        else:
            pos = scalar.end + (scalar.quoted and scalar.end < limit)
            is_key = stack[-1] == "{" and _COLON.match(text, scalar.end) is not None
            key = scalar.text if is_key else key
            yield scalar._replace(key=key, mapped=mappings > 0, is_key=is_key)
    yield Scalar(pos, pos, "", quoted=True, key=None, mapped=False, is_key=False)


def _scalar(text: str, pos: int) -> Scalar | None:
    if _QUOTE.match(text, pos):
        span = quoted_span(text, pos, inside=False, margin=0, certain=True)
        if span is None or span.bare:
            return None
        return Scalar(span.start, span.end, span.text, True, None, False, False)  # noqa: FBT003
    plain = _PLAIN.match(text, pos)
    word = plain[0].rstrip() if plain else ""
    if not word.strip():
        return None
    pos += len(word) - len(word.lstrip())
    end = plain.start() + len(word) if plain else pos
    return Scalar(pos, end, word.strip(), False, None, False, False)  # noqa: FBT003


class Flows:
    """Finds the bare scalar of a collection that a place of a text is in; places must ascend."""

    __slots__ = ("_ended", "_found", "_reading", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._reading: Iterator[Scalar] | None = None
        self._found: Scalar | None = None
        self._ended = 0

    def bare_at(self, pos: int) -> Scalar | None:
        """The unquoted scalar of a list or mapping that `pos` is in, if it is in one."""
        if self._reading is None or not self._read_to(pos):
            low = max(self._ended, pos - _WINDOW)
            if not any(self._text.rfind(mark, low, pos) >= 0 for mark in "[{"):
                return None
            openings = _OPENING.finditer(self._text, low, pos)
            # the outermost first; those in a collection that is over are skipped
            if not any(self._open(opening.end(), pos) for opening in openings):
                self._reading = None
                return None
        found = self._found
        return found if found and not found.quoted and found.start <= pos else None

    def _open(self, start: int, pos: int) -> bool:
        if start < self._ended:
            return False
        self._reading = scalars(self._text, start, inside=False)
        self._found = None
        return self._read_to(pos)

    def _read_to(self, pos: int) -> bool:
        """Read on to the scalar at `pos` or after it; False where the collection ends before."""
        while self._found is None or self._found.end <= pos:
            found = next(self._reading, None) if self._reading else None
            if found is None:
                self._ended = max(self._ended, self._found.end if self._found else 0)
                return False
            self._found = found
        return True
