"""W&B transaction logs (`run-<id>.wandb`): records out of a stream, damage located.

A file begins with 7 bytes: `:W&B`, 0xBEE1 (little-endian) and a version byte of 0. Blocks of
32 KiB follow each other as in LevelDB's log, and the 7 bytes count into the first:

    uint32 CRC-32 of type and data · uint16 length of data · uint8 type · data

The type tells a whole record (1) from the first, a middle and the last part of one (2, 3, 4).
What is left of a block where no header fits is zeros. Damage is handled in three ways:

- A wrong CRC with a good part behind it in the same block: exactly that part is dropped.
- A wrong CRC with nothing good behind it: the block is left, the next one is tried.
- The stream ends inside a part, or after the first part of a record: a truncated tail.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, Limits

BLOCK_BYTES = 32 * 1024
MAGIC = b":W&B"
_IDENT = 0xBEE1
_FILE_HEADER = struct.Struct("<4sHB")
_PART_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


@dataclass(slots=True)
class LogTally:
    """What became of the stream; complete when it has been read."""

    bytes: int = 0
    records: int = 0
    corrupt: int = 0
    """Parts with a wrong CRC, unknown types, and stretches left for the next block."""
    lost: int = 0
    """Records of which some part is missing or that are longer than the limit."""
    truncated_at: int | None = None
    """Offset of the part, or of the record's first part, in which the stream ends."""
    version: int | None = None
    flaws: Flaws = field(default_factory=Flaws)
    """`truncated`, `corrupt-record`, `lost-record`, `nul-bytes`, `size-limit`,
    `unsupported-version`."""


@dataclass(slots=True)
class WandbLog:
    """The records of one stream with their offsets. Iterate once."""

    chunks: Iterable[bytes]
    limits: Limits = DEFAULT
    tally: LogTally = field(default_factory=LogTally)
    _held: bytearray = field(default_factory=bytearray)
    """What came of the record at hand; its parts may be as short as no byte at all."""
    _begun: int | None = None
    """Offset of the first part of the record at hand."""
    _size: int = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        start = 0
        for block in _blocks(self.chunks):
            pos = self._open(block) if start == 0 else 0
            for offset, kind, data in self._parts_of(block, pos, start):
                record = self._join(offset, kind, data)
                if record is not None:
                    self.tally.records += 1
                    yield record
            start += len(block)
        self.tally.bytes = start
        if self._begun is not None:
            self._cut(self._begun, "a record has no end")

    def _open(self, block: bytes) -> int:
        if len(block) < _FILE_HEADER.size:
            if block:
                self._cut(0, "the file ends in its header")
            return len(block)
        _, ident, version = _FILE_HEADER.unpack_from(block)
        self.tally.version = version
        if ident != _IDENT or version:
            message = f"file header 0x{ident:04x}, version {version} is not a known one"
            self.tally.flaws.add("unsupported-version", message, "byte 4")
        return _FILE_HEADER.size

    def _parts_of(self, block: bytes, pos: int, start: int) -> Iterator[tuple[int, int, bytes]]:
        """Good parts of one block: offset in the stream, type, data."""
        whole = len(block) == BLOCK_BYTES
        while len(block) - pos >= _PART_HEADER.size:
            crc, length, kind = _PART_HEADER.unpack_from(block, pos)
            begin = pos + _PART_HEADER.size
            end = begin + length
            if not crc and not length and not kind:
                self._zeros(block, pos, start)
                return
            if end > len(block) and not whole:
                self._cut(
                    start + pos,
                    f"the file ends {end - len(block)} bytes before its last record does",
                )
                return
            if zlib.crc32(block[begin - 1 : end]) == crc and _FULL <= kind <= _LAST:
                yield start + pos, kind, block[begin:end]
                pos = end
                continue
            self._drop(start + pos)
            if not _is_good(block, end):
                return
            pos = end
        if not whole and len(block) > pos:
            self._cut(start + pos, "the file ends in a record's header")

    def _zeros(self, block: bytes, pos: int, start: int) -> None:
        """Zeros instead of a header: an allocated and never written rest, or damage."""
        rest = block[pos:]
        if rest.strip(b"\0"):
            self._drop(start + pos)
            return
        message = f"{len(rest)} bytes of NULs where a record was expected"
        self.tally.flaws.add("nul-bytes", message, f"byte {start + pos}")

    def _drop(self, offset: int) -> None:
        self.tally.corrupt += 1
        message = "the checksum is wrong; what it was is not known"
        self.tally.flaws.add("corrupt-record", message, f"byte {offset}")
        self._forget(offset)

    def _forget(self, offset: int) -> None:
        """Give up the record at hand."""
        if self._begun is not None:
            self.tally.lost += 1
            message = f"a part is missing at byte {offset}"
            self.tally.flaws.add("lost-record", message, f"byte {self._begun}")
        self._begun, self._held, self._size = None, bytearray(), 0

    def _cut(self, offset: int, message: str) -> None:
        if self.tally.truncated_at is None:
            self.tally.truncated_at = offset if self._begun is None else self._begun
            self.tally.flaws.add("truncated", message, f"byte {self.tally.truncated_at}")
        self._begun = None

    def _join(self, offset: int, kind: int, data: bytes) -> tuple[int, bytes] | None:
        """The record that a part completes."""
        if kind in (_FULL, _FIRST):
            self._forget(offset)
            if kind == _FULL:
                return offset, data
            self._begun = offset
        elif self._begun is None:
            self.tally.lost += kind == _LAST
            self.tally.flaws.add("lost-record", "its first part is missing", f"byte {offset}")
            return None
        self._size += len(data)
        if self._size <= self.limits.record_bytes:
            self._held += data
        if kind != _LAST:
            return None
        begun, size, record = self._begun, self._size, bytes(self._held)
        self._begun, self._held, self._size = None, bytearray(), 0
        if size > self.limits.record_bytes:
            self.tally.lost += 1
            message = f"a record of {size} bytes is longer than the limit"
            self.tally.flaws.add("size-limit", message, f"byte {begun}")
            return None
        return (begun or 0), record


def _is_good(block: bytes, pos: int) -> bool:
    """Whether a part with the right CRC stands at a position."""
    if len(block) - pos < _PART_HEADER.size:
        return False
    crc, length, kind = _PART_HEADER.unpack_from(block, pos)
    begin = pos + _PART_HEADER.size
    fits = begin + length <= len(block) and _FULL <= kind <= _LAST
    return bool(fits and zlib.crc32(block[begin - 1 : begin + length]) == crc)


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in blocks; the last one may be short."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk if rest else chunk
        whole = len(data) - len(data) % BLOCK_BYTES
        for at in range(0, whole, BLOCK_BYTES):
            yield data[at : at + BLOCK_BYTES]
        rest = data[whole:]
    if rest:
        yield rest
