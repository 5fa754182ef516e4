"""What a reader is given: one candidate artifact, with everything it may look at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING

from archiver.codecs import json_document
from archiver.codecs.flaws import INFORMATIONAL, Flaw, Flaws
from archiver.codecs.json_document import JsonDocument
from archiver.codecs.lines import LineStream
from archiver.codecs.ndjson import NdjsonStream, NdjsonTally
from archiver.limits import Limits
from archiver.model.claims import Location, Problem
from archiver.model.plain import dataclass
from archiver.model.record import Accounting
from archiver.rundir import Entry, OpenFile, RunDir, Tree

if TYPE_CHECKING:
    from archiver.codecs.yaml_document import YamlDocument


class Match(Enum):
    """Whether a candidate is an artifact of the reader's kind."""

    NO = "no"
    YES = "yes"
    DAMAGED = "damaged"
    """The name fits and the content cannot be read; nobody else is likely to know it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One run of an experiment."""

    name: str
    """Its name within the experiment."""
    paths: tuple[str, ...]
    """Files and directories that are its own, relative to the tree that was asked for."""
    home: str = ""
    """Directory of the experiment that it belongs to; empty for the tree itself."""


@dataclass
class Artifact:
    """One candidate: a file, or the files of one directory or family."""

    run: RunDir
    tree: Tree
    files: tuple[Entry, ...]
    path: str
    """The file's path, or the directory's or family's common name."""
    limits: Limits
    member: Member | None = None
    """The run that an artifact beside the runs of an experiment is read for; None inside a run."""
    on_release: Callable[[Entry, OpenFile], None] = lambda _entry, _handle: None
    """Told each file that the reader lets go of, while it is still open."""
    _open: dict[str, OpenFile] = field(default_factory=dict)
    _json: JsonDocument | None = None
    _yaml: YamlDocument | None = None
    _data: bytes | None = None

    @property
    def name(self) -> str:
        """Last element of the path."""
        return self.path.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """Path without its last element; empty at the top of the run."""
        return self.path.rpartition("/")[0]

    @property
    def entry(self) -> Entry:
        """The (first) file."""
        return self.files[0]

    @property
    def size(self) -> int:
        """Size of all files together."""
        return sum(entry.size for entry in self.files)

    def at(self, place: str = "", path: str | None = None) -> Location:
        """A location in this artifact."""
        return Location(path or self.path, place, self.run.scope)

    def problem(self, code: str, message: str, place: str = "", hint: str = "") -> Problem:
        """A problem with this artifact."""
        return Problem(code, message, self.at(place), hint)

    def problems(self, flaws: Iterable[Flaw], path: str | None = None) -> tuple[Problem, ...]:
        """The flaws that a codec found, as problems of this artifact (or of one of its files)."""
        return tuple(
            Problem(flaw.code, flaw.message, self.at(flaw.place, path), flaw.hint)
            for flaw in flaws
            if flaw.code not in INFORMATIONAL
        )

    def open(self, entry: Entry | None = None) -> OpenFile:
        """The one handle of a file, opened at the first call.

        Raises:
            ReadFault: when the system will not let it be read.
        """
        entry = entry or self.entry
        if entry.path not in self._open:
            self._open[entry.path] = self.run.open(entry)
        return self._open[entry.path]

    def content(self, entry: Entry, most: int) -> bytes:
        """The beginning of one of many small files, which is let go of at once.

        Raises:
            ReadFault: when the system will not let it be read.
        """
        data = self.open(entry).read_at(0, most)
        self.release(entry)
        return data

    def release(self, entry: Entry) -> None:
        """Let go of a file that was read.

        Systems allow a process about a thousand open files, and an artifact may have more.
        """
        handle = self._open.pop(entry.path)
        try:
            self.on_release(entry, handle)
        finally:
            handle.close()

    def handle(self, entry: Entry) -> OpenFile | None:
        """The handle of a file, if it is open."""
        return self._open.get(entry.path)

    def chunks(self) -> Iterator[bytes]:
        """The (first) file from its start, as a stream."""
        return self.open().chunks()

    def head(self) -> bytes:
        """What recognition may look at: the first `limits.head_bytes`."""
        return self.open().read_at(0, self.limits.head_bytes)

    def data(self) -> bytes:
        """The whole file, up to `limits.document_bytes` (and one more, to tell)."""
        if self._data is None:
            left = self.limits.document_bytes + 1
            parts = []
            for chunk in self.chunks():
                parts.append(chunk[:left])
                left -= len(parts[-1])
                if left <= 0:
                    break
            self._data = b"".join(parts)
        return self._data

    def json(self) -> JsonDocument:
        """The file parsed as JSON, once."""
        if self._json is None:
            self._json = json_document.parse(self.data(), self.limits)
        return self._json

    def yaml(self) -> YamlDocument:
        """The file parsed as YAML, once."""
        if self._yaml is None:
            from archiver.codecs import yaml_document

            self._yaml = yaml_document.parse(self.data(), self.limits)
        return self._yaml

    @property
    def parsed_as(self) -> str:
        """`json` or `yaml` if the (first) file was parsed as such, else empty."""
        if self._json is not None:
            return "json"
        return "yaml" if self._yaml is not None else ""

    def rows(self) -> NdjsonStream:
        """The file's rows as a stream of blocks; its tally is complete when it has been read."""
        return NdjsonStream(self.chunks(), self.limits)

    def lines(self) -> LineStream:
        """The file's lines as a stream; its tally is complete when it has been read."""
        return LineStream(self.chunks(), self.limits)

    def stream_accounting(self, kind: str, tally: NdjsonTally, dropped: int = 0) -> Accounting:
        """Accounting of an artifact that is a stream of rows; `dropped` rows were of no use."""
        return Accounting(
            self.path,
            kind,
            self.size,
            read=tally.rows - dropped,
            dropped=dropped,
            corrupt=tally.dropped,
            reasons=dict(tally.flaws.counts),
            scope=self.run.scope,
        )

    def document_accounting(self, kind: str, flaws: Flaws, *, complete: bool) -> Accounting:
        """Accounting of an artifact that is one document."""
        return Accounting(
            self.path,
            kind,
            self.size,
            read=int(complete),
            corrupt=int(not complete),
            reasons=dict(flaws.counts),
            scope=self.run.scope,
        )

    def close(self) -> None:
        """Release what was opened."""
        for handle in self._open.values():
            handle.close()
        self._open.clear()
        self._data = None
        self._json = None
        self._yaml = None

    def opened(self) -> Iterator[OpenFile]:
        """The handles open at the moment."""
        return iter(tuple(self._open.values()))


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) of the given steps."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def json_text(value: object) -> str:
    """Compact text of a small value, for messages."""
    return json.dumps(value, ensure_ascii=False, default=str)
