"""The complete part of JSON text that breaks off."""

from __future__ import annotations

import re

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BETWEEN_BRACKETS = re.compile(rf'(?:[^][{{}}"]++|{_STRING})*+', re.DOTALL)
_SPACE = r"[ \t\r\n]*+"
_COMPLETE = rf"(?:{_STRING}|true|false|null|NaN|-?Infinity|[-+.0-9eE]++(?={_SPACE},))"
_ITEMS = re.compile(rf"(?:{_SPACE},?{_SPACE}{_COMPLETE})*+", re.DOTALL)
_MEMBERS = re.compile(rf"(?:{_SPACE},?{_SPACE}{_STRING}{_SPACE}:{_SPACE}{_COMPLETE})*+", re.DOTALL)
_CLOSER = {"{": "}", "[": "]"}
_TORN_REST = re.compile(
    r"""-?(?:I(?:n(?:f(?:i(?:n(?:i(?:t(?:y)?)?)?)?)?)?)?)? | N(?:a)? | t(?:r(?:u)?)?
    | f(?:a(?:l(?:s)?)?)? | n(?:u(?:l)?)? | [.] | [.]?[0-9]*[eE][+-]? """,
    re.VERBOSE,
)


def mended(text: str, stop: int) -> str:
    """The longest beginning of `text[:stop]` that ends with a complete value, with all closed.

    `stop` is where a decoder failed: what lies before it is well formed. A number, or a member
    of which only the key is there, is not complete. Empty if no container was opened.
    """
    closers: list[str] = []
    pos = last = 0
    while True:
        pos = _end(_BETWEEN_BRACKETS, text, pos, stop)
        bracket = text[pos : pos + 1] if pos < stop else ""
        if bracket in _CLOSER:
            closers.append(_CLOSER[bracket])
        elif closers and bracket == closers[-1]:
            closers.pop()
        else:  # the end, or a string that breaks off
            break
        pos = last = pos + 1
    if not closers:
        return ""
    safe = _end(_MEMBERS if closers[-1] == "}" else _ITEMS, text, last, stop)
    return text[:safe] + "".join(reversed(closers))


def _end(pattern: re.Pattern[str], text: str, pos: int, stop: int) -> int:
    match = pattern.match(text, pos, stop)
    return match.end() if match else pos


def is_torn(text: str, pos: int, message: str) -> bool:
    """Whether the decoder failed because the text ends, rather than over what stands there."""
    if pos >= len(text.rstrip(" \t\r\n")):
        return True
    if message.startswith("Unterminated string"):
        return True
    if message.startswith("Invalid \\"):
        return '"' not in text[pos:]
    return len(text) - pos < 16 and _TORN_REST.fullmatch(text, pos) is not None
