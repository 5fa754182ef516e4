"""What was read of a pickle as plain values: what it shares is written out, and counted."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from archiver.codecs.flaws import Flaws
from archiver.codecs.pickle_nodes import Call, Global, Items, Mapping, Node, Reference
from archiver.codecs.yaml_nodes import Inner, key_text, tagged
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Tagged, Value


@dataclass
class Converter:
    """Turns nodes into plain values.

    Objects are `Tagged` as a YAML dump of them would be: `python/name` for globals,
    `python/object/apply:<name>` with the arguments, `python/object:<name>` with the state.
    Flaws: `nesting-limit`, `size-limit`, `non-string-key`.
    """

    limits: Limits = DEFAULT
    special: Callable[[Call], Value] | None = None
    """Asked first for each object; None where it has no answer."""
    flaws: Flaws = field(default_factory=Flaws)
    _nodes: int = 0
    _characters: int = 0

    def value(self, node: Node) -> Value:
        """The plain value."""
        return cast("Value", self._value(node, 0, inside=False))

    def _value(self, node: Node, depth: int, *, inside: bool) -> Value | Inner:
        """The plain value; `inside` of an object that becomes text as a whole."""
        self._nodes += 1
        if self._nodes > self.limits.pickle_nodes:
            self.flaws.add("size-limit", "more values than the limit")
            return _OVER
        if depth > self.limits.nesting:
            self.flaws.add("nesting-limit", "nested too deeply")
            return Tagged("unresolved", "nested too deeply")
        if isinstance(node, list | tuple):
            return self._list(node, depth, inside=inside)
        if isinstance(node, Mapping):
            return self._mapping(node.pairs, depth, inside=inside)
        if isinstance(node, Items):
            return self._object("apply:builtins.set", [node.items], depth, inside=inside)
        if isinstance(node, Call):
            return self._call(node, depth, inside=inside)
        return _leaf(node) if self._affords(_extent(node)) else _OVER

    def _affords(self, characters: int) -> bool:
        """Whether so much text may still be written out."""
        self._characters += characters
        if self._characters <= self.limits.pickle_characters:
            return True
        self.flaws.add("size-limit", "more text than the limit, once what is shared is repeated")
        return False

    def _list(self, items: Sequence[Node], depth: int, *, inside: bool) -> Value:
        found = []
        for item in items:
            if self._nodes > self.limits.pickle_nodes:
                break
            found.append(self._value(item, depth + 1, inside=inside))
        return cast("Value", found)

    def _mapping(self, pairs: list[tuple[Node, Node]], depth: int, *, inside: bool) -> Value:
        found: dict[str, Value | Inner] = {}
        for key, item in pairs:
            if self._nodes > self.limits.pickle_nodes:
                break
            if not isinstance(key, str):
                self.flaws.add("non-string-key", "a key that is no text made one")
            name = key_text(self._value(key, depth + 1, inside=inside))
            found[name] = self._value(item, depth + 1, inside=inside)
        return cast("Value", found)

    def _call(self, call: Call, depth: int, *, inside: bool) -> Value | Inner:
        answer = self.special(call) if self.special is not None else None
        if answer is not None:
            return answer
        name, args = call.path, call.args if isinstance(call.args, tuple) else (call.args,)
        if name == "collections.OrderedDict":
            return self._mapping(call.pairs, depth, inside=inside)
        if name == "copyreg._reconstructor" and args and isinstance(args[0], Global):
            return self._object(args[0].path, call.state, depth, inside=inside)
        if call.state is not None:
            return self._object(name, call.state, depth, inside=inside)
        if call.pairs:
            return self._object(name, Mapping(call.pairs), depth, inside=inside)
        return self._object(f"apply:{name}", [*args, *call.items], depth, inside=inside)

    def _object(self, name: str, node: Node, depth: int, *, inside: bool) -> Value | Inner:
        if not self._affords(len(name)):
            return _OVER
        tag = "python/object" + ("/" if name.startswith("apply:") else ":") + name
        value = self._value(node, depth + 1, inside=True)
        return Inner(tag, value) if inside else tagged(tag, value)


_OVER = Tagged("unresolved", "over the limit of values")


def _extent(node: Node) -> int:
    """Characters that a leaf takes."""
    if isinstance(node, Global):
        return len(node.module) + len(node.name)
    return len(node) if isinstance(node, str | bytes) else 1


def _leaf(node: Node) -> Value:
    if isinstance(node, Global):
        return Tagged("python/name", node.path)
    if isinstance(node, Reference):
        known = isinstance(node.id, str | int)
        return Tagged("python/persistent-id", str(node.id)[:200] if known else "")
    if isinstance(node, bytes):
        return Tagged("bytes", base64.b64encode(node).decode())
    return cast("Value", node)
