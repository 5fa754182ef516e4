"""NDJSON that is rotated into numbered files: one stream, oldest file first, one account.

`name.N` with the highest N is the oldest, `name` is written to. Retention drops the highest
number, so a first step that is not the run's first is normal; a number missing below the
highest is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from archiver.artifact import Artifact, Match
from archiver.codecs.flaws import INFORMATIONAL, Flaws
from archiver.codecs.ndjson import Block, NdjsonStream, NdjsonTally
from archiver.extension import Selector, families
from archiver.model.claims import Location, Problem
from archiver.model.record import Accounting
from archiver.model.values import Value
from archiver.rundir import Entry

_SHARD = re.compile(r"(?P<stem>.+\.(?:ndjson|jsonl))(?:\.(?P<number>[1-9]\d{0,5}))?\Z")
Row = dict[str, Value]
TOLD_FILES = 100
"""Files of one family whose figures are told one by one."""


def shard(name: str) -> tuple[str, int] | None:
    """Stem and age of a rotated file's name, None for a name of another form.

    The age is 0 for the active file and -N for `.N`: the highest number is the oldest, and
    numbers are compared as such. `.bak`, `.13.gz` and `.tmp` are no shards.
    """
    match = _SHARD.match(name)
    if match is None:
        return None
    return match["stem"], -int(match["number"] or 0)


def missing_shards(ages: list[int]) -> list[int]:
    """Numbers that are not there though a higher one is; retention drops the highest only."""
    numbers = {-age for age in ages if age}
    if not numbers or max(numbers) > 10_000:
        return []
    return [number for number in range(1, max(numbers)) if number not in numbers]


def sharded(*patterns: str) -> Selector:
    """Families of rotated files whose common name matches one of the shell patterns."""

    def family(entry: Entry) -> tuple[str, int] | None:
        found = shard(entry.name)
        if found is None or not any(fnmatchcase(found[0], pattern) for pattern in patterns):
            return None
        stem, age = found
        return (f"{entry.parent}/{stem}" if entry.parent else stem), age

    return families(family)


def first_rows(artifact: Artifact, most: int = 20) -> list[Row]:
    """Some rows of the oldest file that has any: what recognition may look at."""
    for entry in artifact.files:
        if not entry.size:
            continue
        head = artifact.open(entry).read_at(0, artifact.limits.head_bytes)
        rows = [row for block in NdjsonStream([head], artifact.limits) for row in block.rows]
        if rows:
            return rows[:most]
    return []


def recognised(artifact: Artifact, fits: Callable[[Row], bool]) -> Match:
    """By the shape of any of the first rows; blank files are damaged ones."""
    rows = first_rows(artifact)
    if not rows:
        return Match.DAMAGED if is_blank(artifact) else Match.NO
    return Match.YES if any(map(fits, rows)) else Match.NO


def is_blank(artifact: Artifact) -> bool:
    """Whether the files hold nothing but line ends and NUL bytes, as far as recognition looks."""
    heads = (
        artifact.open(entry).read_at(0, artifact.limits.head_bytes)
        for entry in artifact.files
        if entry.size
    )
    return not any(head.strip(b"\0 \r\n\t") for head in heads)


@dataclass
class ShardedRows:
    """Rows of a family with their places. Iterate once; the figures are complete afterwards."""

    artifact: Artifact
    tallies: list[tuple[Entry, NdjsonTally]] = field(default_factory=list)
    dropped: int = 0
    """Rows that were of no use; the reader counts them."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why, and what else the reader counts."""

    def __iter__(self) -> Iterator[tuple[Row, int, Entry]]:
        """Row, line and file."""
        for block, entry in self.blocks():
            for row, line in zip(block.rows, block.lines, strict=True):
                yield row, line, entry

    def blocks(self) -> Iterator[tuple[Block, Entry]]:
        """Some rows of one file at a time."""
        for entry in self.artifact.files:
            stream = NdjsonStream(self.artifact.open(entry).chunks(), self.artifact.limits)
            self.tallies.append((entry, stream.tally))
            for block in stream:
                yield block, entry

    def at(self, line: int, entry: Entry) -> Location:
        """The place of a row."""
        return self.artifact.at(f"L{line}", entry.path)

    def those(self, fits: Callable[[Row], bool], most: int) -> list[tuple[Row, Location]]:
        """The rows of a shape, up to a number of them, with their places; others are dropped."""
        kept: list[tuple[Row, Location]] = []
        for row, line, entry in self:
            if fits(row) and len(kept) < most:
                kept.append((row, self.at(line, entry)))
            else:
                self.drop("unknown-shape")
        return kept

    def drop(self, reason: str) -> None:
        """Count a row that was of no use."""
        self.dropped += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def torn(self) -> Location | None:
        """The line that the youngest file breaks off in."""
        if not self.tallies or not self.tallies[-1][1].torn_tail:
            return None
        entry, tally = self.tallies[-1]
        return self.at(tally.lines, entry)

    def problems(self) -> tuple[Problem, ...]:
        """Flaws by file, emptiness, and numbers that are missing."""
        return (*self._flaws(), *self._gaps())

    def _flaws(self) -> Iterator[Problem]:
        for entry, tally in self.tallies:
            for flaw in tally.flaws:
                if flaw.code not in INFORMATIONAL:
                    at = self.artifact.at(flaw.place, entry.path)
                    yield Problem(flaw.code, flaw.message, at, flaw.hint)
        if not any(tally.lines > tally.blank for _, tally in self.tallies):
            yield self._problem("empty", "the file is empty", "")

    def _gaps(self) -> Iterator[Problem]:
        ages = [found[1] for found in map(shard, self._names()) if found is not None]
        missing = missing_shards(ages)
        if missing:
            numbers = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
            message = f"rotated files are missing between others: {numbers}"
            yield self._problem("missing-shard", message, "their rows are lost, or lie elsewhere")
        if ages and 0 not in ages:
            message = "the file that was written to last is missing, rotated ones are there"
            yield self._problem("missing-shard", message, "its rows are lost, or lie elsewhere")

    def _problem(self, code: str, message: str, hint: str) -> Problem:
        return Problem(code, message, self.artifact.at(path=self.artifact.entry.path), hint)

    def _names(self) -> list[str]:
        return [entry.name for entry in self.artifact.files]

    def accounting(self, kind: str) -> Accounting:
        """What became of every line of every file."""
        flaws = Flaws()
        for _, tally in self.tallies:
            flaws.extend(tally.flaws)
        tallies = [tally for _, tally in self.tallies]
        return Accounting(
            self.artifact.path,
            kind,
            self.artifact.size,
            read=sum(tally.rows for tally in tallies) - self.dropped,
            dropped=self.dropped,
            corrupt=sum(tally.dropped for tally in tallies),
            reasons={**flaws.counts, **self.reasons},
            scope=self.artifact.run.scope,
        )

    def files(self) -> list[Value]:
        """Figures of each file, oldest first: what a strict line-by-line reader would count."""
        return [_figures(entry, tally) for entry, tally in self.tallies[:TOLD_FILES]]


def _figures(entry: Entry, tally: NdjsonTally) -> Value:
    told: dict[str, Value] = {
        "file": entry.name,
        "bytes": tally.bytes,
        "lines": tally.lines,
        "blank": tally.blank,
        "rows": tally.rows,
    }
    odd = {
        "bad_json": tally.bad_json,
        "non_object": tally.non_object,
        "nul_lines": tally.nul,
        "long_lines": tally.long_lines,
        "torn_lines": int(tally.torn_tail),
        "lines_with_several_objects": tally.two_objects,
        "bad_utf8": tally.bad_utf8,
        "bom": tally.bom,
        "crlf": tally.crlf,
        "duplicate_keys": tally.duplicate_keys,
        "non_finite": tally.non_finite,
    }
    return {**told, **{name: count for name, count in odd.items() if count}}
