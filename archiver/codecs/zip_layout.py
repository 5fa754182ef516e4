"""Where the members of a ZIP container lie: its central directory, or the headers found without.

The headers' layout is that of PKWARE's APPNOTE.TXT 6.3; see `zip_container`, which unpacks.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from archiver.codecs.flaws import Flaws
from archiver.limits import MIB, Limits

ReadAt = Callable[[int, int], bytes]

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_END64, _LOCATOR64, _DESCRIPTOR = b"PK\6\6", b"PK\6\7", b"PK\7\x08"
_LOCAL_HEAD = struct.Struct("<4s5H3L2H")
_CENTRAL_HEAD = struct.Struct("<4s6H3L5H2L")
_END_HEAD = struct.Struct("<4s4H2LH")
_END64_HEAD = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64_HEAD = struct.Struct("<4sLQL")
_END_TAIL_BYTES = _END_HEAD.size + 0xFFFF
"""The end record may be followed by a comment of up to 64 KiB."""
_END_CANDIDATES = 16
_UNKNOWN = 0xFFFFFFFF
_ZIP64_EXTRA = 1
_ENCRYPTED, _STREAMED, _UTF8 = 1, 1 << 3, 1 << 11
_DEFLATED = 8
_HEADERS = re.compile(rb"PK(?:\x03\x04|\x01\x02)")
_DESCRIPTORS = re.compile(rb"PK(?:\x07\x08|\x03\x04)")
_SIZES, _WIDE_SIZES = struct.Struct("<3L"), struct.Struct("<L2Q")
_DESCRIPTOR_BYTES = 4 + _WIDE_SIZES.size
_FALSE_DESCRIPTORS = 10_000
_SCAN_BYTES = MIB
_NAME_CHARACTERS = 1_000
"""Of a longer name the beginning is used; the directory of a container may be nothing but names."""
_CONTROL = frozenset(map(chr, range(32)))


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a container; sizes in bytes."""

    name: str
    """A text, whatever it looks like."""
    method: int
    packed: int
    """Bytes that it takes in the container."""
    size: int
    """Bytes that it says to unpack to."""
    crc: int
    header: int
    """Offset of its local header."""
    encrypted: bool = False
    torn: bool = False
    """Whether the container ends (or its parts are lost) before the member does."""


def looks_like_zip(head: bytes) -> bool:
    """Whether a file that begins so may be a container."""
    return head.startswith((_LOCAL, _END))


def members(read_at: ReadAt, size: int, limits: Limits, flaws: Flaws) -> tuple[list[Member], bool]:
    """The members in the order of the directory, and whether there was one."""
    if not size:
        flaws.add("empty", "the file is empty")
        return [], False
    directory = _directory(read_at, size)
    if directory is None:
        flaws.add("truncated", "the directory of members is missing: the file breaks off")
        return list(_capped(_walk(read_at, size, flaws), limits, flaws)), False
    found = list(_capped(_listed(read_at, directory, flaws), limits, flaws))
    if "bad-directory" not in flaws.counts:
        return found, True
    return list(_capped(_walk(read_at, size, flaws), limits, flaws)), False


def data_start(read_at: ReadAt, member: Member, flaws: Flaws) -> int | None:
    """Offset of a member's bytes; its local header says how long it is itself."""
    head = read_at(member.header, _LOCAL_HEAD.size)
    if len(head) < _LOCAL_HEAD.size or not head.startswith(_LOCAL):
        message = f"no header at byte {member.header}"
        flaws.add("bad-header", message, member.name)
        return None
    *_, name, extra = _LOCAL_HEAD.unpack(head)
    return member.header + _LOCAL_HEAD.size + int(name) + int(extra)


def _capped(found: Iterator[Member], limits: Limits, flaws: Flaws) -> Iterator[Member]:
    named = 0
    for count, member in enumerate(found):
        named += len(member.name)
        if count >= limits.zip_members or named > limits.document_bytes:
            flaws.add("too-many-members", f"only the first {count} members are looked at")
            return
        if _odd(member.name):
            flaws.add("odd-name", "the name is no plain relative path", member.name)
        yield member


def _odd(name: str) -> bool:
    """Whether a name would lead out of a directory (nothing here follows it)."""
    steps = name.replace("\\", "/").split("/")
    long = len(name) >= _NAME_CHARACTERS
    outside = not name or not steps[0] or ".." in steps or ":" in steps[0]
    return long or outside or bool(_CONTROL & {*name})


@dataclass(frozen=True, slots=True)
class _Directory:
    start: int
    size: int
    entries: int
    shift: int
    """Bytes before the container, which its offsets do not count."""


def _directory(read_at: ReadAt, size: int) -> _Directory | None:
    """The central directory, found from the end of the file."""
    base = max(0, size - _END_TAIL_BYTES)
    tail = read_at(base, _END_TAIL_BYTES)
    at = len(tail)
    for _ in range(_END_CANDIDATES):
        at = tail.rfind(_END, 0, at + len(_END) - 1)
        if at < 0:
            return None
        if len(tail) - at >= _END_HEAD.size:
            found = _end_record(read_at, base + at, tail[at : at + _END_HEAD.size])
            if found is not None:
                return found
    return None


def _end_record(read_at: ReadAt, at: int, head: bytes) -> _Directory | None:
    _, _, _, _, entries, length, start, _ = _END_HEAD.unpack(head)
    end = at
    # Some writers (torch's among them) put the wide record there without need.
    wide = _end_record64(read_at, at)
    if wide is not None:
        entries, length, start, end = wide
    shift = end - length - start
    if shift < 0:
        return None
    found = _Directory(start + shift, length, entries, shift)
    first = read_at(found.start, len(_CENTRAL))
    return found if not entries or first == _CENTRAL else None


def _end_record64(read_at: ReadAt, at: int) -> tuple[int, int, int, int] | None:
    """Entries, length and start of the directory, and where its own record stands."""
    locator = read_at(at - _LOCATOR64_HEAD.size, _LOCATOR64_HEAD.size) if at else b""
    if len(locator) < _LOCATOR64_HEAD.size or not locator.startswith(_LOCATOR64):
        return None
    stated = int(_LOCATOR64_HEAD.unpack(locator)[2])
    # Bytes before the container shift it; then it stands directly before the locator.
    for place in (stated, at - _LOCATOR64_HEAD.size - _END64_HEAD.size):
        head = read_at(place, _END64_HEAD.size) if 0 <= place < at else b""
        if len(head) == _END64_HEAD.size and head.startswith(_END64):
            *_, entries, length, start = _END64_HEAD.unpack(head)
            return int(entries), int(length), int(start), place
    return None


def _listed(read_at: ReadAt, directory: _Directory, flaws: Flaws) -> Iterator[Member]:
    """The entries of the central directory."""
    at, end = directory.start, directory.start + directory.size
    buffer, base = b"", at
    count = 0
    while at < end:
        if at - base + _CENTRAL_HEAD.size + 3 * 0xFFFF > len(buffer) and base + len(buffer) < end:
            base, buffer = at, read_at(at, min(_SCAN_BYTES, end - at))
            if not buffer:
                break
        parsed = _central(buffer, at - base, directory.shift)
        if parsed is None:
            break
        member, length = parsed
        at += length
        count += 1
        yield member
    if count != directory.entries or at != end:
        message = f"{count} of {directory.entries} entries of the directory can be read"
        flaws.add("bad-directory", message, f"byte {at}")


def _central(buffer: bytes, at: int, shift: int) -> tuple[Member, int] | None:
    """One entry and its length."""
    if len(buffer) - at < _CENTRAL_HEAD.size or not buffer.startswith(_CENTRAL, at):
        return None
    fields = _CENTRAL_HEAD.unpack_from(buffer, at)
    flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
    names, extras, comments = fields[10:13]
    header = int(fields[16])
    name_at = at + _CENTRAL_HEAD.size
    length = _CENTRAL_HEAD.size + names + extras + comments
    if at + length > len(buffer):
        return None
    extra = buffer[name_at + names : name_at + names + extras]
    size, packed, header = _widened(extra, (size, packed, header))
    name = _text(buffer[name_at : name_at + names], flags)
    encrypted = bool(flags & _ENCRYPTED)
    return Member(name, method, packed, size, crc, header + shift, encrypted), length


def _widened(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Sizes and offset, those that do not fit 32 bits taken from the ZIP64 extra field."""
    if _UNKNOWN not in values:
        return values
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == _ZIP64_EXTRA:
            wide = iter(
                struct.unpack_from(f"<{min(length, len(extra) - at - 4) // 8}Q", extra, at + 4)
            )
            one, two, three = (
                next(wide, value) if value == _UNKNOWN else value for value in values
            )
            return one, two, three
        at += 4 + length
    return values


def _text(name: bytes, flags: int) -> str:
    text = name.decode("utf-8", "backslashreplace") if flags & _UTF8 else name.decode("cp437")
    return text[:_NAME_CHARACTERS]


def _walk(read_at: ReadAt, size: int, flaws: Flaws) -> Iterator[Member]:
    """Members by their local headers, from the start: for what has no (good) directory."""
    scanner = _Scanner(read_at, size)
    at = 0
    while at < size:
        head = scanner.take(at, _LOCAL_HEAD.size)
        if head.startswith((_CENTRAL, _END, _END64)):
            return
        if not head.startswith(_LOCAL):
            following = scanner.find(_HEADERS, at)
            message = f"{following - at} bytes belong to no member"
            flaws.add("bad-header", message, f"byte {at}")
            at = following
            continue
        found = _local(scanner, at, head)
        if found is None:
            flaws.add("truncated", "the last header breaks off", f"byte {at}")
            return
        member, end = _bounded(scanner, found)
        if member.torn:
            flaws.add("truncated", "the member breaks off", member.name)
        yield member
        # Stated sizes may point anywhere; the walk goes forward all the same.
        at = max(end, at + _LOCAL_HEAD.size)


@dataclass
class _Scanner:
    """Searches a file forwards through one window, so that many small steps stay cheap."""

    read_at: ReadAt
    size: int
    descriptors: int = _FALSE_DESCRIPTORS
    """Descriptors that may still turn out to be none before looking for them is given up."""
    _base: int = 0
    _window: bytes = b""

    def take(self, at: int, count: int) -> bytes:
        """Up to `count` bytes, fewer than a window."""
        if not self._base <= at <= at + count <= self._base + len(self._window):
            self._base, self._window = at, self.read_at(at, _SCAN_BYTES)
        return self._window[at - self._base : at - self._base + count]

    def find(self, marks: re.Pattern[bytes], start: int) -> int:
        """Offset of the first mark (of four bytes) from `start` on; the size where none follows."""
        at = start
        while len(self.take(at, 4)) == 4:
            match = marks.search(self._window, at - self._base)
            if match is not None:
                return self._base + match.start()
            at = self._base + len(self._window) - 3
        return self.size


@dataclass(frozen=True, slots=True)
class _Found:
    """A member as its local header states it."""

    member: Member
    data: int
    """Offset of its bytes."""
    open_ended: bool
    """Whether the header does not say how many they are."""


def _local(scanner: _Scanner, at: int, head: bytes) -> _Found | None:
    if len(head) < _LOCAL_HEAD.size:
        return None
    _, _, flags, method, _, _, crc, packed, full, names, extras = _LOCAL_HEAD.unpack(head)
    rest = scanner.take(at + _LOCAL_HEAD.size, names + extras)
    if len(rest) < names + extras:
        return None
    full, packed, _ = _widened(rest[names:], (full, packed, 0))
    name = _text(rest[:names], flags)
    member = Member(name, method, packed, full, crc, at, bool(flags & _ENCRYPTED))
    # Where sizes follow the bytes, and until a writer that can seek fills them in, they are zero.
    open_ended = not packed and (bool(flags & _STREAMED) or method >= _DEFLATED)
    return _Found(member, at + _LOCAL_HEAD.size + len(rest), open_ended)


def _bounded(scanner: _Scanner, found: _Found) -> tuple[Member, int]:
    """The member with its true extent, and where it ends."""
    member, data, size = found.member, found.data, scanner.size
    if found.open_ended:
        ended = _descriptor(scanner, data)
        if ended is not None:
            crc, packed, full, end = ended
            return replace(member, crc=crc, packed=packed, size=full), end
        end = scanner.find(_HEADERS, data)
        return replace(member, packed=end - data, torn=True), end
    if data + member.packed > size:
        return replace(member, packed=max(0, size - data), torn=True), size
    return member, data + member.packed


def _descriptor(scanner: _Scanner, data: int) -> tuple[int, int, int, int] | None:
    """CRC, both sizes and end of a member, from the descriptor behind its bytes."""
    at = data
    while scanner.descriptors and (at := scanner.find(_DESCRIPTORS, at)) < scanner.size:
        head = scanner.take(at, _DESCRIPTOR_BYTES)
        if not head.startswith(_DESCRIPTOR):
            return None
        for form in (_SIZES, _WIDE_SIZES):
            if len(head) >= 4 + form.size:
                crc, packed, full = form.unpack_from(head, 4)
                if packed == at - data:
                    return int(crc), int(packed), int(full), at + 4 + form.size
        scanner.descriptors -= 1
        at += len(_DESCRIPTOR)
    return None
