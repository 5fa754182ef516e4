"""What can be proved about JSON text without decoding it, by scans in linear time.

`orjson` is fast and strict, but it hides three things: a repeated key (the last wins), an
integer beyond 64 bits (a rounded float), and nesting up to its own limit. These scans prove
that none of them is there, or send the text to the exact decoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import orjson

from archiver.limits import Limits
from archiver.model.values import Value

_LONG_DIGITS = b"0" * 16
"""2^53 has sixteen digits: shorter integers are exact everywhere."""
_LONG_MEMBER = b":" + _LONG_DIGITS
_LONG_ITEMS = (b"," + _LONG_DIGITS, b"[" + _LONG_DIGITS)
_LONGEST_DIGITS = b"0" * 20
_LONGEST = tuple(before + _LONGEST_DIGITS for before in (b":", b",", b"["))
"""2^64 has twenty digits: shorter integers without a sign are exact in orjson."""
_LONG_NEGATIVE = re.compile(rb"-[0-9]{19}")
"""-2^63 has nineteen digits."""


def _shadow_table() -> bytes:
    table = bytearray(range(256))
    for byte in b"0123456789":
        table[byte] = ord("0")
    return bytes(table)


_SHADOW = _shadow_table()
_INDENTED = (b'{\n  "', b"[\n  ")
_INDENT = orjson.OPT_INDENT_2
_BLANKS = b" \t\r\n"
_NO_SHADOW = _BLANKS + b"-"
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
"""Possessive, so that no position is kept for trying again."""
_STRING_TEXT = re.compile(_STRING, re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^][{}]+")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def hides_nothing(data: bytes, values: Sequence[Value], limits: Limits, own_keys: int = -1) -> bool:
    """Whether `values`, decoded from `data` by orjson, are all that is written there.

    The shadow of the text has `0` for every digit, and neither white space nor minus. Every member
    shows in it as `":`, so that their number is at least the number of members written; when it
    equals the number of keys that came out, no key was repeated. An integer of sixteen or more
    digits shows as a run of zeros after `:`, `,` or `[`; after a decimal point it is none.
    False means "look closer", not "something is wrong". `own_keys` is the number of keys of the
    values themselves, where they are objects: for flat ones no other count is needed.
    """
    shadow = data.translate(_SHADOW, _NO_SHADOW)
    if shadow.startswith(b"0") or _LONG_MEMBER in shadow:
        return False
    arrays = b"[" in data
    if arrays and any(needle in shadow for needle in _LONG_ITEMS):
        return False
    members = shadow.count(b'":')
    if not arrays and members == own_keys:
        return True
    return members == count_keys(values, limits.nesting)


def is_rewritten(data: bytes, value: Value, limits: Limits) -> bool:
    """Whether a value that orjson decoded from `data` is written there as orjson would write it.

    Then nothing was hidden: every key and every number was written once, just as it came out.
    Blanks are left out of the comparison, in strings as well: none makes two members of one.
    False means "look closer".
    """
    if b"\\" in data or b"e-0" in data:
        return False  # There are several ways to write an escape, or a small number.
    if data.startswith(_INDENTED):
        # Most documents that people are to read are so; in these, a line tells how deep it is.
        deep = b"\n" + b"  " * limits.nesting
        if deep not in data and _written(value, _INDENT) == data.rstrip():
            return True
    # As few brackets as this are never nested too deeply.
    if data.count(b"{") + data.count(b"[") > limits.nesting:
        return False
    return data.translate(None, _BLANKS) == _written(value).replace(b" ", b"")


def _written(value: Value, option: int = 0) -> bytes:
    """The value as orjson writes it; nothing where it is nested too deeply for that."""
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        return b""


def is_exact(data: bytes, keys: int) -> bool:
    """Whether the one value that orjson decoded from `data` is all that is written there.

    `keys` is the number of keys of all its objects. In contrast to `hides_nothing`, integers that
    orjson keeps exactly may be beyond 2^53.
    """
    shadow = data.translate(_SHADOW, _NO_SHADOW)
    if shadow.startswith(b"0") or shadow.count(b'":') != keys:
        return False
    if _LONG_DIGITS not in shadow:
        return True
    longest = _LONGEST_DIGITS in shadow and any(needle in shadow for needle in _LONGEST)
    return not longest and not _LONG_NEGATIVE.search(data)


def count_keys(values: Iterable[Value], nesting: int) -> int:
    """Keys of all objects in the values; -1 if one is nested deeper than allowed.

    Level by level, as plainly as can be: this runs over every value of nested rows.
    """
    keys, depth = 0, -1
    level = list(values)
    while level:
        below: list[Value] = []
        held = False
        for value in level:
            if type(value) is dict:
                held = True
                keys += len(value)
                below += value.values()
            elif type(value) is list:
                held = True
                below += value
        depth += held
        if depth >= nesting:
            return -1
        level = below
    return keys


def over_limit(text: str, limits: Limits) -> str:
    """`nesting-limit` or `size-limit` if decoding the text would pass it, else nothing."""
    opened = text.count("[") + text.count("{")
    if opened <= limits.nesting and len(text) < limits.nodes:
        return ""
    bare = _STRING_TEXT.sub("", text)
    if bare.count(",") + bare.count("[") + bare.count("{") >= limits.nodes:
        return "size-limit"
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", bare):
        depth += 1 if bracket in "[{" else -1
        if depth > limits.nesting:
            return "nesting-limit"
    return ""


def mend_surrogates(text: str) -> tuple[str, int]:
    r"""Replace each `\ud800` that has no partner by U+FFFD; the text and how many there were."""
    if not _SURROGATE.search(text):
        return text, 0
    lone = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal lone
        if match["lone"] is None:
            return match[0]
        if match.end() + 6 > len(text) and '"' not in text[match.end() :]:
            return match[0]  # the text breaks off before the other half
        lone += 1
        return "\\ufffd"

    return _ESCAPE.sub(mend, text), lone
