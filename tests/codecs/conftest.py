"""An independent, tiny writer of TensorBoard files, and the folder of real runs."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _crc_table()


class TensorBoardBytes:
    """Writes frames, messages and events by hand; CRC32C bit by bit from its polynomial."""

    VERSION = b"brain.Event:2"

    def crc(self, data: bytes) -> bytes:
        """Masked CRC32C as stored."""
        crc = 0xFFFFFFFF
        for byte in data:
            crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
        crc ^= 0xFFFFFFFF
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    def frame(self, payload: bytes) -> bytes:
        """One record."""
        head = struct.pack("<Q", len(payload))
        return head + self.crc(head) + payload + self.crc(payload)

    def varint(self, value: int) -> bytes:
        """A varint; negative numbers as 64-bit two's complement."""
        value &= 2**64 - 1
        out = b""
        while value >= 128:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def number(self, field: int, value: int) -> bytes:
        """A varint field."""
        return self.varint(field << 3) + self.varint(value)

    def message(self, field: int, *parts: bytes) -> bytes:
        """A length-delimited field."""
        body = b"".join(parts)
        return self.varint(field << 3 | 2) + self.varint(len(body)) + body

    def event(self, *parts: bytes, time: float = 1000.0, step: int = 0) -> bytes:
        """An event with its time and step before its other fields."""
        head = b"\x09" + struct.pack("<d", time)
        return head + (self.number(2, step) if step else b"") + b"".join(parts)

    def scalar(self, tag: str, step: int, value: float, time: float = 1000.0) -> bytes:
        """An event with one `simple_value`, as torch and tensorboardX write it."""
        single = b"\x15" + struct.pack("<f", value)
        summary = self.message(5, self.message(1, self.message(1, tag.encode()), single))
        return self.event(summary, time=time, step=step)

    def tensor_event(self, tag: str, step: int, tensor: bytes, *, plugin: str = "") -> bytes:
        """An event with one tensor value; the plugin's name is written with it if given."""
        metadata = self.message(9, self.message(1, self.message(1, plugin.encode())))
        value = (self.message(1, tag.encode()), self.message(8, tensor))
        parts = (*value, metadata) if plugin else value
        return self.event(self.message(5, self.message(1, *parts)), step=step)

    def version(self, step: int = 0) -> bytes:
        """A file version event."""
        return self.event(self.message(3, self.VERSION), step=step)


@pytest.fixture(scope="session")
def tb() -> TensorBoardBytes:
    return TensorBoardBytes()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of real runs."""
    folder = os.environ.get("RUNARCHIVE_CORPUS", "")
    if not folder:
        pytest.skip("RUNARCHIVE_CORPUS does not name a folder of real runs")
    return Path(folder)
