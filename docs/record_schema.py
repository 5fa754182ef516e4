"""JSON Schemas of the record, made from the dataclasses that `archiver.model.codec` writes.

Which keys are always there, which may be null and how free values look are the codec's rules;
descriptions are the docstrings of the classes and of their attributes.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import types
import typing
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any

from archiver.model import claims, codec, fields, record

DIALECT = "https://json-schema.org/draft/2020-12/schema"
STATUSES = ["success", "failed", "interrupted", "running", "unknown"]
NON_FINITE = ["NaN", "Infinity", "-Infinity"]

Schema = dict[str, Any]

_JSON_TYPES = {
    "text": "string",
    "path": "string",
    "time": "string",
    "int": "integer",
    "number": "number",
    "bool": "boolean",
    "list": "array",
    "map": "object",
}


def record_schema() -> Schema:
    """The schema of `record.json`."""
    schema = _document(record.RunRecord, "record")
    schema["properties"]["schema_version"] = {"const": record.SCHEMA_VERSION}
    schema["properties"]["fields"] = _fields()
    return schema


def inventory_schema() -> Schema:
    """The schema of one line of `inventory.ndjson`."""
    return _document(record.FileEntry, "inventory-entry")


def _document(cls: type, name: str) -> Schema:
    defs: dict[str, Schema] = {}
    _define(cls, defs)
    own = defs.pop(cls.__name__)
    head = {"$schema": DIALECT, "title": f"runarchive {name}, version 1"}
    return {**head, **own, "$defs": dict(sorted(defs.items()))} if defs else {**head, **own}


def _define(cls: type, defs: dict[str, Schema]) -> Schema:
    """A reference to the class's schema, which is put among the definitions."""
    if cls.__name__ not in defs:
        defs[cls.__name__] = {}
        defs[cls.__name__] = _object(cls, defs)
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _object(cls: type, defs: dict[str, Schema]) -> Schema:
    # `Value` names itself, which the type system cannot resolve; free values are told by the codec.
    hints = typing.get_type_hints(cls, localns={"Value": object})
    notes = _attribute_notes(cls)
    complete = issubclass(cls, codec._COMPLETE)
    properties: dict[str, Schema] = {}
    required = []
    for spec in dataclasses.fields(cls):
        name = spec.name.rstrip("_")
        always = complete and spec.name not in codec._OPTIONAL_OF_STEP
        if always or not _may_be_left_out(spec):
            required.append(name)
        value = _free(defs) if codec._is_free(spec) else _typed(hints[spec.name], defs)
        if codec._is_free(spec) and str(spec.type).startswith("dict"):
            value = {"type": "object", "additionalProperties": _free(defs)}
        if notes.get(spec.name):
            value = {**value, "description": notes[spec.name]}
        properties[name] = value
    return {
        "type": "object",
        "description": " ".join((cls.__doc__ or "").split()),
        "properties": properties,
        "required": required,
    }


def _may_be_left_out(spec: dataclasses.Field[Any]) -> bool:
    """Whether the codec leaves the key out when it holds its default."""
    if spec.default is not dataclasses.MISSING:
        return spec.default is None or spec.default == ()
    return spec.default_factory is not dataclasses.MISSING


def _typed(hint: Any, defs: dict[str, Schema]) -> Schema:  # noqa: ANN401
    """The schema of a type as the codec writes it."""
    arguments = typing.get_args(hint)
    match typing.get_origin(hint):
        case typing.Union | types.UnionType:
            kinds = [argument for argument in arguments if argument is not type(None)]
            return _nullable(_typed(kinds[0], defs))
        case origin if origin is tuple:
            return {"type": "array", "items": _typed(arguments[0], defs)}
        case origin if origin is dict:
            return {"type": "object", "additionalProperties": _typed(arguments[1], defs)}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _define(hint, defs)
    if issubclass(hint, Enum):
        return {"enum": [item.value for item in hint]}
    if hint is float:
        return {"anyOf": [{"type": "number"}, {"enum": NON_FINITE}]}
    return {"type": {str: "string", bool: "boolean", int: "integer"}[hint]}


def _nullable(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and len(schema) == 1:
        return {"type": [schema["type"], "null"]}
    options = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    return {"anyOf": [*options, {"type": "null"}]}


def _free(defs: dict[str, Schema]) -> Schema:
    """A value of the run's own: plain JSON, with what JSON cannot say told under `$type`."""
    reference = {"$ref": "#/$defs/Value"}
    defs["Value"] = {
        "description": (
            'A value of the run: JSON, or {"$type": kind, "value": text} for what JSON cannot '
            "hold (float, int, python/name, bytes, redacted, unresolved)"
        ),
        "items": reference,
        "if": {"type": "object", "required": ["$type"]},
        "then": {
            "properties": {"$type": {"type": "string"}, "value": {"type": "string"}},
            "required": ["$type", "value"],
            "additionalProperties": False,
        },
        "else": {"additionalProperties": reference},
    }  # fmt: skip
    return reference


def _fields() -> Schema:
    """`fields`: each claimable name of the registry, and the environment variables."""
    resolved = {"$ref": "#/$defs/Resolved"}
    named = {}
    for item in fields.FIELDS:
        if fields.is_claimable(item.name):
            named[item.name] = {
                "description": f"{item.meaning} ({item.unit})" if item.unit else item.meaning,
                "allOf": [resolved],
                "properties": {"value": _value_of(item)},
            }
    return {
        "type": "object",
        "description": "Fields of the archive template; one that nobody claims is absent",
        "properties": named,
        "patternProperties": {f"^{fields.ENV_PREFIX.replace('.', '[.]')}.": resolved},
        "additionalProperties": False,
        "required": ["summary.status"],
    }


def _value_of(item: fields.Field) -> Schema:
    """A field's type; a null was recorded, a text was declared, an object is a `$type`."""
    if item.name == "summary.status":
        return {"enum": STATUSES}
    kinds = dict.fromkeys([_JSON_TYPES[item.type], "string", "null", "object"])
    return {"type": list(kinds)}


@cache
def _attribute_notes(cls: type) -> dict[str, str]:
    """Attribute -> the string that stands under it in the class (and in its bases)."""
    notes: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ not in (record.__name__, claims.__name__):
            continue
        body = typing.cast("ast.ClassDef", ast.parse(inspect.getsource(base)).body[0]).body
        for place, following in pairwise(body):
            match place, following:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    notes[name] = " ".join(text.split())
    return notes
