"""Lines and columns of problems whose place is a JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace

from archiver.artifact import Artifact
from archiver.codecs.positions import nearest, positions
from archiver.limits import MIB
from archiver.model.claims import Problem
from archiver.model.findings import Position
from archiver.model.plain import dataclass
from archiver.rundir import Entry, OpenFile
from archiver.schemacheck.index import SchemaFile

_SUFFIXES = {
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}
_ROW = re.compile(r"L([0-9]{1,18})!(/.*)\Z", re.DOTALL)
_LINE_AND_COLUMN = re.compile(r"L([0-9]{1,18}):([0-9]{1,18})\Z")
_KEPT_BYTES = 16 * MIB
"""Of small files of one artifact that were let go of before anybody knew what is wrong in them."""
_SMALL_BYTES = 1 * MIB

_VIOLATION = "schema-violation"


def format_of(schemas: Sequence[SchemaFile], name: str) -> str:
    """A file's format, by what its schemas say, else by its name; empty where nobody knows."""
    for schema in schemas:
        if schema.described:
            return schema.described.format
    return _SUFFIXES.get("." + name.rpartition(".")[2].lower(), "")


@dataclass
class Places:
    """Looks up where things stand in the files of one artifact."""

    artifact: Artifact
    _kept: dict[str, bytes] = field(default_factory=dict)
    _room: int = _KEPT_BYTES

    def keep(self, entry: Entry, handle: OpenFile) -> None:
        """Keep the bytes of a small document that is about to be closed."""
        if handle.size <= min(_SMALL_BYTES, self._room) and format_of((), entry.name):
            self._kept[entry.path] = handle.read_at(0, _SMALL_BYTES)
            self._room -= handle.size

    def located(
        self, problems: Sequence[Problem], schemas: Sequence[SchemaFile]
    ) -> tuple[Problem, ...]:
        """The problems with line and column, where the file that they speak of is at hand.

        Raises:
            ReadFault: when the system will not let a file be read.
        """
        wanted: dict[str, set[str]] = {}
        for one in problems:
            if one.line is None and _is_looked_up(one):
                wanted.setdefault(one.at.path, set()).add(one.at.place)
        found = {path: dict(self._file(path, places, schemas)) for path, places in wanted.items()}
        return tuple(_with(one, found.get(one.at.path, {})) for one in problems)

    def _file(
        self, path: str, places: set[str], schemas: Sequence[SchemaFile]
    ) -> Iterator[tuple[str, Position]]:
        entry = next((one for one in self.artifact.files if one.path == path), None)
        if entry is None:
            return
        rows = [(place, match) for place in places if (match := _ROW.match(place))]
        if rows:
            yield from self._rows(entry, [(place, int(m[1]), m[2]) for place, m in rows])
        pointers = {place for place in places if not place.startswith("L")}
        if not pointers:
            return
        format_ = self._format(entry, schemas)
        data = self._bytes(entry) if format_ in {"json", "yaml", "toml"} else b""
        found = positions(format_, data, {*pointers, *_around(pointers)}, self.artifact.limits)
        for pointer in pointers:
            at = nearest(pointer, found)
            if at is not None:
                yield pointer, at

    def _format(self, entry: Entry, schemas: Sequence[SchemaFile]) -> str:
        speaking = [s for s in schemas if s.described and s.described.fits(entry.name)]
        return format_of(speaking, entry.name) or self.artifact.parsed_as

    def _bytes(self, entry: Entry) -> bytes:
        handle = self.artifact.handle(entry)
        if handle is None:
            return self._kept.get(entry.path, b"")
        if len(self.artifact.files) == 1:
            return self.artifact.data()
        return handle.read_at(0, self.artifact.limits.document_bytes)

    def _rows(
        self, entry: Entry, wanted: list[tuple[str, int, str]]
    ) -> Iterator[tuple[str, Position]]:
        """Positions in rows: the line is the row's, the column is looked up in its text."""
        texts = self._lines(entry, {line for _, line, _ in wanted})
        for place, line, pointer in wanted:
            text = texts.get(line, b"")
            found = positions("json", text, {pointer, *_around({pointer})}, self.artifact.limits)
            at = nearest(pointer, found)
            yield place, Position(line, at.column if at else None)

    def _lines(self, entry: Entry, wanted: set[int]) -> dict[int, bytes]:
        """The text of some lines, in one pass over the file."""
        handle = self.artifact.handle(entry)
        chunks: Iterable[bytes] = handle.chunks() if handle else (self._kept.get(entry.path, b""),)
        found: dict[int, list[bytes]] = {}
        room = self.artifact.limits.document_bytes
        line = 1
        for chunk in chunks:
            start = 0
            for number in sorted(one for one in wanted if one >= line):
                ahead = _after(chunk, start, number - line)
                if ahead < 0:
                    break
                line, start = number, ahead
                end = chunk.find(b"\n", start)
                part = chunk[start : end if end >= 0 else len(chunk)][:room]
                room -= len(part)
                found.setdefault(number, []).append(part)
            line += chunk.count(b"\n", start)
            if line > max(wanted):
                break
        return {number: b"".join(parts) for number, parts in found.items()}


def _is_looked_up(problem: Problem) -> bool:
    """Whether a problem's place is a JSON pointer; the empty one is mostly the file as a whole."""
    place = problem.at.place
    if not place:
        return problem.code == _VIOLATION
    return place.startswith("/") or _ROW.match(place) is not None


def _after(chunk: bytes, start: int, lines: int) -> int:
    """Where the line begins that is so many lines on; -1 if it is not in the chunk."""
    if chunk.count(b"\n", start) < lines:
        return -1
    for _ in range(lines):
        start = chunk.index(b"\n", start) + 1
    return start


def _around(pointers: Iterable[str]) -> Iterator[str]:
    """The pointers of everything around some values, for where they are not found themselves."""
    yield ""
    for pointer in pointers:
        while pointer:
            pointer = pointer.rpartition("/")[0]  # noqa: PLW2901
            yield pointer


def _with(problem: Problem, found: dict[str, Position]) -> Problem:
    if problem.line is not None:
        return problem
    stated = _LINE_AND_COLUMN.match(problem.at.place)
    if stated:
        return replace(problem, line=int(stated[1]), column=int(stated[2]))
    at = found.get(problem.at.place)
    return replace(problem, line=at.line, column=at.column) if at else problem
