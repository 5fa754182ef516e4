r"""NDJSON streams: rows in blocks, with their line numbers, and an account of every line.

Lines end at `\n` and nowhere else. Blocks whose bytes prove that nothing is hidden in them are
decoded by orjson; the lines of all others are looked at one by one, by exact means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

import orjson

from archiver.codecs import json_scan
from archiver.codecs.flaws import Flaws
from archiver.codecs.json_exact import ExactDecoder, Oddities
from archiver.limits import DEFAULT, KIB, Limits
from archiver.model.plain import dataclass
from archiver.model.values import Value

_BLOCK_BYTES = 64 * KIB
"""Small blocks stay in the processor's cache: half the time of blocks of a megabyte."""
_BLANK = b" \t\r\n"
_GAP = re.compile(r"[ \t\r\n]*")
_NULS = re.compile(rb"\0+")
_BOM = b"\xef\xbb\xbf"
_DICT_ONLY = {dict}

Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows in file order."""

    rows: list[Row]
    lines: Sequence[int]
    """The physical line (from 1) of each row; a `range` where nothing was odd."""


@dataclass(slots=True)
class NdjsonTally:
    """What became of every line: lines = blank + good + the ones under `dropped`."""

    bytes: int = 0
    lines: int = 0
    blank: int = 0
    good: int = 0
    """Lines that gave a row or more."""
    rows: int = 0
    bad_json: int = 0
    """Dropped: no object could be decoded."""
    non_object: int = 0
    """Dropped: JSON, but no object."""
    nul_lines: int = 0
    """Dropped: nothing but NUL bytes."""
    long_lines: int = 0
    """Dropped: over `limits.line_bytes`."""
    torn_tail: bool = False
    """The stream ends inside a line that gave no row, or inside the last of its objects."""
    torn_lines: int = 0
    """1 if that line gave no row."""
    two_objects: int = 0
    """Lines that held more than one object; all are rows."""
    trailing: int = 0
    """Lines with something undecodable after their object, which is a row."""
    bad_utf8: int = 0
    """Lines whose bad bytes were replaced by U+FFFD."""
    surrogates: int = 0
    """Escapes of half a character, replaced by U+FFFD."""
    control: int = 0
    """Lines with raw control characters in strings."""
    nul: int = 0
    """Lines that hold NUL bytes."""
    bom: int = 0
    crlf: int = 0
    """Lines that end in CR LF."""
    duplicate_keys: int = 0
    non_finite: int = 0
    big_integers: int = 0
    long_numbers: int = 0
    float_overflows: int = 0
    flaws: Flaws = field(default_factory=Flaws)

    @property
    def dropped(self) -> int:
        """Lines that are not blank and gave no row."""
        odd = self.bad_json + self.non_object + self.nul_lines + self.long_lines
        return odd + self.torn_lines


class NdjsonStream:
    """The rows of one stream. Iterate once; `tally` is complete when the iteration ends.

    Memory is bounded by the size of the chunks and by `limits.line_bytes`.
    """

    def __init__(self, chunks: Iterable[bytes], limits: Limits = DEFAULT) -> None:
        self.tally = NdjsonTally()
        self._chunks = chunks
        self._limits = limits
        self._exact = ExactDecoder(limits)

    def __iter__(self) -> Iterator[Block]:
        """Blocks that have at least one row."""
        for data, whole in self._cut():
            block = self._quick(data) if whole else self._lines([data], whole=False)
            if block.rows:
                self.tally.rows += len(block.rows)
                yield block

    def _cut(self) -> Iterator[tuple[bytes, bool]]:
        """Pieces of whole lines, and the rest after the last line end (`False`)."""
        rest: list[bytes] = []
        held = 0
        for chunk in self._chunks:
            self.tally.bytes += len(chunk)
            end = chunk.rfind(b"\n") + 1
            if end and held >= 0:
                rest.append(chunk[:end])
                yield from _pieces(b"".join(rest))
            elif end:  # the over-long line ends here
                yield from _pieces(chunk[chunk.find(b"\n") + 1 : end])
            if end:
                rest, held = [], 0
            if held >= 0:
                rest.append(chunk[end:])
                held += len(chunk) - end
            if held > self._limits.line_bytes:
                self._too_long()
                rest, held = [], -1
        tail = b"".join(rest)
        if tail:
            yield tail, False

    def _too_long(self) -> None:
        tally = self.tally
        tally.lines += 1
        tally.long_lines += 1
        message = f"line of more than {self._limits.line_bytes} bytes skipped"
        tally.flaws.add("size-limit", message, f"L{tally.lines}")

    def _quick(self, data: bytes) -> Block:
        """Rows of whole lines, all at once if nothing can be hidden in them."""
        try:
            rows = _decode(data)
        except orjson.JSONDecodeError:
            rows = []
        if {*map(type, rows)} != _DICT_ONLY or len(data) > self._limits.line_bytes:
            return self._lines(data.split(b"\n")[:-1])
        if not json_scan.hides_nothing(data, rows, self._limits, sum(map(len, rows))):
            return self._lines(data.split(b"\n")[:-1])
        tally = self.tally
        if b"\r" in data:
            self._count_crlf(data.count(b"\r\n"))
        first = tally.lines + 1
        tally.lines += len(rows)
        tally.good += len(rows)
        return Block(rows, range(first, tally.lines + 1))

    def _lines(self, lines: list[bytes], *, whole: bool = True) -> Block:
        """Rows of lines that need to be looked at one by one."""
        rows: list[Row] = []
        numbers: list[int] = []
        for line in lines:
            self.tally.lines += 1
            found = self._line(line, whole=whole)
            rows += found
            numbers += [self.tally.lines] * len(found)
            self.tally.good += bool(found)
        return Block(rows, numbers)

    def _line(self, line: bytes, *, whole: bool) -> list[Row]:
        tally = self.tally
        if whole and line.endswith(b"\r"):
            self._count_crlf(1)
        if not line.strip(_BLANK):
            tally.blank += 1
            return []
        if len(line) > self._limits.line_bytes:
            tally.lines -= 1
            self._too_long()
            return []
        try:
            row: Value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return self._odd_line(line, whole=whole)
        if isinstance(row, dict) and json_scan.hides_nothing(line, [row], self._limits):
            return [row]
        return self._odd_line(line, whole=whole)

    def _count_crlf(self, n: int) -> None:
        if n:
            self.tally.crlf += n
            self.tally.flaws.add("crlf", "lines end in CR LF", n=n)

    def _odd_line(self, line: bytes, *, whole: bool) -> list[Row]:
        """Objects of one line that is not plain."""
        if line.startswith(_BOM):
            self.tally.bom += 1
            self._tell("bom", "byte order mark")
            line = line[len(_BOM) :]
            if not line.strip(_BLANK):
                self.tally.blank += 1
                return []
        rows, fault, text = self._nul_line(line) if b"\0" in line else self._objects(line)
        odd = self._exact.fresh()
        if odd:
            self._count_oddities(odd)
        if len(rows) > 1:
            self.tally.two_objects += 1
            self._tell("two-objects", f"{len(rows)} objects on one line")
        if fault:
            self._fault(fault, text, rows=bool(rows), whole=whole)
        return rows

    def _count_oddities(self, odd: Oddities) -> None:
        for code, count, message in (
            ("duplicate-key", odd.duplicate_keys, "repeated key, the last one counts"),
            ("non-finite-token", odd.non_finite, "bare NaN or Infinity"),
            ("big-integer", odd.big_integers, "integer beyond 2^53"),
            ("digits-limit", odd.long_numbers, "number with too many digits"),
            ("float-overflow", odd.float_overflows, "number too large for a double"),
        ):
            self._tell(code, message, n=count)
        self.tally.duplicate_keys += odd.duplicate_keys
        self.tally.non_finite += odd.non_finite
        self.tally.big_integers += odd.big_integers
        self.tally.long_numbers += odd.long_numbers
        self.tally.float_overflows += odd.float_overflows

    def _fault(self, code: str, message: str, *, rows: bool, whole: bool) -> None:
        """Count what is wrong with a line as a whole."""
        tally = self.tally
        if code == "syntax" and not whole:
            tally.torn_tail = True
            tally.torn_lines += not rows
            self._tell("truncated", "the stream ends inside this line")
        elif rows:
            tally.trailing += 1
            self._tell("trailing-data", "undecodable rest after an object")
        elif code == "not-an-object":
            tally.non_object += 1
            self._tell(code, "JSON, but no object")
        elif code == "nul-bytes":
            tally.nul_lines += 1
        else:
            tally.bad_json += 1
            self._tell(code, message)

    def _nul_line(self, line: bytes) -> tuple[list[Row], str, str]:
        """Objects between runs of NUL bytes, never joined across one: bytes may be lost there."""
        self.tally.nul += 1
        self._tell("nul-bytes", "NUL bytes in a line")
        parts = [part for part in _NULS.split(line) if part.strip(_BLANK)]
        if not parts:
            return [], "nul-bytes", ""
        rows: list[Row] = []
        fault, message = "", ""
        for part in parts:
            found, part_fault, part_message = self._objects(part)
            rows += found
            if part_fault:
                fault, message = part_fault, part_message
        if rows:
            return rows, fault, message
        self._exact.fresh()
        return self._objects(line)

    def _objects(self, line: bytes) -> tuple[list[Row], str, str]:
        """Every object that stands in the line; then a flaw's code and text, if there is one."""
        text, surrogates = json_scan.mend_surrogates(self._text(line))
        if surrogates:
            self.tally.surrogates += surrogates
            self._tell("lone-surrogate", "escape of half a character", n=surrogates)
        over = json_scan.over_limit(text, self._limits)
        if over:
            return [], over, "line nested too deeply or with too many values"
        rows: list[Row] = []
        fault = ""
        pos = _skip(text, 0)
        while pos < len(text):
            try:
                value, pos = self._value(text, pos)
            except json.JSONDecodeError as error:
                return rows, "syntax", f"{error.msg} at column {error.pos + 1}"
            if isinstance(value, dict):
                rows.append(value)
            else:
                fault = "not-an-object"
            pos = _skip(text, pos)
        return rows, fault, ""

    def _value(self, text: str, pos: int) -> tuple[Value, int]:
        try:
            return self._exact.decode(text, pos)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Invalid control character"):
                raise
        self._exact.fresh()
        value = self._exact.decode(text, pos, control=True)
        self.tally.control += 1
        self._tell("control-character", "raw control character in a string")
        return value

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.tally.bad_utf8 += 1
            self._tell("bad-utf8", f"no UTF-8 at column {error.start + 1} (bytes)")
            return line.decode("utf-8", "replace")

    def _tell(self, code: str, message: str, n: int = 1) -> None:
        if n:
            self.tally.flaws.add(code, message, f"L{self.tally.lines}", n=n)


def _pieces(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Whole lines in pieces of a good size."""
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _BLOCK_BYTES) + 1
        if not end:
            end = data.find(b"\n", start) + 1
        yield data[start:end], True
        start = end


def _decode(data: bytes) -> list[Row]:
    """The value of each line; an empty list where one line is not one value.

    Decoding the lines as one array is faster by a fifth, and the same where it is tried: no
    array opens in the data, and every line begins with a brace, so that the comma put before a
    line end (never inside a string: those hold no line ends) separates items of the array and
    nothing else. As many items as lines means one object per line.

    Raises:
        orjson.JSONDecodeError: a line is no JSON.
    """
    if b"[" in data:
        return [orjson.loads(line) for line in data.split(b"\n")[:-1]]
    joined = data.replace(b"\n", b",\n")
    lines = len(joined) - len(data)
    if not data.startswith(b"{") or data.count(b"\n{") != lines - 1:
        return []
    rows: list[Row] = orjson.loads(b"[" + joined[:-2] + b"]")
    return rows if len(rows) == lines else []


def _skip(text: str, pos: int) -> int:
    match = _GAP.match(text, pos)
    return match.end() if match else pos
