"""The complete part of JSON text that breaks off."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""[ \t\r\n]* ( "[^"\\]*(?:\\.[^"\\]*)*" | [][{},:] | [^][{},:"\s]+ )""",
    re.DOTALL | re.VERBOSE,
)
_WORDS = frozenset(("true", "false", "null", "NaN", "Infinity", "-Infinity"))
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
    safe, pos, before = 0, 0, ""
    while match := _TOKEN.match(text, pos, stop):
        token, pos = match[1], match.end()
        first = token[0]
        if first in _CLOSER:
            closers.append(_CLOSER[first])
            safe = pos
        elif not closers:
            break
        elif first in "]}":
            closers.pop()
            safe = pos
        elif first == ",":
            safe = match.start()
        elif token in _WORDS or (first == '"' and (closers[-1] == "]" or before == ":")):
            safe = pos
        before = first
    return text[:safe] + "".join(reversed(closers))


def is_torn(text: str, pos: int, message: str) -> bool:
    """Whether the decoder failed because the text ends, rather than over what stands there."""
    if pos >= len(text.rstrip(" \t\r\n")):
        return True
    if message.startswith("Unterminated string"):
        return True
    if message.startswith("Invalid \\"):
        return '"' not in text[pos:]
    return len(text) - pos < 16 and _TORN_REST.fullmatch(text, pos) is not None
