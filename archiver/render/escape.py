r"""Run values as Markdown: shown as they are, never read as markup.

A value that could mean anything to Markdown, HTML or a terminal stands in a code span or in a
fenced block, whose delimiters are longer than any run of backticks inside. Control, bidi and
surrogate characters are written as escapes (`\x1b`).
"""

from __future__ import annotations

import re


class Markdown(str):
    """Text that is Markdown already; the template accepts nothing else."""

    __slots__ = ()


_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
"""Controls, format and invisible characters, line separators, surrogates, no characters at all."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_WORD = re.compile(r"/?[A-Za-z0-9]+(?:(?:_+|[-.+/#%]+|(?<=[0-9]):(?=[0-9]))[A-Za-z0-9]+)*/?")
"""Names, numbers, paths and times that mean nothing to Markdown."""
_PROSE = re.compile(
    r"(?![0-9]+[.)](?: |$))[A-Za-z0-9(]"
    r"(?:[A-Za-z0-9,.;()'\"/+=%#-]|:(?![A-Za-z])| (?! |$)|(?<=[A-Za-z0-9])_+(?=[A-Za-z0-9]))*"
)
"""Sentences that mean nothing to Markdown."""
_OUR_WORDS = frozenset({"none", "null", "n/a"})
"""What the document itself says of missing values."""
_TICKS = re.compile("`+")
_LONGEST_WORD = 300
_LONGEST_PROSE = 2000


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def visible(text: str) -> str:
    """The text on one line, with what is invisible or obeyed by a terminal as escapes."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escape, text)


def is_safe(text: str) -> bool:
    """Whether the text holds nothing that `visible` would change."""
    return (text.isascii() and text.isprintable()) or _UNSAFE.search(text) is None


def inline(text: str) -> Markdown:
    """One value: plain where it cannot be taken for anything else, a code span otherwise."""
    plain = len(text) <= _LONGEST_WORD and _WORD.fullmatch(text) is not None
    if plain and text.lower() not in _OUR_WORDS and "www." not in text.lower():
        return Markdown(text)
    return code(text)


def prose(text: str) -> Markdown:
    """A sentence (a message, a note): plain where that is safe, a code span otherwise."""
    plain = len(text) <= _LONGEST_PROSE and _PROSE.fullmatch(text) is not None
    if plain and "www." not in text.lower():
        return Markdown(text)
    return inline(text)


def code(text: str) -> Markdown:
    """A code span that ends where the text ends, whatever the text holds."""
    shown = visible(text)
    if not shown:
        return Markdown('`""`')
    ticks = "`" * (_longest_run(shown) + 1 if "`" in shown else 1)
    # CommonMark strips one blank from both ends when both are there, unless all are blanks.
    blank = shown[0] == " " == shown[-1] and shown.strip(" ") != ""
    padded = shown[0] == "`" or shown[-1] == "`" or blank
    return Markdown(f"{ticks} {shown} {ticks}" if padded else f"{ticks}{shown}{ticks}")


def cell(markdown: Markdown) -> Markdown:
    """Markdown for a table's cell: GFM takes every bare pipe for a border, code span or not."""
    return Markdown(markdown.replace("|", "\\|"))


def fence(text: str, info: str = "") -> Markdown:
    """A fenced block; lines are kept, everything else that is not visible is escaped."""
    ticks = "`" * max(_longest_run(text) + 1, 3)
    lines = "\n".join(visible(line) for line in text.split("\n"))
    return Markdown(f"{ticks}{info}\n{lines}\n{ticks}")


def indent(markdown: str, by: int) -> Markdown:
    """Markdown as part of a list item; empty lines stay empty."""
    margin = " " * by
    lines = markdown.split("\n")
    return Markdown("\n".join(margin + line if line else line for line in lines))


def shorten(text: str, most: int) -> str:
    """At most that many visible characters, the cut marked with an ellipsis."""
    shown = visible(text[: most + 1])
    return text if len(text) <= most and len(shown) <= most else shown[: most - 1] + "…"


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
