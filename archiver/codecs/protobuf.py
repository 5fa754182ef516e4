"""Protocol Buffers wire format: a bounded walk over the fields of one message.

Format: https://protobuf.dev/programming-guides/encoding/. There are no schemas here; who reads
a message knows its field numbers. Nothing is allocated from a declared length: every length is
checked against the bytes that remain.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from archiver.limits import DEFAULT, Limits

VARINT = 0
FIXED64 = 1
BYTES = 2
GROUP_START = 3
GROUP_END = 4
FIXED32 = 5

_VARINT_BYTES = 10
_MASK64 = 2**64 - 1
_MAX_FIELD = 2**29 - 1


class WireError(ValueError):
    """The bytes are no protobuf message.

    The codecs built on this module catch it and report a flaw.

    Attributes:
        offset: byte of the message at which it breaks.
    """

    def __init__(self, fault: str, offset: int) -> None:
        super().__init__(f"{fault} at byte {offset} of the message")
        self.offset = offset


def varint(buf: bytes | memoryview, pos: int) -> tuple[int, int]:
    """The unsigned 64-bit varint at `pos`, and the position after it.

    Raises:
        WireError: the buffer ends inside it, or it is longer than ten bytes.
    """
    value = shift = 0
    for at in range(pos, min(pos + _VARINT_BYTES, len(buf))):
        byte = buf[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK64, at + 1
        shift += 7
    raise WireError("unfinished varint", pos)


def signed(value: int) -> int:
    """An int32 or int64 field's number from its varint (two's complement in 64 bits)."""
    return value - 2**64 if value >= 2**63 else value


def fields(
    buf: bytes | memoryview, limits: Limits = DEFAULT
) -> Iterator[tuple[int, int, int | bytes | memoryview]]:
    """Fields of one message in order: number, wire type, value.

    Varints are unsigned integers; fixed32, fixed64 and length-delimited fields are their bytes,
    of the buffer's own type (give a memoryview to avoid copies). Groups are stepped over.

    Raises:
        WireError: at the first broken field, or the first one over the limit of values; those
            before it have been yielded.
    """
    pos, end = 0, len(buf)
    left = limits.message_fields
    while pos < end:
        start = pos
        left -= 1
        if left < 0:
            raise WireError("more fields than the limit", start)
        key = buf[pos]
        if key < 0x80:  # the usual case, without a call
            pos += 1
        else:
            key, pos = varint(buf, pos)
        number, wire = key >> 3, key & 7
        if not 0 < number <= _MAX_FIELD:
            raise WireError(f"field number {number}", start)
        if wire == BYTES and pos < end and buf[pos] < 0x80 and buf[pos] < end - pos:
            begin, pos = pos + 1, pos + 1 + buf[pos]
            yield number, wire, buf[begin:pos]
        elif wire == VARINT:
            value, pos = varint(buf, pos)
            yield number, wire, value
        elif wire in {BYTES, FIXED32, FIXED64}:
            begin, pos = _extent(buf, pos, wire)
            yield number, wire, buf[begin:pos]
        elif wire == GROUP_START:
            pos = _skip_group(buf, pos, number, limits)
        else:
            raise WireError(f"wire type {wire}", start)


def packed(raw: bytes | memoryview, code: str) -> tuple[float, ...]:
    """Numbers of a packed field of fixed width; `code` is the little-endian struct letter.

    A rest shorter than one number is left out.
    """
    count = len(raw) // struct.calcsize("<" + code)
    return struct.unpack_from(f"<{count}{code}", raw)


def _extent(buf: bytes | memoryview, pos: int, wire: int) -> tuple[int, int]:
    """Where the value of a fixed or length-delimited field begins and ends."""
    if wire == BYTES:
        length, begin = varint(buf, pos)
    else:
        length, begin = (4 if wire == FIXED32 else 8), pos
    if length > len(buf) - begin:
        raise WireError(f"{length} bytes announced, {len(buf) - begin} left", pos)
    return begin, begin + length


def _skip_group(buf: bytes | memoryview, pos: int, number: int, limits: Limits) -> int:
    """Position after the group's end; groups are deprecated and nothing read here uses them."""
    open_groups = [number]
    while open_groups:
        start = pos
        key, pos = varint(buf, pos)
        inner, wire = key >> 3, key & 7
        if wire == GROUP_START:
            open_groups.append(inner)
            if len(open_groups) > limits.protobuf_nesting:
                raise WireError("groups nested too deeply", start)
        elif wire == GROUP_END:
            if open_groups.pop() != inner:
                raise WireError("group ends that was not open", start)
        elif wire == VARINT:
            _, pos = varint(buf, pos)
        elif wire in {BYTES, FIXED32, FIXED64}:
            _, pos = _extent(buf, pos, wire)
        else:
            raise WireError(f"wire type {wire}", start)
    return pos
