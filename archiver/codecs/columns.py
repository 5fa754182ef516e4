"""Columns that text takes in a terminal, which are not its characters.

East Asian wide characters and most emoji take two columns, combining marks and the inner letters
of a Korean syllable none (Unicode Standard Annex 11). Text is expected to be `visible.safe`:
controls and format characters are counted as one column each. What is ambiguous counts as narrow,
as terminals have it unless they are told otherwise.
"""

from __future__ import annotations

import unicodedata

_MOST_MARKS = 4
"""Characters per column that text may have on average before it no longer fits."""
_INNER_JAMO = ((0x1160, 0x11FF), (0xD7B0, 0xD7FF))
"""Vowels and final consonants that are drawn into the syllable before them."""


def width(text: str) -> int:
    """Columns of a text on one line."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 0 if any(low <= ord(char) <= high for low, high in _INNER_JAMO) else 1


def fits(text: str, columns: int) -> bool:
    """Whether a text fits into so many columns; one that heaps up marks fits into none."""
    return len(text) <= _MOST_MARKS * columns and width(text) <= columns


def beginning(text: str, columns: int) -> str:
    """As much of a text as fits, from its first character on; marks stay with what they mark."""
    if text.isascii():
        return text[: max(0, columns)]
    taken = 0
    for place, char in enumerate(text[: _MOST_MARKS * max(0, columns)]):
        taken += _width(char)
        if taken > columns:
            return text[:place]
    return text[: _MOST_MARKS * max(0, columns)]


def ending(text: str, columns: int) -> str:
    """As much of a text as fits, up to its last character; it does not begin with a mark."""
    if columns <= 0:
        return ""
    if text.isascii():
        return text[-columns:]
    taken, start = 0, len(text)
    for place in range(len(text) - 1, max(-1, len(text) - 1 - _MOST_MARKS * columns), -1):
        own = _width(text[place])
        taken += own
        if taken > columns:
            break
        if own:
            start = place
    return text[start:]


def left(text: str, columns: int) -> str:
    """A text with blanks after it up to a width."""
    return text + " " * (columns - width(text))


def right(text: str, columns: int) -> str:
    """A text with blanks before it up to a width."""
    return " " * (columns - width(text)) + text
