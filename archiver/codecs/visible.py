"""Text that may reach a terminal or a log: nothing in it is obeyed, everything is seen."""

from __future__ import annotations

import unicodedata

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls (C0, C1), format characters (bidi, zero width), surrogates, line separators."""


def safe(text: str) -> str:
    """`text` on one line, with what a terminal would obey made visible as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape", "surrogatepass").decode()
        if unicodedata.category(char) in _UNSAFE_CATEGORIES
        else char
        for char in text
    )
