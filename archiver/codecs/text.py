"""Bytes to text: encodings told by their first bytes, bad bytes replaced and reported."""

from __future__ import annotations

import codecs

from archiver.codecs.flaws import Flaws

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 first: its little-endian mark begins with that of UTF-16."""


def decode(data: bytes, flaws: Flaws) -> str:
    """Text without lone surrogates, whatever the bytes.

    Flaws: `bom`, `bad-encoding` (not UTF-8, but decoded), `bad-utf8` (bytes replaced by U+FFFD).
    """
    encoding, start = _encoding(data)
    if start:
        flaws.add("bom", f"byte order mark of {encoding}", "byte 0")
    if encoding != "utf-8":
        flaws.add("bad-encoding", f"the text is {encoding}, not utf-8", "byte 0")
    body = data[start:]
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        at = start + error.start
        flaws.add("bad-utf8", f"bytes that are no {encoding} replaced", f"byte {at}")
        return body.decode(encoding, "replace")


def _encoding(data: bytes) -> tuple[str, int]:
    """The encoding, and the length of the byte order mark."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding, len(mark)
    if data[1:2] == b"\0" and data[:1] in b"{[":  # without a mark, as some editors save
        return "utf-16-le", 0
    return "utf-8", 0


def place(text: str, pos: int) -> str:
    """`L3:14`: line and column, from 1, of a position in the text."""
    return f"L{text.count(chr(10), 0, pos) + 1}:{pos - text.rfind(chr(10), 0, pos)}"
