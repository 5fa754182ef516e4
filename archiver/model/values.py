"""The values that artifacts hold: JSON's six kinds, plus what JSON cannot say, kept as data.

Integers are exact and unbounded, floats may be non-finite. Everything else that a file can
state (a Python object named in YAML, bytes, a redacted secret, an unresolved interpolation)
is a `Tagged` text, never an object.
"""

from __future__ import annotations

import math
from typing import TypeAlias

from archiver.model.plain import dataclass

MAX_EXACT_INT = 2**53
"""Largest integer magnitude that every JSON reader keeps exactly (IEEE 754 doubles)."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value that plain JSON cannot hold, as its type name and its text."""

    type: str
    """`python/name`, `bytes`, `redacted`, `unresolved`, or another tag as written."""
    value: str


Scalar: TypeAlias = "bool | int | float | str | Tagged | None"
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"


def to_json(value: Value) -> Value:
    """Strict JSON for any value: what JSON cannot hold becomes `{"$type": ..., "value": text}`.

    Integers beyond 2^53 and non-finite floats are spelled as text under `$type`; a literal
    `$type` key of the data gets one more `$`, so that reading back is unambiguous.
    """
    match value:
        case Tagged(type=kind, value=text):
            return {"$type": kind, "value": text}
        case bool() | None | str():
            return value
        case int():
            if abs(value) > MAX_EXACT_INT:
                return {"$type": "int", "value": str(value)}
            return value
        case float():
            return value if math.isfinite(value) else {"$type": "float", "value": nonfinite(value)}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {_escape(key): to_json(item) for key, item in value.items()}


def from_json(value: Value) -> Value:
    """The inverse of `to_json`."""
    match value:
        case {"$type": str(kind), "value": str(text), **rest} if not rest:
            return _number(kind, text)
        case list():
            return [from_json(item) for item in value]
        case dict():
            return {_unescape(key): from_json(item) for key, item in value.items()}
        case _:
            return value


def _number(kind: str, text: str) -> Value:
    try:
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        pass
    return Tagged(kind, text)


def nonfinite(number: float) -> str:
    """`NaN`, `Infinity` or `-Infinity`, the spelling of non-finite numbers in every document."""
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _escape(key: str) -> str:
    return "$" + key if key.lstrip("$") == "type" and key.startswith("$") else key


def _unescape(key: str) -> str:
    return key[1:] if key.lstrip("$") == "type" and key.startswith("$$") else key


def same(left: Value, right: Value) -> bool:
    """Equal in type and value; NaN equals NaN, `1` is not `1.0` and not `True`."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right
