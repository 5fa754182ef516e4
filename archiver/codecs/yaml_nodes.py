"""Parts of a YAML document while it is composed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from archiver.model.values import Tagged, Value, to_json

_KEY_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Inner:
    """A tagged list or mapping inside another one; it becomes text only with the outermost.

    As text inside of text inside of text its quotes would double at every level.
    """

    tag: str
    value: _Node


_Node: TypeAlias = "Value | Inner"


class Anchor(NamedTuple):
    """A finished node that aliases may repeat, with what a repetition costs."""

    value: _Node
    nodes: int
    bytes: int
    """Characters of its scalars."""
    height: int
    """Levels below it."""


@dataclass(slots=True)
class Frame:
    """A list or mapping that is not finished."""

    value: list[Value] | dict[str, Value]
    anchor: str | None
    tag: str
    """Empty for plain ones."""
    nodes: int
    """Nodes of the document when it began, itself included."""
    bytes: int
    height: int = 1
    key: str | None = None
    """Of a mapping: the key whose value comes next."""
    merging: bool = False
    merged: dict[str, Value] = field(default_factory=dict)

    def merge(self, value: _Node) -> bool:
        """Take the mapping, or list of mappings, of a merge key; false if it is neither.

        Of a list the first mapping wins, of several merge keys the last, as in PyYAML.
        """
        sources = value if isinstance(value, list) else [value]
        if isinstance(value, Inner) or not all(isinstance(item, dict) for item in sources):
            return False
        for source in reversed(sources):
            if isinstance(source, dict):
                self.merged.update(source)
        return True

    def finished(self) -> list[Value] | dict[str, Value]:
        """The value, own members before merged ones of the same key."""
        if isinstance(self.value, dict) and self.merged:
            return {**self.merged, **self.value}
        return self.value


def tagged(tag: str, value: _Node) -> Tagged:
    """A tagged list or mapping as its tag and its JSON text."""
    text = json.dumps(value, default=_as_json, sort_keys=True, ensure_ascii=False)
    return Tagged(tag, text)


def _as_json(value: object) -> object:
    if isinstance(value, Tagged):
        return to_json(value)
    if isinstance(value, Inner):
        return {"$type": value.tag, "value": value.value}
    raise TypeError(type(value).__name__)


def key_text(value: _Node) -> str:
    """A mapping key as JSON would write it; of a long one the beginning."""
    if isinstance(value, str):
        return value
    if isinstance(value, Inner):
        value = tagged(value.tag, value.value)
    if isinstance(value, Tagged):
        return value.value[:_KEY_CHARACTERS]
    text = json.dumps(value, default=_as_json, sort_keys=True, ensure_ascii=False)
    return text[:_KEY_CHARACTERS]


def clone(value: _Node, *, inside_tag: bool) -> _Node:
    """A copy that shares no list or mapping; the depth of composed values is bounded."""
    if isinstance(value, Inner):
        if not inside_tag:
            return tagged(value.tag, value.value)
        return Inner(value.tag, clone(value.value, inside_tag=True))
    if isinstance(value, list):
        return [clone(item, inside_tag=inside_tag) for item in value]  # type: ignore[misc]
    if isinstance(value, dict):
        return {k: clone(v, inside_tag=inside_tag) for k, v in value.items()}  # type: ignore[misc]
    return value
