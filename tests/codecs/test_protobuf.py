"""The wire format walker."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import protobuf
from archiver.limits import Limits


def test_fields_of_every_wire_type() -> None:
    """Each wire type gives its number, type and value, in order."""
    data = b"\x08\x96\x01" + b"\x12\x03abc" + b"\x1d\x01\x02\x03\x04" + b"\x21" + bytes(8)
    assert list(protobuf.fields(data)) == [
        (1, protobuf.VARINT, 150),
        (2, protobuf.BYTES, b"abc"),
        (3, protobuf.FIXED32, b"\x01\x02\x03\x04"),
        (4, protobuf.FIXED64, bytes(8)),
    ]


def test_groups_are_stepped_over() -> None:
    """A group, even one in another, is skipped as a whole."""
    data = b"\x0b\x10\x01\x13\x14\x0c" + b"\x18\x05"
    assert list(protobuf.fields(data)) == [(3, protobuf.VARINT, 5)]


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"\x08", 1),
        (b"\x08" + b"\xff" * 11, 1),
        (b"\x12\x05abc", 1),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1),
        (b"\x1d\x01", 1),
        (b"\x00\x01", 0),
        (b"\x0f", 0),
        (b"\x0c", 0),
        (b"\x0b\x14", 1),
        (b"\x0b", 1),
    ],
)
def test_broken(data: bytes, offset: int) -> None:
    """A broken field raises with its place, however much it announces."""
    with pytest.raises(protobuf.WireError) as caught:
        list(protobuf.fields(data))
    assert caught.value.offset == offset


def test_group_nesting_is_bounded() -> None:
    """Groups deeper than the limit are refused."""
    with pytest.raises(protobuf.WireError, match="deeply"):
        list(protobuf.fields(b"\x0b" * 50, Limits(protobuf_nesting=16)))


@given(st.integers(-(2**63), 2**63 - 1))
def test_signed_varint_round_trip(value: int) -> None:
    """Every int64 survives its two's complement varint."""
    rest, raw = value & (2**64 - 1), b""
    while rest >= 128:
        raw += bytes([rest & 127 | 128])
        rest >>= 7
    read, end = protobuf.varint(raw + bytes([rest]), 0)
    assert protobuf.signed(read) == value
    assert end == len(raw) + 1


@given(st.binary(max_size=200))
def test_arbitrary_bytes(data: bytes) -> None:
    """Any bytes end with the last field or with WireError; views read like bytes."""
    seen = []
    for source in (data, memoryview(data)):
        found: list[object] = []
        with contextlib.suppress(protobuf.WireError):
            for number, wire, value in protobuf.fields(source):
                found.append((number, wire, value if isinstance(value, int) else bytes(value)))
        seen.append(found)
    assert seen[0] == seen[1]


def test_packed() -> None:
    """Packed numbers are read as far as they are whole."""
    assert protobuf.packed(b"\x00\x00\x80\x3f\x00\x00\x00\x40\x01", "f") == (1.0, 2.0)


def test_fields_are_bounded():
    """Two bytes become a value of thirty; the first ones are given, the rest is refused."""
    found = []
    with pytest.raises(protobuf.WireError, match="more fields"):
        found.extend(protobuf.fields(b"\x08\x01" * 50, Limits(message_fields=20)))
    assert len(found) == 20
