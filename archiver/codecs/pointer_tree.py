"""The JSON pointers that somebody wants to find in a text, as a tree that a scanner walks along.

A scanner holds a node while it is on the way to something wanted, and None everywhere else, where
it only has to find the end. Offsets are kept with the nodes: of a key that is repeated the last
one counts, with nothing of what the earlier one held.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.pointers import escape
from archiver.model.findings import Position

MOST_PARTS = 1_000
"""Of one pointer; documents are not nested as deeply as that."""


@dataclass(slots=True, eq=False)
class Node:
    """One value on the way to something wanted."""

    pointer: str | None = None
    """What this is called by, if it is wanted itself."""
    at: int | None = None
    """Where it stands, once it was met."""
    children: dict[str, Node] = field(default_factory=dict)
    """By the parts of the pointers as they are spelled there."""

    def key(self, key: str, at: int) -> Node | None:
        """The member that a key at an offset begins; None if nobody wants anything of it."""
        child = self.children.get(escape(key)) if self.children else None
        if child is not None:
            if child.at is not None:
                for node in child.below():
                    node.at = None
            child.at = at
        return child

    def item(self, index: int, at: int) -> Node | None:
        """The item of that number at an offset; None if nobody wants anything of it."""
        child = self.children.get(str(index))
        if child is not None:
            child.at = at
        return child

    def below(self) -> Iterator[Node]:
        """The node and all under it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())


def tree(pointers: Iterable[str]) -> Node:
    """The tree of some pointers (RFC 6901, as `codecs.pointers` spells them)."""
    root = Node()
    for pointer in pointers:
        parts = pointer.split("/")[1:]
        if (pointer and not pointer.startswith("/")) or len(parts) > MOST_PARTS:
            continue
        node = root
        for part in parts:
            node = node.children.setdefault(part, Node())
        node.pointer = pointer
    return root


def offsets(root: Node) -> dict[str, int]:
    """Pointer -> where it was met."""
    return {
        node.pointer: node.at
        for node in root.below()
        if node.pointer is not None and node.at is not None
    }


def lines_and_columns(text: str, found: dict[str, int]) -> dict[str, Position]:
    """Positions of offsets into a text; lines end at line feeds."""
    wanted = sorted(set(found.values()))
    starts: list[int] = [0]
    numbers: list[int] = [1]
    line, seen = 1, 0
    for offset in wanted:
        line += text.count("\n", seen, offset)
        seen = offset
        starts.append(text.rfind("\n", 0, offset) + 1)
        numbers.append(line)
    places: dict[str, Position] = {}
    for pointer, offset in found.items():
        at = bisect_right(wanted, offset)
        places[pointer] = Position(numbers[at], offset - starts[at] + 1)
    return places
