"""Text that may reach a terminal or a log: nothing in it is obeyed, everything is seen."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls (C0, C1), format characters (bidi, zero width), surrogates, line separators."""
_LOG_COMMAND = re.compile(r"##(?=\w*\[)")
"""What CI systems obey anywhere in a line of a log: `##[...]` (GitHub's runner reads the older
form of its commands so, Azure Pipelines its sections), `##vso[...]`, `##teamcity[...]`."""


def safe(text: str) -> str:
    """`text` on one line, with what a terminal or a CI system would obey made visible."""
    if text.isascii() and text.isprintable() and "##" not in text:
        return text
    shown = "".join(
        char.encode("unicode_escape", "surrogatepass").decode()
        if unicodedata.category(char) in _UNSAFE_CATEGORIES
        else char
        for char in text
    )
    return _LOG_COMMAND.sub(r"#\\x23", shown)


def opening(text: str) -> str:
    """`safe`, for text that a line may begin with: there, GitHub's runner obeys `::name::`."""
    shown = safe(text)
    blanks = len(shown) - len(shown.lstrip())
    if shown.startswith("::", blanks):
        return f"{shown[:blanks]}\\x3a{shown[blanks + 1 :]}"
    return shown
