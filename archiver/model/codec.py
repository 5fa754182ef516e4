"""Records to strict JSON and back, driven by the dataclasses themselves.

Absent beats null: a field that is None, or an empty collection with an empty default, is left
out, except where the class marks the key as always present (steps keep every template field).
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from enum import Enum
from functools import cache
from typing import TypeVar, cast

from archiver.model.claims import Location
from archiver.model.record import Evaluation, RunRecord, Script, Step, Training
from archiver.model.values import Tagged, Value, from_json, nonfinite, to_json

T = TypeVar("T")

_COMPLETE: tuple[type, ...] = (RunRecord, Step, Training, Evaluation, Script)
"""Classes whose every field is written, null (or empty) where nothing was recorded."""

_OPTIONAL_OF_STEP = frozenset(
    {"status_word", "command", "attempts", "sources", "params_from", "checkpoint", "samples"}
)


def encode(item: object) -> Value:
    """Strict JSON (no NaN, no objects) of a record or of any part of it."""
    if isinstance(item, Location):
        return {"scope": item.scope, "path": item.path, "place": item.place}
    if isinstance(item, Tagged):
        return to_json(item)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return _encode_dataclass(item)
    if isinstance(item, Enum):
        return cast("Value", item.value)
    if isinstance(item, tuple):
        return [encode(part) for part in item]
    if isinstance(item, dict) and any(map(dataclasses.is_dataclass, item.values())):
        return {str(key): encode(part) for key, part in item.items()}
    if isinstance(item, float) and not math.isfinite(item):
        return nonfinite(item)
    return to_json(cast("Value", item))


def _encode_dataclass(item: object) -> Value:
    complete = isinstance(item, _COMPLETE)
    encoded: dict[str, Value] = {}
    for spec in dataclasses.fields(item):  # type: ignore[arg-type]
        value = getattr(item, spec.name)
        kept = complete and spec.name not in _OPTIONAL_OF_STEP
        if kept or not _is_default(spec, value):
            encoded[spec.name.rstrip("_")] = encode(value)
    return encoded


def _is_default(spec: dataclasses.Field[object], value: object) -> bool:
    if spec.default is not dataclasses.MISSING:
        return value is None if spec.default is None else value == () == spec.default
    return spec.default_factory is not dataclasses.MISSING and not value


@cache
def _hints(cls: type) -> dict[str, object]:
    # `Value` is a recursive alias; fields that hold it are read by `from_json`.
    return typing.get_type_hints(cls, localns={"Value": object})


def _is_free(spec: dataclasses.Field[object]) -> bool:
    """Whether a field holds a run's own values, as its (textual) annotation tells."""
    return "Value" in str(spec.type)


def decode(cls: type[T], data: Value) -> T:
    """The instance of `cls` that `encode` wrote as `data`; unknown keys are passed over.

    Raises:
        ValueError: where `data` has not the shape of `cls`.
    """
    return cast("T", _decode(cls, data))


def _decode_dataclass(cls: type, data: Value) -> object:
    if not isinstance(data, dict):
        raise ValueError(f"{cls.__name__}: expected an object")  # noqa: TRY004
    arguments: dict[str, object] = {}
    for spec in dataclasses.fields(cls):
        name = spec.name.rstrip("_")
        if name not in data:
            continue
        if _is_free(spec):
            arguments[spec.name] = from_json(data[name])
        else:
            arguments[spec.name] = _decode(_hints(cls)[spec.name], data[name])
    try:
        return cls(**arguments)
    except TypeError as fault:
        raise ValueError(f"{cls.__name__}: {fault}") from None


def _decode(hint: object, data: Value) -> object:
    origin = typing.get_origin(hint)
    args = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in args:
            return None
        return _decode(next(arg for arg in args if arg is not type(None)), data)
    if origin is tuple:
        return tuple(_decode(args[0], part) for part in _checked(list, data))
    if origin is dict:
        return {key: _decode(args[1], part) for key, part in _checked(dict, data).items()}
    return _decode_plain(hint, data) if isinstance(hint, type) else data


def _decode_plain(hint: type, data: Value) -> object:
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(hint, data)
    if issubclass(hint, Enum):
        return hint(data)
    if hint is float and isinstance(data, str):
        return float(data)  # "NaN" and its like; a whole number stays as it is written.
    return _checked(hint, data) if hint in (str, int, bool) else data


def _checked(hint: type[T], data: object) -> T:
    if type(data) is not hint:
        raise ValueError(f"expected {hint.__name__}, not {str(data)[:40]!r}")
    return data
