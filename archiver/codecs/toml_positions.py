"""Where the values of a TOML document stand, by a scan of its keys and table headers.

A member stands where its key begins (of a dotted key, where the whole key does), a table where the
key in its header begins, an item of an array where it begins itself. TOML 1.0, https://toml.io.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field

from archiver.codecs import text as texts
from archiver.codecs.flaws import Flaws
from archiver.codecs.pointer_tree import Node, lines_and_columns, offsets, tree
from archiver.codecs.pointers import escape
from archiver.limits import DEFAULT, Limits
from archiver.model.findings import Position

_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_LITERAL = r"'[^'\n]*+'"
_PART = rf"(?:[\w-]++|{_BASIC}|{_LITERAL})"
_DOTTED = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_GAP = re.compile(r"(?:[ \t\r\n]++|\#[^\n]*+)*+")
_BETWEEN = re.compile(r"(?:[ \t\r\n,]++|\#[^\n]*+)*+")
_HEADER = re.compile(rf"(\[\[?)[ \t]*+({_DOTTED})[ \t]*+\]")
_MEMBER = re.compile(rf"({_DOTTED})[ \t]*+=[ \t]*+")
_EACH_PART = re.compile(_PART)
_LONG_BASIC = r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
_LONG_LITERAL = r"'''(?:[^']++|'(?!''))*+'{3,5}"
_STRING = re.compile("|".join((_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL)), re.DOTALL)
_BARE = re.compile(r"[^][{},\"'#\n]++")
_OTHER = re.compile(r"[^][{}\"'#]++")
_MOST_PARTS = 64


def positions(
    data: bytes, pointers: Iterable[str], limits: Limits = DEFAULT
) -> dict[str, Position]:
    """Pointer -> position, of those that are there; of a broken document up to the break."""
    if len(data) > limits.toml_bytes:
        return {}
    root = tree(pointers)
    text = texts.decode(data, Flaws())
    root.at = 0
    _Scanner(text, root).scan()
    return lines_and_columns(text, offsets(root))


@dataclass(slots=True)
class _Open:
    """An array or inline table on the way to something wanted."""

    node: Node
    table: bool
    items: int = 0


@dataclass(slots=True)
class _Scanner:
    text: str
    root: Node
    counts: dict[int, int] = field(default_factory=dict)
    """Arrays of tables: how many of its tables were opened, by the node's identity."""

    def scan(self) -> None:
        table: Node | None = self.root
        pos = 0
        while True:
            pos = _end(_GAP, self.text, pos)
            header = _HEADER.match(self.text, pos)
            if header:
                table = self._table(header)
                pos = header.end() + (header[1] == "[[")
                continue
            member = _MEMBER.match(self.text, pos)
            if not member:
                return
            node = _member(table, _parts(member[1]), pos)
            pos = self._value(member.end(), node)
            if pos < 0:
                return

    def _table(self, header: re.Match[str]) -> Node | None:
        """The table that a header opens."""
        node: Node | None = self.root
        parts = _parts(header[2])
        at = header.start(2)
        for number, part in enumerate(parts, 1):
            node = _met(node, part, at)
            if node is None:
                return None
            if header[1] == "[[" and number == len(parts):
                self.counts[id(node)] = self.counts.get(id(node), 0) + 1
            if id(node) in self.counts:
                node = _met(node, self.counts[id(node)] - 1, at)
        return node

    def _value(self, pos: int, node: Node | None) -> int:
        """Where the value at `pos` ends; -1 where the text breaks off."""
        open_: list[_Open] = []
        while True:
            if node is not None and node.children and self.text[pos : pos + 1] in ("[", "{"):
                open_.append(_Open(node, self.text[pos] == "{"))
                pos += 1
            else:
                pos = _skip(self.text, pos)
            while open_ and pos >= 0:
                pos = _end(_BETWEEN, self.text, pos)
                if self.text[pos : pos + 1] not in ("]", "}"):
                    break
                open_.pop()
                pos += 1
            if not open_ or pos < 0:
                return pos
            level = open_[-1]
            if level.table:
                member = _MEMBER.match(self.text, pos)
                if not member:
                    return -1
                node = _member(level.node, _parts(member[1]), pos)
                pos = member.end()
            else:
                node = level.node.item(level.items, pos)
                level.items += 1


def _skip(text: str, pos: int) -> int:
    """Where a value ends that nobody wants anything of; -1 where the text breaks off."""
    depth = 0
    while pos < len(text):
        char = text[pos]
        string = _STRING.match(text, pos) if char in "\"'" else None
        if string:
            pos = string.end()
        elif char in "[{":
            depth, pos = depth + 1, pos + 1
        elif char in "]}" and depth:
            depth, pos = depth - 1, pos + 1
        elif char == "#" and depth:
            pos = _end(_GAP, text, pos)
        elif char in "\"'#]}":
            return -1
        else:
            end = _end(_OTHER if depth else _BARE, text, pos)
            if end == pos:
                return -1
            pos = end
        if not depth:
            return pos
    return -1


def _member(table: Node | None, parts: list[str], at: int) -> Node | None:
    """What a key, dotted or not, of a table begins."""
    node = table
    for part in parts[:-1]:
        node = _met(node, part, at)
    return node.key(parts[-1], at) if node is not None and parts else None


def _met(node: Node | None, part: str | int, at: int) -> Node | None:
    """A table on the way, which stands where it was named first."""
    if node is None:
        return None
    child = node.children.get(str(part) if isinstance(part, int) else escape(part))
    if child is not None and child.at is None:
        child.at = at
    return child


def _parts(dotted: str) -> list[str]:
    """The keys that a dotted key joins; none of one of too many."""
    parts = _EACH_PART.findall(dotted)
    return [_unquoted(part) for part in parts] if len(parts) <= _MOST_PARTS else []


def _unquoted(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if not part.startswith('"'):
        return part
    if "\\" not in part:
        return part[1:-1]
    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except tomllib.TOMLDecodeError:
        return part[1:-1]


def _end(pattern: re.Pattern[str], text: str, pos: int) -> int:
    match = pattern.match(text, pos)
    return match.end() if match else pos
