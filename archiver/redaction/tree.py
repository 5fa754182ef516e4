"""The walk over a parsed value: which of its texts are secrets because of where they stand."""

from __future__ import annotations

from archiver.model.plain import dataclass
from archiver.model.values import Tagged, Value
from archiver.redaction.names import Rule, classify, holds_many, speaks_about
from archiver.redaction.worth import looks_secret, stays

_PAIR_NAMES = ("name", "key", "variable")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and what the names above it say."""

    value: Value
    rule: Rule = Rule.NO
    many: bool = False
    """Whether all entries of a mapping are secrets (`credentials: {...}`)."""


def node_for(value: Value, key: str | None) -> Node:
    """The root of a walk: a value that stands under `key`, if under any."""
    return Node(value) if key is None else Node(value, classify(key), holds_many(key))


def children(node: Node) -> list[Node]:
    """The items of a list or the entries of a mapping, in order; none for other values."""
    if isinstance(node.value, list):
        return _items(node.value, node)
    if isinstance(node.value, dict):
        return [_entry(node, key, value) for key, value in node.value.items()]
    return []


def secret_text(node: Node) -> str | None:
    """The text of a value that its name makes a secret, else None."""
    if node.rule is Rule.NO:
        return None
    if isinstance(node.value, Tagged):
        text = "" if node.value.type in {"int", "float"} else node.value.value.strip()
    else:
        text = node.value.strip() if isinstance(node.value, str) else ""
    if stays(text, bare=False) or (node.rule is Rule.MAYBE and not looks_secret(text)):
        return None
    return text


def _items(items: list[Value], node: Node) -> list[Node]:
    """List items: an argument after `--hf-token` is judged by that name."""
    rule = node.rule if node.rule is Rule.SURE else Rule.NO
    nodes = []
    flag = Rule.NO
    for item in items:
        is_flag = isinstance(item, str) and item.startswith("--")
        nodes.append(Node(item, rule if is_flag else max(rule, flag), node.many))
        flag = classify(item) if isinstance(item, str) and is_flag and "=" not in item else Rule.NO
    return nodes


def _entry(node: Node, key: str, value: Value) -> Node:
    rule, many = classify(key), holds_many(key)
    if node.many and not speaks_about(key):
        rule, many = Rule.SURE, True
    if key == "value" and isinstance(node.value, dict):
        # an environment as a list of pairs: the name is a value of its own
        names = [name for name in map(node.value.get, _PAIR_NAMES) if isinstance(name, str)]
        rule = max([rule, *map(classify, names)])
    return Node(value, rule, many)
