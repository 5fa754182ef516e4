"""Whole artifacts against the schemas of their kind, file by file while it is open.

A document that breaks off is not judged: that it does is a finding of its own. Of a stream the rows
that could be read are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from itertools import chain, islice

from archiver.artifact import Artifact
from archiver.codecs import json_document
from archiver.codecs.flaws import Flaws
from archiver.codecs.ndjson import Block, NdjsonStream
from archiver.model.claims import Problem
from archiver.model.plain import dataclass
from archiver.model.values import Value
from archiver.rundir import Entry, OpenFile
from archiver.schemacheck import checker, index
from archiver.schemacheck.index import SchemaFile
from archiver.schemacheck.places import Places, format_of
from archiver.schemacheck.rows import Key, RowChecker, RowFault, key_of
from archiver.schemacheck.violation import Readings, Violation

CODE = "schema-violation"
UNSUPPORTED = "unsupported-version"
ECHOED = frozenset(("unexpected-type", "yaml-readings-differ"))
"""What readers and codecs say of a value whose type the schema denies, with fewer words."""


def check(artifact: Artifact, schema: SchemaFile) -> tuple[Problem, ...]:
    """What is wrong with an artifact's files by a schema, with lines and columns.

    One file is held to the schema whatever it is called, and what is wrong with its format is told,
    too: no reader speaks for it. Of several files those that are called so are looked at.

    Raises:
        ReadFault: when the system will not let a file be read.
    """
    watch = Watch(artifact, (schema,), any_name=len(artifact.files) == 1)
    for entry in artifact.files:
        if watch.wants(entry):
            watch.look(entry, artifact.open(entry))
    return watch.finish(())


_UNREAD = frozenset({"nesting-limit", "size-limit", "trailing-data"})
"""Flaws of a document of which only a part was read."""


@dataclass
class Watch:
    """Checks the files of one artifact as they are let go of, and says where problems stand."""

    artifact: Artifact
    schemas: Sequence[SchemaFile]
    any_name: bool = False
    """Whether files are held to the schemas whatever they are called."""
    looked_at: set[str] = field(default_factory=set)
    _found: list[Problem] = field(default_factory=list)
    _places: Places = field(init=False)

    def __post_init__(self) -> None:
        self._places = Places(self.artifact)

    @classmethod
    def of_kind(cls, artifact: Artifact, kind: str) -> Watch:
        """For an artifact of a kind, which may have no schema."""
        return cls(artifact, index.of_kind(kind))

    def wants(self, entry: Entry) -> bool:
        """Whether a schema speaks of the file."""
        return bool(self._speaking_of(entry))

    def look(self, entry: Entry, handle: OpenFile) -> None:
        """Check one file, which is open.

        Raises:
            ReadFault: when the system will not let it be read.
        """
        if entry.path in self.looked_at:
            return
        self.looked_at.add(entry.path)
        schemas = self._speaking_of(entry)
        format_ = format_of(schemas, entry.name)
        if schemas and format_ == "ndjson":
            self._found += self._rows(entry, handle, schemas)
        elif schemas and format_:
            self._found += self._document(entry, handle, schemas, format_)

    def let_go(self, entry: Entry, handle: OpenFile) -> None:
        """Check a file that is about to be closed, and keep what is needed of it."""
        self.look(entry, handle)
        self._places.keep(entry, handle)

    def finish(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The reader's problems and those of the schemas, with the places of all of them.

        What both of them say is said once.

        Raises:
            ReadFault: when the system will not let a file be read.
        """
        own = tuple(problems)
        versions = {one.at.path for one in own if one.code == UNSUPPORTED}
        found = (
            one for one in self._found if one.code != UNSUPPORTED or one.at.path not in versions
        )
        both = (*own, *found)
        told = {one.at for one in both if one.code == CODE}
        once = [one for one in both if one.code not in ECHOED or one.at not in told]
        return self._places.located(once, self.schemas)

    def _speaking_of(self, entry: Entry) -> tuple[SchemaFile, ...]:
        if self.any_name:
            return (*self.schemas,)
        return tuple(
            one for one in self.schemas if one.described and one.described.fits(entry.name)
        )

    def _document(
        self, entry: Entry, handle: OpenFile, schemas: tuple[SchemaFile, ...], format_: str
    ) -> Iterator[Problem]:
        document = self._parsed(handle, format_)
        if document is None:
            # What breaks off is told as such; of these the rest would pass for checked.
            if self.any_name and any(one.code in _UNREAD for one in self._found):
                message = "the schema was not applied: this is not one document within the limits"
                yield Problem(CODE, message, self.artifact.at("", entry.path))
            return
        value, readings, is_json = document
        schema = _meant(schemas, value)
        if schema is not None:
            violations = checker.of(schema).violations(value, readings, is_json=is_json)
            yield from self._told(entry, violations)

    def _parsed(self, handle: OpenFile, format_: str) -> tuple[Value, Readings, bool] | None:
        """The document's value, and whether it is JSON's; None of one that breaks off."""
        artifact, limits = self.artifact, self.artifact.limits
        alone = len(artifact.files) == 1
        data = artifact.data() if alone else handle.read_at(0, limits.document_bytes + 1)
        if format_ == "yaml":
            from archiver.codecs import yaml_document

            yaml = artifact.yaml() if alone else yaml_document.parse(data, limits)
            self._flawed(yaml.flaws)
            return (yaml.value, Readings("yaml", yaml.readings), False) if yaml.complete else None
        if format_ == "toml":
            from archiver.codecs import toml_document

            toml = toml_document.parse(data, limits)
            self._flawed(toml.flaws)
            return ({**toml.value}, Readings("toml"), False) if toml.complete else None
        json = artifact.json() if alone else json_document.parse(data, limits)
        self._flawed(json.flaws)
        return (json.value, Readings("json"), json.is_json) if json.complete else None

    def _told(self, entry: Entry, violations: Iterator[Violation]) -> Iterator[Problem]:
        """Distinct faults of a document, each at its first place and with its number."""
        limits = self.artifact.limits
        groups: dict[Key, list[Violation]] = {}
        for one in islice(violations, limits.schema_counted):
            groups.setdefault(key_of(one), []).append(one)
        for group in islice(groups.values(), limits.schema_violations):
            more = f" (and at {len(group) - 1:,} more places like it)" if len(group) > 1 else ""
            yield self._problem(entry, group[0], group[0].pointer, more)
        rest = sum(map(len, islice(groups.values(), limits.schema_violations, None)))
        if rest:
            yield self._rest(entry, rest)

    def _rows(
        self, entry: Entry, handle: OpenFile, schemas: tuple[SchemaFile, ...]
    ) -> Iterator[Problem]:
        limits = self.artifact.limits
        stream = NdjsonStream(handle.chunks(), limits)
        blocks = iter(stream)
        first = next(blocks, None)
        schema = _meant(schemas, first.rows[0]) if first else None
        if first is None or schema is None:
            self._flawed(stream.tally.flaws)
            return
        begun: Iterable[Block] = chain((first,), blocks)
        checked = RowChecker(checker.of(schema), limits).check(begun)
        for fault in checked.faults.values():
            yield self._row_problem(entry, fault)
        if checked.unnamed:
            yield self._rest(entry, checked.unnamed)
        self._flawed(stream.tally.flaws)

    def _flawed(self, flaws: Flaws) -> None:
        """Tell what is wrong with the format, where no reader does."""
        if self.any_name:
            self._found += self.artifact.problems(flaws)

    def _row_problem(self, entry: Entry, fault: RowFault) -> Problem:
        line = fault.lines[0]
        pointer = fault.violation.pointer
        place = f"L{line}!{pointer}" if pointer else f"L{line}"
        count = f" ({fault.rows:,} rows, first at line {line})" if fault.rows > 1 else ""
        return self._problem(entry, fault.violation, place, count)

    def _problem(self, entry: Entry, violation: Violation, place: str, count: str) -> Problem:
        version = violation.keyword == checker.VERSION_KEYWORD
        code = UNSUPPORTED if version else CODE
        at = self.artifact.at(place, entry.path)
        return Problem(code, violation.message + count, at, violation.hint)

    def _rest(self, entry: Entry, count: int) -> Problem:
        # Spelled as codecs spell what they only counted.
        return Problem(CODE, f"… and {count} more", self.artifact.at("", entry.path))


def _meant(schemas: tuple[SchemaFile, ...], value: Value) -> SchemaFile | None:
    """The one of several schemas that a document's evidence speaks for."""
    if len(schemas) == 1:
        return schemas[0]
    telling = [one for one in schemas if one.described and one.described.tells(value)]
    return max(telling, key=_evidence, default=None)


def _evidence(schema: SchemaFile) -> int:
    return len(schema.described.evidence) if schema.described else 0
