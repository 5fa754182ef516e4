"""One schema: whether a value is accepted, and if not, why.

The fast engine accepts; what it did not accept, the thorough one explains. Where the two should
ever disagree, a value that the thorough one finds nothing wrong with is accepted: a violation that
nobody can explain helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from functools import cache, cached_property
from typing import Any, Protocol, cast

from archiver.model.plain import dataclass
from archiver.model.values import Value
from archiver.schemacheck.index import Schema, SchemaFile, Version, find
from archiver.schemacheck.screen import Wild, example, is_odd, screened
from archiver.schemacheck.violation import Readings, Violation, describe

VERSION_KEYWORD = "x-version"
"""The keyword of a violation that is a version of the format that is not known."""
DEEP_KEYWORD = "x-depth"
"""The keyword of a violation that nobody could look for: the value is nested too deeply."""
_MISSING = object()
_TOO_DEEP = Violation(
    pointer="",
    keyword=DEEP_KEYWORD,
    expected="less nesting and shorter numbers",
    found="a value that cannot be looked into",
    message="it breaks the schema, and is nested too deeply to say where",
    hint="",
    schema_pointer="",
)


class Engine(Protocol):
    """What is used of a compiled schema of the fast engine."""

    def is_valid(self, instance: object) -> bool:
        """Whether it accepts."""

    def iter_errors(self, instance: object) -> Iterator[Any]:
        """What it has against a value."""


def compiled(schema: Schema) -> Engine:
    """A schema for the fast engine; references lead to the schema itself and nowhere else.

    Raises:
        ValueError: when it is no schema, or refers to something else.
    """
    import jsonschema_rs

    return cast(
        "Engine",
        jsonschema_rs.Draft202012Validator(schema, validate_formats=False, offline=True),
    )


@dataclass
class Checker:
    """The verdict of one schema."""

    schema: Schema
    version: Version | None = None
    readings: Readings = field(default_factory=Readings)
    """What the format of the documents makes of texts; only hints depend on it."""

    @cached_property
    def _fast(self) -> Engine:
        return compiled(self.schema)

    @cached_property
    def _thorough(self) -> Any:  # noqa: ANN401
        from referencing import Registry

        from archiver.schemacheck.keywords import EXPLAINER

        return EXPLAINER(self.schema, registry=Registry())

    def accepts(self, value: Value) -> bool:
        """Whether the value has no violation."""
        return next(self.violations(value), None) is None

    def plainly_accepts(self, value: Value) -> bool:
        """Whether the fast engine accepts the value; if not, the thorough one has to look."""
        try:
            return self.is_valid(example(value) if is_odd(value) else value)
        except RecursionError:
            return False

    def is_valid(self, instance: Value) -> bool:
        """The fast engine's verdict on a value that JSON can hold."""
        engine = self._fast
        try:
            return engine.is_valid(instance)
        except ValueError:  # text that is no Unicode, nesting beyond any document's
            return False

    def quick_errors(self, value: Value) -> Iterator[Any]:
        """What the fast engine has against a value that JSON can hold: paths, no words."""
        return self._fast.iter_errors(value)

    def violations(
        self, value: Value, readings: Readings | None = None, *, is_json: bool = False
    ) -> Iterator[Violation]:
        """What the schema has against the value, in the order of the schema.

        A version that is not supported is the only violation of its document. `is_json` says that
        the value is known to hold nothing that JSON cannot.
        """
        unsupported = self.unsupported_version(value)
        if unsupported is not None:
            yield unsupported
        elif not (self.is_valid(value) if is_json else self.plainly_accepts(value)):
            yield from self.explained(value, readings)

    def explained(self, value: Value, readings: Readings | None = None) -> Iterator[Violation]:
        """The thorough engine's violations, each once."""
        from archiver.schemacheck.explain import Explainer
        from archiver.schemacheck.faults import Outline, fault

        explainer = Explainer(Outline(self.schema), readings or self.readings)
        told: set[tuple[str, str]] = set()
        try:
            for error in self._thorough.iter_errors(screened(value)):
                for one in explainer.violations(fault(error)):
                    # Parts of a schema may ask for the same.
                    if (one.pointer, one.message) not in told:
                        told.add((one.pointer, one.message))
                        yield one
        except (RecursionError, OverflowError):
            yield _TOO_DEEP

    def unsupported_version(self, value: Value) -> Violation | None:
        """The violation that the document's version is, if it states one that is not known."""
        if self.version is None:
            return None
        stated = _at(value, self.version.path)
        if stated is _MISSING:
            return None
        for known in self.version.supported:
            if _equal(stated, known):
                return None
        if isinstance(screened(cast("Value", stated)), Wild):
            return None
        known = " and ".join(describe(item) for item in self.version.supported)
        verb = "is" if len(self.version.supported) == 1 else "are"
        found = describe(cast("Value", stated))
        return Violation(
            self.version.pointer, VERSION_KEYWORD, f"version {known}", f"version {found}",
            f"is version {found}; version {known} {verb} supported",
            "use a runarchive that knows this version", "/x-artifact/version",
        )  # fmt: skip


@cache
def checker(name: str) -> Checker:
    """The checker of a schema that ships with the archiver, compiled when it is used.

    Raises:
        ArchiverError: when there is no schema of that name.
    """
    return of(find(name))


def of(file: SchemaFile) -> Checker:
    """The checker of a schema."""
    described = file.described
    return Checker(file.schema, described.version if described else None)


def _at(value: Value, path: tuple[str, ...]) -> object:
    """What some keys lead to."""
    found: object = value
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return _MISSING
        found = found[key]
    return found


def _equal(stated: object, known: object) -> bool:
    """Equality of JSON: 1 is 1.0 and neither is true."""
    return stated == known and isinstance(stated, bool) == isinstance(known, bool)
