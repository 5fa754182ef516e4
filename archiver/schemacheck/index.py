"""The schemas that ship with the archiver: found by listing `schemas/`, read when asked for.

A schema of an artifact's kind says so under `x-artifact`; it is called like the kind, or
`<kind>-<document>` where a kind has several documents. Other schemas (the record's, say) have none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import TypeAlias, cast

import orjson

from archiver import resources
from archiver.errors import ArchiverError
from archiver.model.plain import dataclass
from archiver.model.values import Value

Schema: TypeAlias = dict[str, Value]

SUFFIX = ".v1.json"
NOTE = "x-artifact"
FORMATS = ("json", "ndjson", "yaml", "toml")
_LITERAL = re.compile(r"[^*?\[]*")


@dataclass(frozen=True)
class Version:
    """Where a document says which version of its format it is of, and which of them are known."""

    pointer: str
    supported: tuple[Value, ...]

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The keys that lead there."""
        parts = self.pointer.split("/")[1:]
        return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


@dataclass(frozen=True, slots=True)
class Described:
    """Which artifacts a schema speaks of."""

    kind: str
    format: str
    """`json`, `ndjson` (the schema is that of a row), `yaml` or `toml`."""
    files: tuple[str, ...] = ()
    """Shell patterns of file names; none: every file of the kind."""
    evidence: tuple[str, ...] = ()
    """Top-level keys that tell a document of this kind from others of the same name."""
    version: Version | None = None

    def fits(self, name: str) -> bool:
        """Whether a file's name (without directories) is one that the schema speaks of."""
        return not self.files or any(_matches(name, pattern) for pattern in self.files)

    def tells(self, value: Value) -> bool:
        """Whether a document (or row) shows all of the evidence."""
        return isinstance(value, dict) and all(key in value for key in self.evidence)


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One schema."""

    name: str
    schema: Schema
    described: Described | None = field(default=None)
    """None for the schemas of what the archiver itself writes."""

    @property
    def title(self) -> str:
        """One line that says what it is about."""
        return str(self.schema.get("title", ""))

    @classmethod
    def of(cls, name: str, schema: Schema) -> SchemaFile:
        """A schema with what it says of itself.

        Raises:
            ValueError: where its `x-artifact` has another shape than the module tells.
        """
        note = schema.get(NOTE)
        return cls(name, schema, _described(name, note) if isinstance(note, dict) else None)


@cache
def names() -> tuple[str, ...]:
    """Names of all schemas, in order; none of them is read."""
    return resources.names(resources.SCHEMAS, SUFFIX)


def schemas() -> tuple[SchemaFile, ...]:
    """All schemas, in name order."""
    return tuple(find(name) for name in names())


@cache
def find(name: str) -> SchemaFile:
    """One schema by its name.

    Raises:
        ArchiverError: when there is none of that name.
    """
    if name not in names():
        from difflib import get_close_matches

        near = get_close_matches(name, names(), 1)
        hint = f"did you mean {near[0]}?" if near else "`runarchive schemas` lists them"
        raise ArchiverError(name, "is no schema", hint)
    return SchemaFile.of(name, orjson.loads(resources.data(resources.SCHEMAS, name + SUFFIX)))


@cache
def of_kind(kind: str) -> tuple[SchemaFile, ...]:
    """The schemas of one kind of artifact; only those that may be are read."""
    near = (name for name in names() if name == kind or name.startswith(kind + "-"))
    found = (find(name) for name in near)
    return tuple(item for item in found if item.described and item.described.kind == kind)


def kinds_of(name: str) -> tuple[str, ...]:
    """The kinds that a file may be of by its name, as the schemas tell it, in order.

    Patterns that begin with a wildcard tell little; they count where no other matches.
    """
    near: dict[bool, set[str]] = {True: set(), False: set()}
    for note in filter(None, map(note_of, names())):
        for pattern in _texts(note.get("files")):
            if _matches(name, pattern):
                near[pattern[:1] not in "*?["].add(str(note["kind"]))
    return tuple(sorted(near[True] or near[False]))


@cache
def note_of(name: str) -> Mapping[str, Value] | None:
    """What a schema says of itself, if it does; nothing else of it is decoded."""
    text = resources.text(resources.SCHEMAS, name + SUFFIX)
    at = text.find(f'"{NOTE}":')
    if at < 0:
        return None
    note, _ = json.JSONDecoder().raw_decode(text, text.index("{", at))
    return cast("Mapping[str, Value]", note)


def _matches(name: str, pattern: str) -> bool:
    """Whether a name matches a shell pattern; most patterns are told by their first letters."""
    literal = _LITERAL.match(pattern)
    start = literal[0] if literal is not None else ""
    if start == pattern:
        return name == pattern
    return name.startswith(start) and fnmatchcase(name, pattern)


def _described(name: str, note: Mapping[str, Value]) -> Described:
    kind, format_ = note.get("kind"), note.get("format")
    if not isinstance(kind, str) or format_ not in FORMATS:
        raise ValueError(f"{name}: x-artifact names no kind or no known format")
    if name != kind and not name.startswith(kind + "-"):
        raise ValueError(f"{name}: a schema of {kind} is called so, or {kind}-<document>")
    return Described(
        kind,
        str(format_),
        files=_texts(note.get("files")),
        evidence=_texts(note.get("evidence")),
        version=_version(name, note.get("version")),
    )


def _version(name: str, note: Value) -> Version | None:
    if note is None:
        return None
    match note:
        case {"pointer": str(pointer), "supported": [*supported]} if supported:
            return Version(pointer, tuple(supported))
    raise ValueError(f"{name}: x-artifact names no pointer or no supported versions")


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
