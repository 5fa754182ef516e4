"""Where the values of a JSON text stand, found by scanning: no value is made, nothing recurses.

A member stands where its key begins, an item where it begins itself. Text that breaks off is
scanned up to where it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from archiver.codecs import text as texts
from archiver.codecs.flaws import Flaws
from archiver.codecs.pointer_tree import Node, lines_and_columns, offsets, tree
from archiver.model.findings import Position

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_GAP = re.compile(r"[ \t\r\n\0]*+")
_BETWEEN = re.compile(r"[ \t\r\n\0,]*+")
_KEY = re.compile(rf"({_STRING})[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
_SIMPLE = re.compile(rf'(?:{_STRING}|[^][{{}}",: \t\r\n]++)', re.DOTALL)
_BETWEEN_BRACKETS = re.compile(rf'(?:[^][{{}}"]++|{_STRING})*+', re.DOTALL)
_LONE = re.compile("[\ud800-\udfff]")


def positions(data: bytes, pointers: Iterable[str]) -> dict[str, Position]:
    """Pointer -> position, of those that are there; time is linear in the data."""
    root = tree(pointers)
    text = texts.decode(data, Flaws())
    scan(text, _GAP.match(text, 0).end(), root)  # type: ignore[union-attr]
    return lines_and_columns(text, offsets(root))


def scan(text: str, pos: int, root: Node) -> None:
    """Note in the tree where things stand in the value that begins at `pos`."""
    if pos >= len(text):
        return
    root.at = pos
    node: Node | None = root
    open_: list[tuple[Node, bool, int]] = []
    while True:
        if node is not None and node.children and text[pos : pos + 1] in ("{", "["):
            open_.append((node, text[pos] == "{", 0))
            pos += 1
        else:
            pos = skip(text, pos)
        found = _next(text, pos, open_)
        if found is None:
            return
        node, pos = found


def _next(
    text: str, pos: int, open_: list[tuple[Node, bool, int]]
) -> tuple[Node | None, int] | None:
    """The next value in the containers that are open; None at the end, or where text breaks off."""
    while open_ and pos >= 0:
        pos = _BETWEEN.match(text, pos).end()  # type: ignore[union-attr]
        node, is_object, index = open_[-1]
        if text[pos : pos + 1] in ("}", "]"):
            open_.pop()
            pos += 1
        elif pos >= len(text):
            return None
        elif is_object:
            key = _KEY.match(text, pos)
            return (node.key(_unquoted(key[1]), pos), key.end()) if key else None
        else:
            open_[-1] = (node, is_object, index + 1)
            return node.item(index, pos), pos
    return None


def skip(text: str, pos: int) -> int:
    """Where the value at `pos` ends; -1 where the text ends before."""
    simple = _SIMPLE.match(text, pos)
    if simple:
        return simple.end()
    depth = 0
    while text[pos : pos + 1] in ("{", "[", "}", "]"):
        depth += 1 if text[pos] in "{[" else -1
        pos += 1
        if depth <= 0:
            return pos
        pos = _BETWEEN_BRACKETS.match(text, pos).end()  # type: ignore[union-attr]
    return -1


def _unquoted(string: str) -> str:
    """A key as the codec reads it."""
    if "\\" not in string:
        return string[1:-1]
    try:
        key: str = json.loads(string, strict=False)
    except ValueError:
        return string[1:-1]
    return _LONE.sub("\ufffd", key)
