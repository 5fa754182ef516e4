"""What a schema has against a value, in words: what was expected, what was found, what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from archiver.model.plain import dataclass
from archiver.model.values import Tagged, Value, nonfinite
from archiver.schemacheck.screen import Wild

if TYPE_CHECKING:
    from archiver.codecs.yaml_scalars import Readings as Scalars

Path = tuple[str | int, ...]
"""Keys and indices that lead to a value."""

MOST_CHARACTERS = 80
"""Of one value in a message."""
_SEARCHED = 4096
"""Characters of a value that are searched for a secret; fewer are shown."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What a document's format says of its texts; it makes better hints."""

    format: str = "json"
    scalars: Mapping[str, Scalars] = field(default_factory=dict)
    """Where YAML 1.1 and 1.2 read a scalar differently, by pointer."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a schema has against a value."""

    pointer: str
    """The value at fault; for a missing key the object that lacks it."""
    keyword: str
    """Of the schema: `type`, `required`, ..."""
    expected: str
    found: str
    message: str
    """`expected integer, found string "12"`."""
    hint: str
    schema_pointer: str
    """Where in the schema that is asked for."""


def type_name(value: object) -> str:
    """JSON's name of a value's type."""
    if isinstance(value, Wild | Tagged):
        return "value that JSON cannot hold"
    for kind, name in (
        (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (dict, "object"),
        (list, "array"),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return "null"


def describe(value: object) -> str:
    """A value as JSON spells it, cut where it is long; of containers the size alone."""
    if isinstance(value, dict | list):
        one = "key" if isinstance(value, dict) else "item"
        count = f"{len(value):,} {one}{'' if len(value) == 1 else 's'}"
        return f"{type_name(value)} of {count}"
    if isinstance(value, str):
        return json.dumps(cut(value), ensure_ascii=False)
    if isinstance(value, float) and value - value != 0:
        return nonfinite(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MOST_CHARACTERS:
        return "an integer of very many digits"
    if isinstance(value, Tagged):
        return cut(value.value)
    return json.dumps(value) if isinstance(value, int | float) or value is None else repr(value)


def found_text(value: object, path: Path) -> str:
    """Type and text of a value; of one that may be a secret the type alone."""
    kind = type_name(value)
    if value is None or isinstance(value, dict | list | Wild):
        return "null" if value is None else describe(value)
    return f"{kind} (not shown)" if is_secret(value, path) else f"{kind} {describe(value)}"


def is_secret(value: object, path: Path) -> bool:
    """Whether a value may be a secret, by the names that lead to it or by its own shape."""
    from archiver.redaction import names
    from archiver.redaction.shapes import find_shapes

    keys = [part for part in path if isinstance(part, str)]
    if keys and names.classify(keys[-1]) is not names.Rule.NO:
        return True
    if any(names.holds_many(key) for key in keys[:-1]):
        return True
    return isinstance(value, str) and next(find_shapes(value[:_SEARCHED]), None) is not None


def cut(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def json_value(value: Value) -> str:
    """An option of a schema as JSON spells it, cut where it is long."""
    return cut(json.dumps(value, ensure_ascii=False))
