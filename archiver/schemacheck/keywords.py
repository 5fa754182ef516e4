r"""The keywords of `jsonschema` that are judged another way here.

Those that would object to a value that stands for others (see `screen`); those whose cost is not
linear; and regular expressions, which are ECMA-262's for a schema: `$` is the end of the text and
`\d` an ASCII digit, as the fast engine has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from archiver.schemacheck.screen import Wild, is_wild

Errors = Iterator[ValidationError]
_DEFAULT: Mapping[str, Any] = Draft202012Validator.VALIDATORS
_ESCAPED_OR_CLASS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*+\]|\$", re.DOTALL)
_NUMERIC = frozenset(("number", "integer"))


@cache
def ecma(pattern: str) -> re.Pattern[str]:
    """A pattern of a schema, compiled to mean what it means there."""
    ends = _ESCAPED_OR_CLASS.sub(lambda m: r"\Z" if m[0] == "$" else m[0], pattern)
    return re.compile(ends, re.ASCII)


def _type(validator: Any, types: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    if isinstance(instance, Wild):
        asked = {types} if isinstance(types, str) else set(types)
        if not instance.number or asked & _NUMERIC:
            return
    yield from _DEFAULT["type"](validator, types, instance, schema) or ()


def _enum(validator: Any, options: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    if not (is_wild(instance) and any(_may_be(instance, option) for option in options)):
        yield from _DEFAULT["enum"](validator, options, instance, schema) or ()


def _const(validator: Any, option: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    if not (is_wild(instance) and _may_be(instance, option)):
        yield from _DEFAULT["const"](validator, option, instance, schema) or ()


def _may_be(instance: object, option: object) -> bool:
    """Whether something that holds (or is) a value that stands for others may be that option."""
    if isinstance(instance, Wild) and instance.number:
        return isinstance(option, int | float) and not isinstance(option, bool)
    return True


def _one_of(validator: Any, options: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    for error in _DEFAULT["oneOf"](validator, options, instance, schema) or ():
        if error.context or not is_wild(instance):
            yield error


def _not(validator: Any, denied: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    if not is_wild(instance):
        yield from _DEFAULT["not"](validator, denied, instance, schema) or ()


def _if(validator: Any, condition: Any, instance: object, schema: Any) -> Errors:  # noqa: ANN401
    if is_wild(instance) and any(
        validator.evolve(schema=schema.get(branch, True)).is_valid(instance)
        for branch in ("then", "else")
    ):
        return
    yield from _DEFAULT["if"](validator, condition, instance, schema) or ()


def _pattern(validator: Any, pattern: Any, instance: object, _schema: Any) -> Errors:  # noqa: ANN401
    if validator.is_type(instance, "string") and not ecma(pattern).search(str(instance)):
        yield ValidationError("does not match")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Errors:  # noqa: ANN401
    if not validator.is_type(instance, "object"):
        return
    for pattern, below in patterns.items():
        search = ecma(pattern).search
        for key, item in instance.items():
            if search(key):
                yield from validator.descend(item, below, path=key, schema_path=pattern)


def _additional(validator: Any, below: Any, instance: Any, schema: Any) -> Errors:  # noqa: ANN401
    if not validator.is_type(instance, "object"):
        return
    extras = list(additional(instance, schema))
    if below is False and extras:
        yield ValidationError("unknown keys")
    elif below is not True and below is not False:
        for key in extras:
            yield from validator.descend(instance[key], below, path=key)


def additional(instance: Mapping[str, object], schema: Mapping[str, Any]) -> Iterator[str]:
    """Keys of an object that neither `properties` nor `patternProperties` names, in order."""
    named = schema.get("properties", {})
    searches = [ecma(pattern).search for pattern in schema.get("patternProperties", {})]
    for key in instance:
        if key not in named and not any(search(key) for search in searches):
            yield key


def _unique(validator: Any, wanted: Any, instance: Any, _schema: Any) -> Errors:  # noqa: ANN401
    if not wanted or not validator.is_type(instance, "array"):
        return
    seen: set[object] = set()
    for item in instance:
        key = _identity(item)
        if key in seen:
            yield ValidationError("repeated items")
            return
        seen.add(key)


def _identity(item: object) -> object:
    """Equal for equal items alone; the default's search takes quadratic time for mixed ones."""
    if isinstance(item, bool | str) or item is None:
        return type(item).__name__, item
    if isinstance(item, dict | list):
        return json.dumps(item, sort_keys=True, default=id)
    return item


EXPLAINER: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "type": _type,
        "enum": _enum,
        "const": _const,
        "oneOf": _one_of,
        "not": _not,
        "if": _if,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "uniqueItems": _unique,
    },
)
"""The thorough engine."""
