"""Where the values of a YAML document stand, from the parser's marks; nothing is composed.

A member stands where its key begins, an item where it begins itself. What an alias repeats or a
merge key brings stands where the alias or the mapping does: it has no place of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from archiver.codecs import text as texts
from archiver.codecs import yaml_scalars
from archiver.codecs.flaws import Flaws
from archiver.codecs.pointer_tree import Node, tree
from archiver.codecs.yaml_nodes import key_text
from archiver.limits import DEFAULT, Limits
from archiver.model.findings import Position


@dataclass(slots=True)
class _Level:
    """One list or mapping that is open."""

    node: Node | None
    mapping: bool
    index: int = 0
    wants_key: bool = True
    member: Node | None = None
    """Of a mapping: what the key at hand begins."""


def positions(
    data: bytes, pointers: Iterable[str], limits: Limits = DEFAULT
) -> dict[str, Position]:
    """Pointer -> position, of those that are there; of a broken document up to the break."""
    if len(data) > limits.yaml_bytes:
        return {}
    tracker = _Tracker(tree(pointers), limits)
    source = texts.decode(data, Flaws())
    try:
        for event in yaml.parse(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if not tracker.take(event):
                break
    except (yaml.YAMLError, RecursionError):
        pass  # what stands before the fault has been seen
    return tracker.found()


class _Tracker:
    """Follows the parser's events through the first document."""

    def __init__(self, root: Node, limits: Limits) -> None:
        self._root, self._limits = root, limits
        self._levels: list[_Level] = []
        self._marks: list[Position] = []
        """A node's `at` is the number of its mark."""

    def take(self, event: yaml.Event) -> bool:
        """Take the next event; False when there is nothing more to see."""
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            if len(self._levels) >= self._limits.nesting:
                return False
            node = self._value(event)
            self._levels.append(_Level(node, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._levels.pop()
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            self._value(event)
        return not isinstance(event, yaml.DocumentEndEvent)

    def found(self) -> dict[str, Position]:
        """What was found so far."""
        return {
            node.pointer: self._marks[node.at]
            for node in self._root.below()
            if node.pointer is not None and node.at is not None
        }

    def _value(self, event: yaml.Event) -> Node | None:
        """The node of a value (or key) that begins; None if nobody wants anything of it."""
        if not self._levels:
            self._root.at = self._mark(event)
            return self._root
        level = self._levels[-1]
        if not level.mapping:
            level.index += 1
            if level.node is None or str(level.index - 1) not in level.node.children:
                return None
            return level.node.item(level.index - 1, self._mark(event))
        if level.wants_key:
            level.wants_key = False
            level.member = self._member(level.node, event)
            return None
        level.wants_key = True
        return level.member

    def _member(self, node: Node | None, event: yaml.Event) -> Node | None:
        if node is None or not node.children or not isinstance(event, yaml.ScalarEvent):
            return None
        key = event.value
        if event.implicit[0] and not event.tag:
            key = key_text(yaml_scalars.plain(event.value, self._limits).yaml11)
        return node.key(key, self._mark(event))

    def _mark(self, event: yaml.Event) -> int:
        mark = event.start_mark
        self._marks.append(Position(mark.line + 1, mark.column + 1) if mark else Position(1))
        return len(self._marks) - 1
