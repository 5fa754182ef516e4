"""Errors of the thorough engine as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archiver.schemacheck.index import Schema
from archiver.schemacheck.violation import Path

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MOST_STEPS = 64
"""References followed one after the other, and schemas looked at for the keys of one object."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error: which keyword objects to which value."""

    keyword: str
    """Empty for a schema that is `false`."""
    asked: Any
    """The keyword's value."""
    instance: Any
    schema: Mapping[str, Any]
    """The schema that the keyword stands in."""
    path: Path
    schema_path: Path
    message: str
    """The engine's own."""
    branches: dict[int, list[Fault]]
    """Of `anyOf` and `oneOf`: why each branch does not fit; empty where several do."""

    @property
    def key(self) -> str | None:
        """The key that the value is a member under."""
        last = self.path[-1] if self.path else None
        return last if isinstance(last, str) else None


def fault(error: ValidationError, path: Path = (), schema_path: Path = ()) -> Fault:
    """An error (below a place, for one of a branch) with its branches."""
    path = (*path, *error.relative_path)
    schema_path = (*schema_path, *error.relative_schema_path)
    branches: dict[int, list[Fault]] = {}
    for one in error.context or ():
        index = int(one.relative_schema_path[0])
        branches.setdefault(index, []).append(fault(one, path, schema_path))
    return Fault(
        keyword=error.validator if isinstance(error.validator, str) else "",
        asked=error.validator_value,
        instance=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        path=path,
        schema_path=schema_path,
        message=error.message,
        branches=branches,
    )


@dataclass(frozen=True, slots=True)
class Outline:
    """A schema document that is asked for its parts."""

    schema: Schema

    def resolved(self, schema: object) -> Mapping[str, Any]:
        """A schema with its reference, if it is one, followed within the document."""
        one = schema if isinstance(schema, Mapping) else {}
        for _ in range(_MOST_STEPS):
            reference = one.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                break
            target = self.at(_steps(reference[1:]))
            if not isinstance(target, Mapping):
                break
            one = {**target, **{key: item for key, item in one.items() if key != "$ref"}}
        return one

    def at(self, steps: Path) -> object:
        """What a path leads to; references on the way are followed."""
        found: Any = self.schema
        for step in steps:
            if isinstance(found, Mapping):
                found = (found if step in found else self.resolved(found)).get(str(step))
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def known_keys(self, schema: object) -> dict[str, object]:
        """Keys that a schema names for an object, with what it says of each."""
        known: dict[str, object] = {}
        waiting = [schema]
        for _ in range(_MOST_STEPS):
            if not waiting:
                break
            one = self.resolved(waiting.pop(0))
            known = {**one.get("properties", {}), **known}
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting += one.get(keyword, ())
            waiting += [one[keyword] for keyword in ("if", "then", "else") if keyword in one]
        return known

    def required_beside(self, fault: Fault) -> list[str]:
        """Required keys of the object that a value is a member of."""
        steps = list(fault.schema_path)
        while steps and steps.pop() != "properties":
            pass
        required = self.resolved(self.at(tuple(steps))).get("required")
        return required if isinstance(required, list) else []


def _steps(pointer: str) -> Path:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return tuple(int(part) if part.isdecimal() else part for part in parts)
