"""Delimited text as a stream of rows in bounded memory: RFC 4180, and what comes instead of it.

The dialect: a delimiter, cells that may stand in double quotes (a quote doubled inside), records
that end in LF or CR LF. What a writer that was killed leaves behind is told and never read as
something else: a last line without an end gives its cells but the last, which may be cut; a row
with more or fewer cells than there are columns gives nothing, as its cells may stand anywhere.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from archiver.codecs.flaws import Flaws
from archiver.limits import Limits

_BLOCK_BYTES = 256 * 1024
_BLANK = b" \t\r"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Row = list[str]


@dataclass
class CsvTally:
    """What was met; complete when the stream has been read."""

    lines: int = 0
    """Lines of text, the header's and skipped ones among them."""
    rows: int = 0
    """Whole rows that were given, without the header."""
    blank: int = 0
    ragged: int = 0
    """Rows with more or fewer cells than columns; not given."""
    bad: int = 0
    """Rows that are no CSV (quotes that do not fit, NUL bytes, too long); not given."""
    crlf: int = 0
    torn_tail: bool = False
    """Whether the last line has no end; its cells but the last are given, if there are any."""
    torn_rows: int = 0
    """1 if the torn line is a row (not the header)."""
    flaws: Flaws = field(default_factory=Flaws)

    @property
    def corrupt(self) -> int:
        """Rows that could not be read in full."""
        return self.ragged + self.bad + self.torn_rows


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Rows that follow each other, each with as many cells as there are columns."""

    rows: list[Row]
    numbers: Sequence[int]
    """Line on which each row begins, from 1."""

    def columns(self) -> list[tuple[str, ...]]:
        """The cells column by column."""
        return list(zip(*self.rows, strict=True))


@dataclass
class CsvStream:
    """Rows of a delimited text; `header` is known before the first block is asked for.

    Flaws: `empty`, `truncated`, `ragged-row`, `syntax`, `nul-bytes`, `size-limit`, `bad-utf8`,
    `bad-encoding`, `bom`, `crlf`, `duplicate-column`.
    """

    chunks: Iterable[bytes]
    limits: Limits
    delimiter: str = ","
    skip_space: bool = False
    """Whether blanks after a delimiter are none of the cell's (nvidia-smi writes `, `)."""
    has_header: bool = True
    tally: CsvTally = field(default_factory=CsvTally)
    _raw: Iterator[CsvBlock] | None = None
    _header: tuple[str, ...] | None = None
    _width: int = 0
    _held: CsvBlock | None = None
    _open: list[bytes] = field(default_factory=list)
    """Lines of a record whose quote is not closed."""
    _open_bytes: int = 0
    _spanning: bool = True
    """Whether a quoted cell may go on on the next line; not after one that never ended."""
    _torn_line: int = 0
    """Line that the file ends in, if that is a row."""

    @property
    def header(self) -> tuple[str, ...] | None:
        """Names of the columns as written; None where there is no line at all (or no header)."""
        self._begin()
        return self._header

    @property
    def repeated(self) -> frozenset[int]:
        """Columns whose name an earlier one has."""
        seen: dict[str, int] = {}
        return frozenset(
            index
            for index, name in enumerate(self.header or ())
            if seen.setdefault(name, index) != index
        )

    def __iter__(self) -> Iterator[CsvBlock]:
        raw = self._begin()
        held, self._held = self._held, None
        for block in chain((held,) if held else (), raw):
            fitting = self._fit(block)
            if fitting.rows:
                yield fitting

    def _begin(self) -> Iterator[CsvBlock]:
        """The rest of the stream, once the header has been taken off."""
        if self._raw is None:
            self._raw = self._blocks()
            first = next(self._raw, None)
            if first is None:
                self.tally.flaws.add("empty", "there is no row in it")
            elif self.has_header:
                self._take_header(first)
            else:
                self._width = len(first.rows[0])
                self._held = first
        return self._raw

    def _take_header(self, first: CsvBlock) -> None:
        names = tuple(first.rows[0])
        place = f"L{first.numbers[0]}"
        self._header, self._width = names, len(names)
        self._held = CsvBlock(first.rows[1:], first.numbers[1:])
        if self._torn_line == first.numbers[0]:
            self._torn_line = self.tally.torn_rows = 0
        if len(names) > self.limits.csv_columns:
            message = f"{len(names)} columns are more than a table may have; no row was read"
            self.tally.flaws.add("size-limit", message, place)
            self._header, self._width, self._held, self._raw = (), 0, None, iter(())
        for index in sorted(self.repeated):
            message = f"column {index + 1} has the name of an earlier one"
            self.tally.flaws.add("duplicate-column", message, place)

    def _fit(self, block: CsvBlock) -> CsvBlock:
        """The rows that have a cell for each column."""
        width, tally = self._width, self.tally
        if {*map(len, block.rows)} <= {width} and not self._torn_line:
            tally.rows += len(block.rows)
            return block
        rows, numbers = [], []
        for row, number in zip(block.rows, block.numbers, strict=True):
            if number == self._torn_line and len(row) < width:
                row.extend([""] * (width - len(row)))
            elif len(row) == width and number != self._torn_line:
                tally.rows += 1
            else:
                tally.ragged += number != self._torn_line
                message = f"{len(row)} cells where there are {width} columns"
                tally.flaws.add("ragged-row", message, f"L{number}")
                continue
            rows.append(row)
            numbers.append(number)
        return CsvBlock(rows, numbers)

    def _blocks(self) -> Iterator[CsvBlock]:
        """Rows as they come, whatever the number of their cells; the header among them."""
        for data, whole in self._pieces():
            plain = whole and not self._open and b'"' not in data and b"\0" not in data
            block = self._quick(data) if plain else self._slow(data, whole=whole)
            if block.rows:
                yield block
        if self._open:
            block = self._abandon(torn=False)
            if block.rows:
                yield block

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        """Whole lines, of a good size; last what has no end."""
        rest: list[bytes] = []
        held = 0  # bytes of `rest`; -1 within a line that is too long
        for chunk in self._decoded():
            end = chunk.rfind(b"\n") + 1
            if end and held < 0:
                start = chunk.find(b"\n") + 1
                yield from _cut(chunk[start:end])
            elif end:
                yield from _cut(b"".join(rest) + chunk[:end])
            if end:
                rest, held = [], 0
            if held >= 0:
                rest.append(chunk[end:])
                held += len(chunk) - end
            if held > self.limits.line_bytes:
                self.tally.lines += 1
                self._spoil("size-limit", f"line of more than {self.limits.line_bytes} bytes")
                rest, held = [], -1
        tail = b"".join(rest)
        if tail.strip(_BLANK):
            self.tally.torn_tail = True
            yield tail, False

    def _decoded(self) -> Iterator[bytes]:
        """The bytes as UTF-8, the byte order mark left out."""
        chunks = iter(self.chunks)
        first = next(chunks, b"")
        flaws = self.tally.flaws
        if first.startswith(_UTF16):
            flaws.add("bad-encoding", "the text is utf-16, not utf-8", "byte 0")
            texts = codecs.iterdecode(chain((first,), chunks), "utf-16", "replace")
            yield from (text.encode() for text in texts)
            return
        if first.startswith(codecs.BOM_UTF8):
            flaws.add("bom", "byte order mark of utf-8", "byte 0")
            first = first[len(codecs.BOM_UTF8) :]
        yield first
        yield from chunks

    def _quick(self, data: bytes) -> CsvBlock:
        """Rows of whole lines without quotes."""
        first = self.tally.lines + 1
        lines = self._text(data, first).split("\n")[:-1]
        self.tally.lines += len(lines)
        if b"\r\n" in data:
            self._count_crlf(data.count(b"\r\n"))
            lines = [line.removesuffix("\r") for line in lines]
        numbers: Sequence[int] = range(first, first + len(lines))
        if not all(lines) or any(map(str.isspace, lines)):
            kept = [(at, line) for at, line in enumerate(lines, first) if line.strip()]
            self.tally.blank += len(lines) - len(kept)
            numbers, lines = [at for at, _ in kept], [line for _, line in kept]
        rows = [line.split(self.delimiter) for line in lines]
        if self.skip_space:
            rows = [[cell.lstrip(" ") for cell in row] for row in rows]
        return CsvBlock(rows, numbers)

    def _slow(self, data: bytes, *, whole: bool) -> CsvBlock:
        """Rows of lines that need to be looked at one by one."""
        rows: list[Row] = []
        numbers: list[int] = []
        for line in data.split(b"\n")[:-1] if whole else [data]:
            self.tally.lines += 1
            block = self._line(line, whole=whole)
            rows += block.rows
            numbers += block.numbers
        return CsvBlock(rows, numbers)

    def _line(self, line: bytes, *, whole: bool) -> CsvBlock:
        if not self._open and not line.strip(_BLANK):
            self.tally.blank += 1
            return _NOTHING
        if b"\0" in line:
            before = self._abandon(torn=False)
            self._spoil("nul-bytes", "NUL bytes in a line")
            return before
        odd = line.count(b'"') % 2 == 1
        if not self._open and not (odd and self._spanning):
            return self._alone(line, self.tally.lines, torn=not whole)
        self._open.append(line)
        self._open_bytes += len(line) + 1
        if odd and len(self._open) > 1:
            lines, self._open, self._open_bytes = self._open, [], 0
            return self._record(lines, torn=not whole)
        if self._open_bytes > self.limits.line_bytes or not whole:
            return self._abandon(torn=not whole)
        return _NOTHING

    def _record(self, lines: list[bytes], *, torn: bool) -> CsvBlock:
        """The row of several lines; where that fails, the rows of each."""
        first = self.tally.lines - len(lines) + 1
        row = self._parse(b"\n".join(lines), first)
        if row is None:
            return self._each(lines, first, torn=torn)
        if lines[-1].endswith(b"\r"):
            self._count_crlf(1)
        return self._given(row, first, torn=torn)

    def _abandon(self, *, torn: bool) -> CsvBlock:
        """Lines whose quote was never closed, one by one; no cell spans lines from here on."""
        lines, self._open, self._open_bytes = self._open, [], 0
        if not lines:
            return _NOTHING
        first = self.tally.lines - len(lines) + 1
        self._spanning = False
        self.tally.flaws.add("syntax", "a quote is never closed", f"L{first}")
        return self._each(lines, first, torn=torn)

    def _each(self, lines: list[bytes], first: int, *, torn: bool) -> CsvBlock:
        rows: list[Row] = []
        numbers: list[int] = []
        for number, line in enumerate(lines, first):
            block = self._alone(line, number, torn=torn and line is lines[-1])
            rows += block.rows
            numbers += block.numbers
        return CsvBlock(rows, numbers)

    def _alone(self, line: bytes, number: int, *, torn: bool) -> CsvBlock:
        """The row of one line."""
        if not line.strip(_BLANK):
            self.tally.blank += 1
            return _NOTHING
        row = self._parse(line, number)
        if row is None and torn:
            # The cut lies within quotes: what stands before them is whole.
            row = self._parse(line[: line.rfind(b'"')], number)
        if row is None:
            self._spoil("syntax", "quotes that do not fit", number)
            return _NOTHING
        if line.endswith(b"\r") and not torn:
            self._count_crlf(1)
        return self._given(row, number, torn=torn)

    def _given(self, row: Row, number: int, *, torn: bool) -> CsvBlock:
        if torn:
            self.tally.torn_rows = 1
            self._torn_line = number
            message = "the file ends inside this line; its last cell was left out"
            self.tally.flaws.add("truncated", message, f"L{number}")
            row = row[:-1]
        return CsvBlock([row], [number]) if row else _NOTHING

    def _parse(self, line: bytes, number: int) -> Row | None:
        """Cells of one record; None if it is none."""
        text = self._text(line.removesuffix(b"\r"), number)
        reader = csv.reader(
            [text], delimiter=self.delimiter, skipinitialspace=self.skip_space, strict=True
        )
        try:
            rows = list(reader)
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def _text(self, data: bytes, first: int) -> str:
        """Text of bytes whose first line has that number."""
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = first + data.count(b"\n", 0, error.start)
            self.tally.flaws.add("bad-utf8", "bytes that are no utf-8 replaced", f"L{line}")
            return data.decode("utf-8", "replace")

    def _spoil(self, code: str, message: str, number: int | None = None) -> None:
        """Count a row that gives nothing."""
        self.tally.bad += 1
        self.tally.flaws.add(code, message, f"L{number or self.tally.lines}")

    def _count_crlf(self, n: int) -> None:
        self.tally.crlf += n
        self.tally.flaws.add("crlf", "lines end in CR LF", n=n)


_NOTHING = CsvBlock([], [])


def _cut(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Whole lines in pieces of a good size."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _BLOCK_BYTES) + 1
        if not end:
            end = data.find(b"\n", start) + 1
        yield data[start:end], True
        start = end
