"""ZIP containers, read by position: bounded, checked, and of a torn one what is left of it.

Format: PKWARE's APPNOTE.TXT 6.3 (local headers 4.3.7, data descriptors 4.3.9, the central directory
4.3.12, ZIP64 4.3.14 to 4.3.16; method 93 is Zstandard). The standard library reads that method from
Python 3.14 on only, and nothing at all of a file without a central directory.

Names are texts: nothing is ever written, and no name is ever used as a path.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from archiver.codecs import zip_layout
from archiver.codecs.flaws import Flaws
from archiver.codecs.zip_layout import Member, ReadAt
from archiver.limits import DEFAULT, KIB, MIB, Limits

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STORED, DEFLATED, ZSTANDARD = 0, 8, 93
_PIECE_BYTES = MIB
_FED_BYTES = 64 * KIB
"""Zstandard gives back what follows a frame as a copy; a frame may have nine bytes."""
_PIECE_COST = 16 * KIB
"""What a piece counts for, in bytes read: nothing but empty frames costs time all the same."""
_RATIO_FREE_BYTES = MIB
"""So much may come out of a member before its ratio counts: short texts repeat themselves."""
_WINDOW_LOG_MAX = 27
"""Memory that a Zstandard frame may ask for, as a power of two: 128 MiB, the library's own."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of one member."""

    data: bytes
    complete: bool
    """Whether it is all of the member, and its checksum is right."""


class _Inflater(Protocol):
    """What decompressors have in common here."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What comes out for what goes in, in pieces of bounded size."""


@dataclass
class ZipContainer:
    """The members of one container, by name; of a repeated name the last one.

    Flaws: `empty`, `truncated`, `bad-directory`, `bad-header`, `bad-crc`, `bad-data`, `encrypted`,
    `unsupported-method`, `duplicate-member`, `odd-name`, `too-many-members`, `size-limit`, `ratio`.
    """

    members: dict[str, Member]
    complete: bool
    """Whether the central directory was there; without it, members are those still to be found."""
    flaws: Flaws
    _read_at: ReadAt
    _size: int
    _limits: Limits
    _expanded: int = 0
    _spent: int = 0
    """Bytes that were read of members, and what pieces count for."""

    @classmethod
    def open(cls, read_at: ReadAt, size: int, limits: Limits = DEFAULT) -> ZipContainer:
        """List the members of a file of `size` bytes; `read_at(offset, size)` reads it.

        Raises:
            Whatever `read_at` raises; nothing in the data raises.
        """
        flaws = Flaws()
        members, complete = zip_layout.members(read_at, size, limits, flaws)
        named: dict[str, Member] = {}
        for member in members:
            if member.name in named:
                message = "a member of this name is there already, the last one counts"
                flaws.add("duplicate-member", message, member.name)
                # It moves to the place of the last one.
                del named[member.name]
            named[member.name] = member
        return cls(named, complete, flaws, read_at, size, limits)

    def read(self, name: str, most: int) -> Content:
        """The first `most` bytes of a member; incomplete where there are more.

        Raises:
            KeyError: when there is no member of this name.
        """
        member = self.members[name]
        parts: list[bytes] = []
        left = most
        crc = 0
        known = sum(self.flaws.counts.values())
        for piece in self._pieces(member):
            crc = zlib.crc32(piece, crc)
            parts.append(piece[:left])
            left -= len(piece)
            if left < 0:
                message = f"the member is larger than {most} bytes"
                self.flaws.add("size-limit", message, name)
                return Content(b"".join(parts), complete=False)
        fine = known == sum(self.flaws.counts.values()) and not member.torn
        return Content(b"".join(parts), complete=fine and self._checked(member, most - left, crc))

    def range(self, name: str, offset: int, size: int) -> bytes:
        """Bytes of a member that is stored as it is; empty where it is packed.

        Nothing is checked: a checksum speaks of whole members.

        Raises:
            KeyError: when there is no member of this name.
        """
        member = self.members[name]
        start = self._start(member)
        if start is None or member.method != STORED or offset < 0:
            return b""
        return self._read_at(start + offset, max(0, min(size, member.packed - offset)))

    def _pieces(self, member: Member) -> Iterator[bytes]:
        """The member's content in pieces; ends early where something is wrong, with a flaw."""
        start = self._start(member)
        if start is None:
            return
        inflate = _inflater(member.method)
        came = went = 0
        while went < member.packed:
            packed = self._read_at(start + went, min(_PIECE_BYTES, member.packed - went))
            if not packed:
                return
            went += len(packed)
            self._spent += len(packed)
            if self._too_much(member, went, came):
                return
            try:
                for piece in inflate.feed(packed):
                    came += len(piece)
                    self._expanded += len(piece)
                    self._spent += _PIECE_COST
                    if self._too_much(member, went, came):
                        return
                    yield piece
            except (zlib.error, zstd.ZstdError) as fault:
                self.flaws.add("bad-data", f"cannot be unpacked: {fault}", member.name)
                return

    def _start(self, member: Member) -> int | None:
        """Where the member's bytes begin, or None where they cannot be read."""
        if member.encrypted:
            self.flaws.add("encrypted", "the member is encrypted", member.name)
            return None
        if member.method not in _INFLATERS:
            message = f"compression method {member.method} is not known"
            self.flaws.add("unsupported-method", message, member.name)
            return None
        return zip_layout.data_start(self._read_at, member, self.flaws)

    def _too_much(self, member: Member, went: int, came: int) -> bool:
        if self._spent > self._limits.zip_read_bytes:
            message = "more of the container was read than the limit allows"
            self.flaws.add("size-limit", message, member.name)
            return True
        if self._expanded > self._limits.zip_expanded_bytes:
            message = "the container unpacks to more than the limit"
            self.flaws.add("size-limit", message, member.name)
            return True
        if came > _RATIO_FREE_BYTES and came > went * self._limits.zip_ratio:
            message = f"unpacks to more than {self._limits.zip_ratio} times its size"
            self.flaws.add("ratio", message, member.name)
            return True
        return False

    def _checked(self, member: Member, came: int, crc: int) -> bool:
        """Whether what came is the whole member."""
        if came != member.size:
            message = f"{came} of {member.size} bytes are there"
            self.flaws.add("truncated", message, member.name)
        elif crc != member.crc:
            self.flaws.add("bad-crc", "the checksum does not match", member.name)
        return came == member.size and crc == member.crc


class _Stored:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Deflated:
    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inflate.eof:
            piece = self._inflate.decompress(data, _PIECE_BYTES)
            data = self._inflate.unconsumed_tail
            if piece:
                yield piece


def _frame() -> zstd.ZstdDecompressor:
    options = {int(zstd.DecompressionParameter.window_log_max): _WINDOW_LOG_MAX}
    return zstd.ZstdDecompressor(options=options)


@dataclass
class _Zstandard:
    """Frames one after the other; an empty piece tells that one gave nothing more."""

    _frame: zstd.ZstdDecompressor = field(default_factory=_frame)

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _FED_BYTES):
            yield from self._feed(data[at : at + _FED_BYTES])

    def _feed(self, data: bytes) -> Iterator[bytes]:
        while data or not self._frame.needs_input:
            piece = self._frame.decompress(data, _PIECE_BYTES)
            data = b""
            if self._frame.eof:
                data, self._frame = self._frame.unused_data, _frame()
            yield piece


_INFLATERS: dict[int, Callable[[], _Inflater]] = {
    STORED: _Stored,
    DEFLATED: _Deflated,
    ZSTANDARD: _Zstandard,
}


def _inflater(method: int) -> _Inflater:
    return _INFLATERS[method]()
