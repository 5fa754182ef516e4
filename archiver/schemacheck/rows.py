"""Streams of rows against the schema of a row: whole blocks are accepted by one call.

Only a block that was not accepted is looked at row by row. Distinct faults are kept with the lines
of the first rows that have them, and counted; memory does not grow with the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from functools import cached_property
from itertools import islice

from archiver.codecs.ndjson import Block, Row
from archiver.limits import DEFAULT, Limits
from archiver.model.plain import dataclass
from archiver.model.values import Value
from archiver.schemacheck.checker import Checker, Engine, compiled
from archiver.schemacheck.screen import example, is_odd
from archiver.schemacheck.violation import Readings, Violation

_ROW = "urn:runarchive:row"
"""Identifies a row's schema inside that of a block, so that its references stay its own."""
_INDEX = re.compile(r"/[0-9]{1,18}(?=/|\Z)")
_KEPT_LINES = 3
_KEPT_SIGNATURES = 1_000
_READINGS = Readings("ndjson")
_MOST_ERRORS = 50
_MOST_CHARACTERS = 200
_BRANCHING = frozenset(("anyOf", "oneOf", "oneOf_multiple_valid", "not", "contains"))
_KEYED = frozenset(("required", "additionalProperties", "unevaluatedProperties"))

Key = tuple[str, str, str]
Signature = frozenset[tuple[str, str, str]]


@dataclass(slots=True)
class RowFault:
    """One distinct fault: the same keyword of the schema at the same place of a row."""

    violation: Violation
    """Of the first row."""
    lines: list[int] = field(default_factory=list)
    """Of the first rows that have it."""
    rows: int = 0

    def met(self, line: int) -> None:
        """Count one more row."""
        self.rows += 1
        if len(self.lines) < _KEPT_LINES:
            self.lines.append(line)


@dataclass
class RowChecker:
    """Checks the blocks of one stream in their order."""

    checker: Checker
    limits: Limits = DEFAULT
    rows: int = 0
    """Rows that were checked."""
    refused: int = 0
    """Rows that were not accepted."""
    explained: int = 0
    """Rows that the thorough engine looked at; after a limit, they are only counted."""
    faults: dict[Key, RowFault] = field(default_factory=dict)
    """In the order in which they were met first, up to a limit."""
    unnamed: int = 0
    """Refused rows of which no fault is among those."""
    _known: dict[Signature, tuple[Key, ...]] = field(default_factory=dict)

    def check(self, blocks: Iterable[Block]) -> RowChecker:
        """Take all blocks of a stream."""
        for block in blocks:
            self.take(block)
        return self

    def take(self, block: Block) -> None:
        """Check the rows of one block."""
        self.rows += len(block.rows)
        if self._accepts(block):
            return
        for line, row in zip(block.lines, block.rows, strict=True):
            unsupported = self.checker.unsupported_version(row)
            if unsupported is not None:
                self.refused += 1
                self._count((self._named(unsupported),), line)
            elif not self.checker.plainly_accepts(row):
                self._refuse(line, row)

    def _accepts(self, block: Block) -> bool:
        """Whether all rows are accepted, by one call of the fast engine."""
        rows: list[Row] | list[Value] = block.rows
        # Rows whose lines are a range were read by a decoder that knows nothing but JSON.
        if not isinstance(block.lines, range) and is_odd([*rows]):
            rows = [example(row) for row in rows]
        engine = self._blocks
        try:
            accepted = engine.is_valid(rows)
        except ValueError:
            return False
        return accepted and self._versions_fit(block.rows)

    @cached_property
    def _blocks(self) -> Engine:
        return compiled({"type": "array", "items": {**self.checker.schema, "$id": _ROW}})

    def _versions_fit(self, rows: list[Row]) -> bool:
        if self.checker.version is None:
            return True
        return all(self.checker.unsupported_version(row) is None for row in rows)

    def _refuse(self, line: int, row: Row) -> None:
        """Count the faults of a row; rows that are wrong in the same way are explained once."""
        signature = None if is_odd(row) else self._signature(row)
        keys = self._known.get(signature) if signature is not None else None
        if keys is None:
            if self.explained >= self.limits.schema_explained:
                self.refused += 1
                self.unnamed += 1
                return
            self.explained += 1
            violations = self.checker.explained(row, _READINGS)
            keys = tuple(dict.fromkeys(map(self._named, violations)))
            if signature is not None and len(self._known) < _KEPT_SIGNATURES:
                self._known[signature] = keys
        if keys:
            self.refused += 1
            self._count(keys, line)

    def _signature(self, row: Row) -> Signature | None:
        """What the fast engine has against a row; None where its paths do not tell faults apart."""
        found: set[tuple[str, str, str]] = set()
        for error in islice(self.checker.quick_errors(row), _MOST_ERRORS):
            keyword = error.kind.name
            detail = type(error.instance).__name__
            if keyword in _BRANCHING and detail in {"dict", "list"}:
                return None
            if keyword in _KEYED:
                detail = str(error.kind.value)[:_MOST_CHARACTERS]
            path = "/".join("*" if isinstance(part, int) else part for part in error.instance_path)
            found.add(("/".join(map(str, error.schema_path)), path, detail))
        return frozenset(found) if len(found) < _MOST_ERRORS else None

    def _named(self, violation: Violation) -> Key:
        """The key of a violation's fault, which is entered if it is new and there is room."""
        key = key_of(violation)
        if key not in self.faults and len(self.faults) < self.limits.schema_violations:
            self.faults[key] = RowFault(violation)
        return key

    def _count(self, keys: Iterable[Key], line: int) -> None:
        named = [self.faults[key] for key in keys if key in self.faults]
        for fault in named:
            fault.met(line)
        self.unnamed += not named


def key_of(violation: Violation) -> Key:
    """What a fault has in common with others like it: the keyword, and the place in general."""
    place = general(violation.pointer)
    if violation.keyword == "required":
        place += f" {violation.expected}"
    return violation.schema_pointer, violation.keyword, place


def general(pointer: str) -> str:
    """A pointer with a star for each index, so that the items of a list are one place."""
    return _INDEX.sub("/*", pointer)
