"""Scalars and texts in a serialised `TensorProto`.

Field numbers: tensorflow/core/framework/tensor.proto, tensor_shape.proto and types.proto.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from archiver.codecs import protobuf
from archiver.limits import Limits

_DTYPE, _SHAPE, _CONTENT, _STRING_VAL = 1, 2, 4, 8
DT_STRING = 7


class _Number(NamedTuple):
    name: str
    code: str
    """Struct letter of one element in `tensor_content`."""
    field: int
    """Field that holds elements one by one."""
    wire: str
    """How that field writes one: `fixed`, `signed`, `unsigned` varint or `bits` (as varint)."""


_NUMBERS = {
    1: _Number("float32", "f", 5, "fixed"),
    2: _Number("float64", "d", 6, "fixed"),
    3: _Number("int32", "i", 7, "signed"),
    4: _Number("uint8", "B", 7, "signed"),
    5: _Number("int16", "h", 7, "signed"),
    6: _Number("int8", "b", 7, "signed"),
    9: _Number("int64", "q", 10, "signed"),
    10: _Number("bool", "?", 11, "unsigned"),
    14: _Number("bfloat16", "H", 13, "bits"),
    17: _Number("uint16", "H", 7, "signed"),
    19: _Number("float16", "e", 13, "bits"),
    22: _Number("uint32", "I", 16, "unsigned"),
    23: _Number("uint64", "Q", 17, "unsigned"),
}


class Tensor(NamedTuple):
    """What is read of a tensor: its only number, or its texts."""

    dtype: str
    """`float32`, `int64`, `string`, ...; `dt-N` for types that are not read."""
    number: float | int | None
    """The element of a tensor that has exactly one; None otherwise."""
    texts: tuple[bytes, ...]
    """Elements of a string tensor, cut after `limits.text_point_bytes` in all."""
    cut: bool
    """Whether texts were left out or shortened."""


def decode(buf: bytes | memoryview, limits: Limits) -> Tensor:
    """Read a tensor.

    Raises:
        WireError: the message is broken.
    """
    dtype, elements = 0, 1
    content: bytes | memoryview = b""
    values: dict[int, tuple[int, int | bytes | memoryview]] = {}
    texts: list[bytes] = []
    room, cut = limits.text_point_bytes, False
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            if number == _DTYPE:
                dtype = value
            else:
                values.setdefault(number, (wire, value))
        elif number == _SHAPE and wire == protobuf.BYTES:
            elements = _elements(value, limits)
        elif number == _CONTENT and wire == protobuf.BYTES:
            content = value
        elif number == _STRING_VAL and wire == protobuf.BYTES:
            cut = cut or len(value) > room
            if room > 0 or not texts:
                texts.append(bytes(value[:room]))
                room -= len(value)
        else:
            values.setdefault(number, (wire, value))
    if dtype == DT_STRING:
        return Tensor("string", None, tuple(texts), cut)
    kind = _NUMBERS.get(dtype)
    if kind is None:
        return Tensor(f"dt-{dtype}", None, (), cut=False)
    number_read = _only_number(kind, content, values.get(kind.field)) if elements == 1 else None
    return Tensor(kind.name, number_read, (), cut=False)


def _elements(shape: bytes | memoryview, limits: Limits) -> int:
    """Number of elements; 1 for a scalar. Products beyond 64 bits stay at a large number."""
    elements = 1
    for number, wire, dim in protobuf.fields(shape, limits):
        if number == 2 and wire == protobuf.BYTES and not isinstance(dim, int):
            size = 0
            for inner, inner_wire, value in protobuf.fields(dim, limits):
                if inner == 1 and inner_wire == protobuf.VARINT and isinstance(value, int):
                    size = protobuf.signed(value)
            elements = min(elements * size, 2**62)
    return elements


def _only_number(
    kind: _Number,
    content: bytes | memoryview,
    field: tuple[int, int | bytes | memoryview] | None,
) -> float | int | None:
    """The first element, from the raw content or else from the typed field."""
    width = struct.calcsize("<" + kind.code)
    if len(content) == width:
        raw = bytes(content)
    elif field is None:
        return None
    else:
        wire, value = field
        if kind.wire == "fixed":
            if isinstance(value, int) or len(value) < width:
                return None
            raw = bytes(value[:width])
        else:
            if not isinstance(value, int):  # packed
                if wire != protobuf.BYTES or not len(value):
                    return None
                value, _ = protobuf.varint(value, 0)
            if kind.wire == "signed":
                return protobuf.signed(value)
            if kind.wire == "unsigned":
                return value
            raw = (value & 0xFFFF).to_bytes(2, "little")
    if kind.name == "bfloat16":
        return float(struct.unpack("<f", b"\0\0" + raw)[0])
    unpacked: tuple[float | int, ...] = struct.unpack("<" + kind.code, raw)
    return unpacked[0]
