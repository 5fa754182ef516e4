"""A fault that is put into a valid document is found where it was put, and nothing else is.

Faults are made from what the schema states of each place of the document: a required key is taken
away, a value gets another type, or leaves the values, the pattern or the bounds that are stated.
"""

from __future__ import annotations

import copy
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.conftest import SCHEMAS, Schema, cases, documents
from tests.schemas.test_valid_documents import sound

Place = tuple[str | int, ...]

DOCUMENTS = 5
"""Documents of different shapes that are tried for each schema, but for the one filled up."""
TRIES = 2
"""How often the same is broken in the same way, in other documents or items of a list.

What is stated in one branch of several depends on what else stands there; what always holds is
tried once.
"""
TYPES = 2
"""Other types that are tried where one always holds; which ones differs from place to place."""
ITEMS = 2
"""Items of each list that are tried."""
PASSES = 4
"""How often a document is looked through for what could be added, one level at a time."""
KEYS = 40
"""Keys of each object that no property of the schema names and that are tried."""
SAMPLES: dict[str, Any] = {
    "null": None, "boolean": True, "number": 7.5, "string": "~ none", "array": ["~"],
    "object": {"~": 1},
}  # fmt: skip
"""A value of each type; the number is no integer."""
UNKNOWN = "~ unknown"
TEXTS = ("~ none", "", " ", "a/b", "~", "\n")
"""Text, some of which no pattern that means anything lets pass."""


@dataclass(frozen=True)
class Part:
    """A place of a document, and what the schema states of it."""

    place: Place
    value: Any
    rules: list[tuple[dict[str, Any], bool]]
    """Schemas that hold there, and whether each does in one branch of several alone."""


@dataclass(frozen=True)
class Fault:
    """One change that breaks one thing the schema states."""

    keyword: str
    place: Place
    """Where the fault is to be reported."""
    document: Any = field(repr=False)
    branch: bool
    """Whether it is stated in one branch of several: in another, it may be no fault."""
    detail: str
    value: str
    """The beginning of what was put there, as JSON."""

    @property
    def target(self) -> tuple[str, str, str]:
        """What is broken, one item of a list like the other."""
        return spelled(self.place), self.keyword, self.detail


def spelled(place: Place) -> str:
    """A place, one item of a list like the other."""
    return "/".join("*" if isinstance(step, int) else step for step in place)


def holding(
    schema: Any, root: dict[str, Any], value: Any, *, branch: bool = False
) -> Iterator[tuple[dict[str, Any], bool]]:
    """A schema and those within it that hold of the very same value."""
    if not isinstance(schema, dict):
        return
    yield schema, branch
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        yield from holding(target, root, value, branch=branch)
    for item in schema.get("allOf", ()):
        yield from holding(item, root, value, branch=branch)
    for key in ("anyOf", "oneOf"):
        for item in schema.get(key, ()):
            if valid(item, root, value):
                yield from holding(item, root, value, branch=True)
    if "if" in schema:
        taken = "then" if valid(schema["if"], root, value) else "else"
        yield from holding(schema.get(taken), root, value, branch=True)


def valid(schema: Any, root: dict[str, Any], value: Any) -> bool:
    """Whether a part of a schema accepts a value."""
    if isinstance(schema, dict):
        schema = {"$defs": root.get("$defs", {}), **schema}
    return Draft202012Validator(schema).is_valid(value)


def walk(
    root: dict[str, Any], value: Any, rules: list[tuple[dict[str, Any], bool]], place: Place = ()
) -> Iterator[Part]:
    """Every place of a document that the schema states something of."""
    yield Part(place, value, rules)
    keys: list[str | int] = []
    if isinstance(value, dict):
        named = {name for rule, _ in rules for name in rule.get("properties", ())}
        keys = [*(key for key in value if key in named)]
        keys += [key for key in value if key not in named][:KEYS]
    elif isinstance(value, list):
        keys = list(range(min(len(value), ITEMS)))
    for key in keys:
        below = [
            found
            for rule, branch in rules
            for item in (children if isinstance(value, dict) else elements)(rule, key)
            for found in holding(item, root, value[key], branch=branch)
        ]
        if below:
            yield from walk(root, value[key], below, (*place, key))


def children(rule: dict[str, Any], key: Any) -> Iterator[Any]:
    """What a schema states of a key of an object."""
    known = False
    if key in rule.get("properties", {}):
        known = True
        yield rule["properties"][key]
    for pattern, item in rule.get("patternProperties", {}).items():
        if re.search(pattern, key):
            known = True
            yield item
    if not known:
        yield rule.get("additionalProperties")


def elements(rule: dict[str, Any], index: Any) -> Iterator[Any]:
    """What a schema states of an item of a list."""
    first = rule.get("prefixItems", [])
    yield first[index] if index < len(first) else rule.get("items")


def faults(schema: Schema, document: Any) -> Iterator[Fault]:
    """Every fault that can be put into a document, one at a time."""
    rules = list(holding(schema.body, schema.body, document))
    for part in walk(schema.body, document, rules):
        for rule, branch in part.rules:
            turn = None if branch else zlib.crc32(spelled(part.place).encode())
            for keyword, detail, value in broken(rule, part.value, turn):
                changed = replaced(document, part.place, value)
                place = (*part.place, UNKNOWN) if keyword == "additionalProperties" else part.place
                yield Fault(keyword, place, changed, branch, detail, json.dumps(value)[:40])


def broken(rule: dict[str, Any], value: Any, turn: int | None) -> Iterator[tuple[str, str, Any]]:
    """Keyword, detail and a value that breaks it, for each thing that a schema states."""
    if isinstance(value, dict):
        for key, item in without(rule, value):
            yield "required", key, item
        if rule.get("additionalProperties") is False:
            yield "additionalProperties", "", {**value, UNKNOWN: 1}
    for sample in other_types(rule.get("type", list(SAMPLES)), turn):
        yield "type", "", sample
    for keyword, make in BREAKERS.items():
        if keyword in rule:
            for item in make(rule[keyword], value):
                yield keyword, "", item


def other_types(stated: str | list[str], turn: int | None) -> list[Any]:
    """A value of each type that is not among those stated; given a turn, of a few of them."""
    types = [stated] if isinstance(stated, str) else stated
    others = [sample for name, sample in SAMPLES.items() if name not in types]
    if turn is None or len(others) <= TYPES:
        return others
    start = turn % len(others)
    return (others[start:] + others[:start])[:TYPES]


def without(rule: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key that must be there, and the object without it."""
    wanted = list(rule.get("required", ()))
    for key, others in rule.get("dependentRequired", {}).items():
        wanted += others if key in value else ()
    for key in dict.fromkeys(wanted):
        yield key, {name: item for name, item in value.items() if name != key}


def other_constant(allowed: list[Any]) -> Iterator[Any]:
    """A value of the same type that is not among those allowed."""
    sample = allowed[0]
    if isinstance(sample, bool):
        yield from [item for item in (True, False) if item not in allowed]
    elif isinstance(sample, int | float):
        yield max(item for item in allowed if isinstance(item, int | float)) + 1
    elif isinstance(sample, str):
        yield "~ none"


def other_text(pattern: str, value: Any) -> Iterator[Any]:
    """Text that a pattern does not let pass."""
    if isinstance(value, str):
        yield next(text for text in TEXTS if not re.search(pattern, text))


def number(change: Callable[[Any], Any]) -> Callable[[Any, Any], Iterator[Any]]:
    """A number beyond a bound, where the value is one."""

    def make(bound: Any, value: Any) -> Iterator[Any]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield change(bound)

    return make


def size(kind: type, change: Callable[[Any, int], Any | None]) -> Callable[[Any, Any], Any]:
    """A value that is too short or too long, where that can be made."""

    def make(bound: int, value: Any) -> Iterator[Any]:
        made = change(value, bound) if isinstance(value, kind) else None
        if made is not None:
            yield made

    return make


def longer(items: list[Any], bound: int) -> list[Any] | None:
    """A list of more items than allowed."""
    return (items * (bound + 1))[: bound + 1] if items else None


BREAKERS: dict[str, Callable[[Any, Any], Iterator[Any]]] = {
    "const": lambda wanted, _: other_constant([wanted]),
    "enum": lambda wanted, _: other_constant(wanted),
    "pattern": other_text,
    "minimum": number(lambda bound: bound - 1),
    "exclusiveMinimum": number(lambda bound: bound),
    "maximum": number(lambda bound: bound + 1),
    "exclusiveMaximum": number(lambda bound: bound),
    "minLength": size(str, lambda text, bound: text[: bound - 1]),
    "maxLength": size(str, lambda text, bound: text.ljust(bound + 1, "~")),
    "minItems": size(list, lambda items, bound: items[: bound - 1]),
    "maxItems": size(list, longer),
    "minProperties": size(dict, lambda items, bound: dict([*items.items()][: bound - 1])),
    "uniqueItems": lambda _, value: iter([[*value, value[0]]] if value else []),
}
"""Keyword -> values that break it, from what it states and the value that stands there."""


def replaced(document: Any, place: Place, value: Any) -> Any:
    """A copy of a document with another value at a place; the copy shares what is not changed."""
    if not place:
        return value
    key, *below = place
    shallow = copy.copy(document)
    shallow[key] = replaced(document[key], tuple(below), value) if below else value
    return shallow


def filled(schema: Schema, document: Any) -> Any:
    """A document with every key and item that its schema knows and that may stand in it."""
    for _ in range(PASSES):
        before = document
        for part in walk(schema.body, document, [*holding(schema.body, schema.body, document)]):
            for place, value in missing(part, schema.body):
                changed = replaced(document, place, value)
                if schema.accepts(changed):
                    document = changed
        if document is before:
            break
    return document


def missing(part: Part, root: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Place and value of each key that an object lacks, and of an item of an empty list."""
    for rule, _ in part.rules:
        if isinstance(part.value, dict):
            for name, item in rule.get("properties", {}).items():
                if name not in part.value:
                    yield (*part.place, name), example(item, root)
        elif part.value == [] and "items" in rule:
            yield part.place, [example(rule["items"], root)]


def example(schema: Any, root: dict[str, Any]) -> Any:
    """A value that a schema is likely to accept."""
    rules = [rule for rule, _ in holding(schema, root, None)]
    stated = {key: value for rule in reversed(rules) for key, value in rule.items()}
    for key in ("examples", "enum"):
        if stated.get(key):
            return stated[key][0]
    if "const" in stated:
        return stated["const"]
    kinds = stated.get("type", "null")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        known = stated.get("properties", {})
        return {key: example(known.get(key), root) for key in stated.get("required", ())}
    return [] if kind == "array" else 1 if kind == "integer" else SAMPLES[kind]


def shapes(schema: Schema) -> list[Any]:
    """Valid documents of the fixtures, no two with the same keys, and one that is filled up."""
    found: dict[str, Any] = {}
    for _, directory in cases(schema):
        for document in filter(sound, documents(schema, directory)):
            for value in (short(document.value), document.value):
                if schema.accepts(value):
                    found.setdefault(json.dumps(outline(value)), value)
                    break
    ordered = sorted(found.values(), key=lambda value: -len(json.dumps(value)))
    # The largest hold most of what can be broken, the smallest is often of another era.
    first, last = ordered[:1], ordered[1:][-1:]
    return [filled(schema, ordered[0]), *last, *first, *ordered[1:-1]][: DOCUMENTS + 1]


def short(value: Any) -> Any:
    """A document with the first items of each list alone."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    return [short(item) for item in value[:ITEMS]] if isinstance(value, list) else value


def outline(value: Any) -> Any:
    """The keys of a document, without its values."""
    if isinstance(value, dict):
        return {key: outline(value[key]) for key in sorted(value)}
    return [outline(item) for item in value[:ITEMS]] if isinstance(value, list) else None


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_faults_are_found(schema: Schema) -> None:
    """Each fault is reported at its place alone, unless another branch lets it pass."""
    caught, passed = set(), set()
    tried: Counter[tuple[Any, ...]] = Counter()
    for document in shapes(schema):
        for fault in faults(schema, document):
            tries = TRIES if fault.branch else 1
            tried[*fault.target, fault.value] += 1
            if tried[*fault.target, fault.value] > tries:
                continue
            places = schema.faults(fault.document)
            if not places:
                assert fault.branch, (fault, "is let pass")
                passed.add(fault.target)
                continue
            if fault.branch and fault.keyword == "type":
                # A value of the type of another branch is told by what it lacks of that one.
                places = {place[: len(fault.place)] for place in places}
            assert places == {fault.place}, fault
            caught.add(fault.target)
    assert caught
    # What another branch always lets pass are keys and values that tell branches apart.
    assert {keyword for _, keyword, _ in passed - caught} <= {"required", "const", "enum"}
