"""TFRecord framing: records out of a stream, damage located and stepped over.

Format (tensorflow/core/lib/io/record_writer.h), all little-endian:

    uint64 length · uint32 masked CRC32C of length · payload · uint32 masked CRC32C of payload

with `masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8`. Damage is handled in three ways:

- The payload's CRC is wrong and a good header (or the end) follows it: exactly that record is
  dropped.
- The length's CRC is wrong, or what follows a record is no header: the stream is searched for
  the next place where both CRCs hold; what lies before it is a gap.
- The stream ends inside a record and no whole record lies in the rest: a truncated tail.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, Limits

HEADER_BYTES = 12
FRAME_BYTES = 16
"""What a record needs beside its payload: header and trailing CRC."""

_STRETCH_RECORDS = 4096
_KNOWN_HEADERS = 4096
_TRIAL_BYTES = 64
"""What trying one place costs, in bytes that could be checked instead."""
_MASK_DELTA = 0xA282EAD8
_MASK32 = 0xFFFFFFFF
_UINT32 = struct.Struct("<I")
_UINT64 = struct.Struct("<Q")
_ZEROS = re.compile(rb"\0{4,}")


def masked_crc(data: bytes) -> int:
    """The masked CRC32C that a frame stores."""
    from google_crc32c import value as crc32c

    crc: int = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _MASK32


class Record(NamedTuple):
    """One record whose two CRCs are right."""

    offset: int
    """Of its frame, in bytes from the start of the stream."""
    payload: bytes


class Stretch(NamedTuple):
    """Good records that follow each other without a gap."""

    offset: int
    """Of the first record's frame."""
    payloads: list[bytes]

    def records(self) -> Iterator[Record]:
        """The records with their own offsets."""
        offset = self.offset
        for payload in self.payloads:
            yield Record(offset, payload)
            offset += len(payload) + FRAME_BYTES


class Gap(NamedTuple):
    """Bytes that hold no usable record."""

    offset: int
    length: int
    code: str
    """The flaw's code: `corrupt-record`, `lost-frame`, `size-limit`."""


@dataclass(slots=True)
class FrameTally:
    """What became of every byte of the stream."""

    bytes: int = 0
    """Seen in all: records + gaps + truncated tail."""
    records: int = 0
    record_bytes: int = 0
    """Bytes of the good records, frames included."""
    corrupt: int = 0
    """Records dropped whole because their payload's CRC is wrong."""
    oversized: int = 0
    """Records stepped over because they are longer than `limits.record_bytes`."""
    lost: int = 0
    """Stretches without a recognisable frame; how many records they held is not known."""
    gap_bytes: int = 0
    """Bytes of corrupt and oversized records and of lost stretches."""
    gaps: list[Gap] = field(default_factory=list)
    """The first of them."""
    truncated_at: int | None = None
    """Offset of the record in which the stream ends."""
    truncated_bytes: int = 0
    flaws: Flaws = field(default_factory=Flaws)


class Frames:
    """The records of one stream. Iterate once; `tally` is complete when the iteration ends."""

    def __init__(self, chunks: Iterable[bytes], limits: Limits = DEFAULT) -> None:
        self.tally = FrameTally()
        self._limits = limits
        self._window = _Window(chunks)
        self._known: dict[bytes, int] = {}
        self._wasted = 0

    def __iter__(self) -> Iterator[Stretch]:
        """Good records in file order, a few thousand at a time."""
        window, tally = self._window, self.tally
        pos: int | None = 0
        while pos is not None:
            payloads, after = self._good(pos)
            if payloads:
                tally.records += len(payloads)
                tally.record_bytes += after - pos
                yield Stretch(pos, payloads)
            pos = self._step(after) if len(payloads) < _STRETCH_RECORDS else after
        tally.bytes = window.drain()

    def _good(self, start: int) -> tuple[list[bytes], int]:
        """Good records from `start` that are already in the window, and where they end.

        The header's CRC is checked once per different length: the twelve bytes are the key.
        """
        from google_crc32c import value as crc_of

        data, base, known = self._window.data, self._window.base, self._known
        uint32 = _UINT32.unpack_from
        size, pos = len(data), start - base
        payloads: list[bytes] = []
        take = payloads.append
        for _ in range(_STRETCH_RECORDS):
            length = known.get(data[pos : pos + 12])
            if length is None:
                break
            end = pos + 12 + length
            if end + 4 > size:
                break
            payload = data[pos + 12 : end]
            crc = crc_of(payload)
            if ((crc >> 15 | crc << 17) + _MASK_DELTA) & _MASK32 != uint32(data, end)[0]:
                break
            take(payload)
            pos = end + 4
        return payloads, base + pos

    def _step(self, pos: int) -> int | None:
        """Get past whatever stopped `_good` at `pos`; None at the end of the stream."""
        window = self._window
        if not window.reach(pos, HEADER_BYTES):
            if window.end > pos:
                self._truncated(pos)
            return None
        length = self._length(window.peek(pos, HEADER_BYTES))
        if length is None:
            return self._resync(pos, pos + 1)
        if length > self._limits.record_bytes:
            return self._skip_oversized(pos, length)
        if not window.reach(pos, FRAME_BYTES + length):
            found = self._search(pos + HEADER_BYTES)
            if found is None:
                self._truncated(pos)
                return None
            return self._lost(pos, found)
        if self._payload_ok(pos, length):
            return pos
        return self._step_over(pos, length)

    def _length(self, header: bytes) -> int | None:
        """The length in a header whose CRC is right."""
        length = self._known.get(header)
        if length is None and masked_crc(header[:8]) == _UINT32.unpack_from(header, 8)[0]:
            length = int(_UINT64.unpack_from(header)[0])
            if length <= self._limits.record_bytes:
                if len(self._known) >= _KNOWN_HEADERS:
                    self._known.clear()
                self._known[header] = length
        return length

    def _payload_ok(self, pos: int, length: int) -> bool:
        payload = self._window.peek(pos + HEADER_BYTES, length)
        stored = self._window.peek(pos + HEADER_BYTES + length, 4)
        return masked_crc(payload) == int.from_bytes(stored, "little")

    def _step_over(self, pos: int, length: int) -> int | None:
        """Past a record with a wrong payload CRC, if its length can be believed.

        Where bytes were lost inside it, no header follows, and good records may begin in it.
        """
        after = pos + FRAME_BYTES + length
        followed = self._window.reach(pos, FRAME_BYTES + length + HEADER_BYTES)
        if followed and self._length(self._window.peek(after, HEADER_BYTES)) is None:
            return self._resync(pos, pos + HEADER_BYTES)
        self.tally.corrupt += 1
        self._gap(pos, after, "corrupt-record", "record with a wrong CRC dropped")
        return after

    def _skip_oversized(self, pos: int, length: int) -> int | None:
        after = pos + FRAME_BYTES + length
        if not self._window.skip(after):
            self._truncated(pos)
            return None
        self.tally.oversized += 1
        self._gap(pos, after, "size-limit", f"record of {length} bytes is over the limit")
        return after

    def _resync(self, pos: int, start: int) -> int | None:
        found = self._search(start)
        if found is None:
            self._lost(pos, self._window.drain())
            return None
        return self._lost(pos, found)

    def _search(self, start: int) -> int | None:
        """The first place from `start` on where a whole record with right CRCs stands.

        Every length below 4 GiB has four zero bytes in its upper half, and a header's CRC is
        (but for one length in four billion) not zero: only places where a run of zeros ends can
        be a header. Work spent on places that fail is limited to a few times the stream's
        length, so that planted headers cannot make the search quadratic.
        """
        window, pos = self._window, start
        while True:
            run = _ZEROS.search(window.data, max(pos + 4 - window.base, 0))
            stop = window.end if run is None else window.base + run.end()
            if stop + 4 > window.end and window.more(max(pos, stop - HEADER_BYTES + 1)):
                pos = max(pos, stop - HEADER_BYTES + 1)
                continue
            if run is None:
                return None
            first = max(pos, window.base + run.start() - 4, stop - HEADER_BYTES + 1)
            for candidate in range(first, stop - 7):
                if self._whole(candidate):
                    return candidate
            if self._wasted > self._limits.record_bytes + 4 * window.end:
                return None
            pos = stop - 7

    def _whole(self, pos: int) -> bool:
        """Whether a record with right CRCs stands at `pos`."""
        window = self._window
        if not window.reach(pos, FRAME_BYTES):
            return False
        length = self._length(window.peek(pos, HEADER_BYTES))
        if length is None or length > self._limits.record_bytes:
            self._wasted += _TRIAL_BYTES
            return False
        if not window.reach(pos, FRAME_BYTES + length):
            return False
        if self._payload_ok(pos, length):
            return True
        self._wasted += FRAME_BYTES + length
        return False

    def _lost(self, pos: int, end: int) -> int:
        self.tally.lost += 1
        self._gap(pos, end, "lost-frame", "no readable record")
        return end

    def _gap(self, pos: int, end: int, code: str, message: str) -> None:
        self.tally.gap_bytes += end - pos
        if len(self.tally.gaps) < self._limits.problems_per_artifact:
            self.tally.gaps.append(Gap(pos, end - pos, code))
        self.tally.flaws.add(code, f"{message} ({end - pos} bytes)", f"byte {pos}")

    def _truncated(self, pos: int) -> None:
        rest = self._window.drain() - pos
        self.tally.truncated_at, self.tally.truncated_bytes = pos, rest
        message = f"the stream ends inside a record ({rest} bytes of it are there)"
        self.tally.flaws.add("truncated", message, f"byte {pos}")


class _Window:
    """The part of a stream that is in memory; positions are absolute."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._eof = False
        self.data = b""
        self.base = 0

    @property
    def end(self) -> int:
        """Position after the last byte that was read."""
        return self.base + len(self.data)

    def reach(self, pos: int, size: int) -> bool:
        """Have `size` bytes from `pos` on in memory; false if the stream ends before.

        What lies before `pos` may be given up.
        """
        missing = pos + size - self.end
        if missing <= 0:
            return True
        if self._eof:
            return False
        parts = [self.data[max(pos - self.base, 0) :]]
        self.base = max(pos, self.base)
        while missing > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._eof = True
                break
            parts.append(chunk)
            missing -= len(chunk)
        self.data = b"".join(parts)
        return missing <= 0

    def more(self, pos: int) -> bool:
        """Read on, giving up what lies before `pos`; false at the end of the stream."""
        return self.reach(pos, self.end - pos + 1)

    def peek(self, pos: int, size: int) -> bytes:
        """Bytes that are in memory."""
        return self.data[pos - self.base : pos - self.base + size]

    def skip(self, pos: int) -> bool:
        """Give up everything before `pos` without holding it; false if the stream ends before."""
        while self.end < pos and not self._eof:
            chunk = next(self._chunks, None)
            self._eof = chunk is None
            self.base, self.data = self.end, chunk or b""
        return self.end >= pos

    def drain(self) -> int:
        """Length of the whole stream, which is read to its end."""
        while not self._eof:
            self.skip(self.end + 1)
        return self.end
