"""What the tests of the artifacts' schemas share: the schemas, and the documents they speak of.

A schema of an artifact is a file of `schemas/` with the key `x-artifact`; one of NDJSON speaks of
one row. Documents are found as `collect` finds them: a reader selects files by name and recognises
their content, the schema is that of the kind, of the name and, where several are left, of the keys.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator

from archiver import registry
from archiver.artifact import Artifact, Match
from archiver.codecs import json_document, toml_document, yaml_document
from archiver.codecs.ndjson import NdjsonStream
from archiver.extension import Reader
from archiver.limits import Limits
from archiver.model.claims import Problem
from archiver.rundir import RunDir
from archiver.schemacheck.checker import Checker
from tests.readers.conftest import Sink

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "readers"
READERS: dict[str, Reader[Any]] = {reader.kind: reader for reader in registry.readers()}
LIMITS = Limits()
PARSERS: dict[str, Callable[[bytes, Limits], Any]] = {
    "json": json_document.parse,
    "yaml": yaml_document.parse,
    "toml": toml_document.parse,
}
"""Format -> what reads a document of it; rows are read otherwise."""


@dataclass(frozen=True)
class Schema:
    """One schema of artifacts."""

    name: str
    """File name without `.v1.json`."""
    body: dict[str, Any] = field(repr=False)

    @property
    def about(self) -> dict[str, Any]:
        """Which artifacts it speaks of."""
        return self.body["x-artifact"]

    @property
    def reader(self) -> Reader[Any]:
        """The reader of its kind."""
        return READERS[self.about["kind"]]

    def names(self, path: str) -> bool:
        """Whether it speaks of files of that name."""
        name = path.rpartition("/")[2]
        return any(fnmatchcase(name, pattern) for pattern in self.about["files"])

    @functools.cached_property
    def fast(self) -> jsonschema_rs.Draft202012Validator:
        """The engine that accepts."""
        return jsonschema_rs.Draft202012Validator(self.body)

    @functools.cached_property
    def thorough(self) -> Draft202012Validator:
        """The engine that explains."""
        return Draft202012Validator(self.body)

    @functools.cached_property
    def checker(self) -> Checker:
        """What explains faults; versions are looked at elsewhere."""
        return Checker(self.body)

    def accepts(self, document: Any) -> bool:
        """Whether a document is valid."""
        return not self.faults(document)

    def faults(self, document: Any) -> set[tuple[str | int, ...]]:
        """Places of the faults of a document, each as the way from the root; the engines agree."""
        places = {way(document, item.pointer) for item in self.checker.violations(document)}
        if not unwieldy(document):
            # What the fast engine refuses, the thorough one has explained.
            assert self.fast.is_valid(document) is (not places), (self.name, document)
        if not places:
            assert self.thorough.is_valid(document), (self.name, document)
        return places


def way(document: Any, pointer: str) -> tuple[str | int, ...]:
    """The keys and indices of a JSON pointer into a document."""
    found: list[str | int] = []
    for part in pointer.split("/")[1:]:
        if isinstance(document, list):
            step: str | int = int(part)
            document = document[step]
        else:
            step = part.replace("~1", "/").replace("~0", "~")
            document = document.get(step) if isinstance(document, dict) else None
        found.append(step)
    return tuple(found)


SCHEMAS = [
    Schema(path.name.removesuffix(".v1.json"), body)
    for path in sorted((ROOT / "schemas").glob("*.v1.json"))
    for body in [json.loads(path.read_text("utf-8"))]
    if "x-artifact" in body
]


@dataclass(frozen=True)
class Document:
    """One JSON, YAML or TOML document, or one row, and what its reader thinks of it."""

    schema: Schema
    path: str
    """Path in the directory; of a row with its line, as in `log.jsonl:L12`."""
    value: Any = field(repr=False)
    codes: frozenset[str]
    """Codes of the problems with it."""
    whole: bool
    """Whether it could be read to its end."""


def documents(schema: Schema, directory: Path) -> Iterator[Document]:
    """Every document below a directory that a schema speaks of, in order of their paths."""
    reader = schema.reader
    with RunDir(directory, "run", LIMITS) as run:
        tree = run.walk()
        for selection in reader.select(tree):
            entries = [entry for entry in selection.files if schema.names(entry.path)]
            if not entries:
                continue
            artifact = Artifact(run, tree, selection.files, selection.path, LIMITS)
            try:
                match = reader.detect(artifact)
                if match is Match.NO:
                    continue
                problems = reader.map(reader.parse(artifact), artifact, Sink()).problems
            finally:
                artifact.close()
            for entry in entries:
                for item in _read(schema, directory, entry.path, problems):
                    if chosen(schema, entry.path, item.value):
                        yield item


def _read(
    schema: Schema, directory: Path, path: str, problems: Iterable[Problem]
) -> Iterator[Document]:
    data = (directory / path).read_bytes()
    here = [problem for problem in problems if problem.at.path == path]
    if schema.about["format"] == "ndjson":
        yield from _rows(schema, path, data, here)
        return
    document = PARSERS[schema.about["format"]](data, LIMITS)
    codes = frozenset(problem.code for problem in here)
    yield Document(schema, path, finite(document.value), codes, document.complete)


def _rows(schema: Schema, path: str, data: bytes, problems: list[Problem]) -> Iterator[Document]:
    stream = NdjsonStream(iter([data]), LIMITS)
    for block in stream:
        for row, line in zip(block.rows, block.lines, strict=True):
            place = f"L{line}"
            codes = {
                problem.code
                for problem in problems
                if problem.at.place.partition("!")[0].partition(":")[0] == place
            }
            yield Document(schema, f"{path}:{place}", finite(row), frozenset(codes), whole=True)
    if stream.tally.dropped:
        yield Document(schema, path, None, frozenset(), whole=False)


def chosen(schema: Schema, path: str, value: Any) -> bool:
    """Whether no other schema of the kind fits name and content better."""
    rivals = [
        other
        for other in SCHEMAS
        if other.about["kind"] == schema.about["kind"] and other.names(path)
    ]
    if len(rivals) == 1 or value is None:
        return True
    keys = value.keys() if isinstance(value, dict) else set()
    fitting = [other for other in rivals if keys >= set(other.about["evidence"])]
    return bool(fitting) and schema is max(fitting, key=lambda other: len(other.about["evidence"]))


def finite(value: Any) -> Any:
    """A value as engines may see it: numbers that are none are looked for before, and stand in."""
    if isinstance(value, float) and not math.isfinite(value):
        return 0.5
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def unwieldy(value: Any) -> bool:
    """Whether a document holds an integer that the fast engine cannot take."""
    if isinstance(value, dict):
        return any(map(unwieldy, value.values()))
    if isinstance(value, list):
        return any(map(unwieldy, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def cases(schema: Schema) -> Iterator[tuple[str, Path]]:
    """Name and directory of each case of the reader of a schema."""
    for case in sorted((CASES / schema.reader.name).iterdir()):
        if case.is_dir():
            yield case.name, case / "input"
