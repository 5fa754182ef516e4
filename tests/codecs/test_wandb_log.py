"""The framing of W&B logs: blocks, parts, and what is told of damage."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import wandb_log
from archiver.codecs.wandb_log import WandbLog
from archiver.limits import Limits

BLOCK = 32768
HEADER = b":W&B\xe1\xbe\x00"


def part(kind: int, data: bytes) -> bytes:
    """One part, by the format's description."""
    crc = zlib.crc32(bytes([kind]) + data)
    return struct.pack("<IHB", crc, len(data), kind) + data


def written(*records: bytes) -> bytes:
    """A log of whole records, parted where blocks end."""
    out = bytearray(HEADER)
    for record in records:
        rest, first = record, True
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += b"\0" * room
                room = BLOCK
            data, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            out += part(kind, data)
            first = False
            if not rest:
                break
    return bytes(out)


def read(data: bytes, size: int = 1 << 20, limits: Limits | None = None) -> tuple[list, WandbLog]:
    """Records and the log that was read, from chunks of a size."""
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    log = WandbLog(chunks, limits or Limits())
    return [record for _, record in log], log


def codes(log: WandbLog) -> dict[str, int]:
    """Flaws by code."""
    return log.tally.flaws.counts


@pytest.mark.parametrize("size", [1, 7, 1000, BLOCK, 1 << 20])
def test_records_over_blocks(size):
    """Records of any length come back whole, however the stream is cut into chunks."""
    records = [b"a", b"b" * 40_000, b"", b"c" * 100_000]
    found, log = read(written(*records), size)
    assert found == records
    assert (log.tally.records, log.tally.version, codes(log)) == (4, 0, {})
    assert log.tally.bytes == len(written(*records))


def test_header_counts_into_the_first_block():
    """The first record of 32,754 bytes ends its block exactly: 7 + 7 + 32,754 = 32,768."""
    data = written(b"x" * 32_754, b"next")
    assert data[BLOCK : BLOCK + 7] == part(1, b"next")[:7]
    assert read(data)[0] == [b"x" * 32_754, b"next"]


@pytest.mark.parametrize("left", range(1, 7))
def test_rest_of_a_block_too_short_for_a_header_is_padding(left):
    """Up to six zeros end a block."""
    data = written(b"x" * (32_754 - left), b"next")
    assert data[BLOCK - left : BLOCK] == b"\0" * left
    found, log = read(data)
    assert [len(item) for item in found] == [32_754 - left, 4]
    assert codes(log) == {}


def test_flipped_bit_drops_one_record():
    """A good record behind a bad one in the same block is kept."""
    data = bytearray(written(b"one", b"two", b"three"))
    data[7 + 10 + 7] ^= 1
    found, log = read(bytes(data))
    assert found == [b"one", b"three"]
    assert (log.tally.corrupt, codes(log)) == (1, {"corrupt-record": 1})


def test_damaged_length_skips_to_the_next_block():
    """Where the next header is not found, reading goes on at the next block."""
    data = bytearray(written(b"one", b"x" * 32_000, b"y" * 32_000, b"z" * 100))
    struct.pack_into("<H", data, 7 + 10 + 4, 77)
    found, log = read(bytes(data))
    assert found == [b"one", b"z" * 100]
    assert codes(log) == {"corrupt-record": 1, "lost-record": 1}
    assert (log.tally.corrupt, log.tally.lost) == (1, 1)


def test_lone_first_part_is_a_truncated_tail():
    """A killed writer leaves whole blocks: the record that went on is missing."""
    data = written(b"one", b"x" * 60_000)[:BLOCK]
    found, log = read(data)
    assert found == [b"one"]
    assert (log.tally.truncated_at, codes(log)) == (7 + 10, {"truncated": 1})


@pytest.mark.parametrize("cut", [1, 3, 8, 9])
def test_cut_in_the_last_record(cut):
    """A stream that ends inside a part tells where that part began."""
    data = written(b"one", b"two")[:-cut]
    found, log = read(data)
    assert found == [b"one"]
    assert (log.tally.truncated_at, codes(log)) == (17, {"truncated": 1})


@pytest.mark.parametrize("size", range(1, 7))
def test_cut_in_the_file_header(size):
    """Less than a file header is a truncated file of no records."""
    found, log = read(HEADER[:size])
    assert (found, codes(log)) == ([], {"truncated": 1})


def test_header_alone_is_a_young_run():
    """A run that has just begun holds nothing, and nothing is wrong with it."""
    found, log = read(HEADER)
    assert (found, codes(log), log.tally.truncated_at) == ([], {}, None)


def test_zeros_instead_of_records():
    """An allocated, never written rest is told, and is no corrupt record."""
    data = written(b"one") + b"\0" * 100
    found, log = read(data)
    assert (found, log.tally.corrupt, codes(log)) == ([b"one"], 0, {"nul-bytes": 1})


def test_last_part_without_a_first():
    """A part of a record whose beginning is lost is counted."""
    found, log = read(HEADER + part(4, b"end") + part(1, b"next"))
    assert (found, log.tally.lost, codes(log)) == ([b"next"], 1, {"lost-record": 1})


def test_first_part_followed_by_a_whole_record():
    """A record whose rest never came does not swallow the next one."""
    found, log = read(HEADER + part(2, b"begin") + part(1, b"next"))
    assert (found, log.tally.lost, codes(log)) == ([b"next"], 1, {"lost-record": 1})


def test_too_long_a_record_is_stepped_over():
    """A record over the limit is not gathered in memory."""
    found, log = read(written(b"x" * 50_000, b"next"), limits=Limits(record_bytes=40_000))
    assert (found, codes(log)) == ([b"next"], {"size-limit": 1})


def test_unknown_version_is_told():
    """What is understood of a newer version is read all the same."""
    found, log = read(b":W&B\xe1\xbe\x01" + part(1, b"one"))
    assert (found, codes(log)) == ([b"one"], {"unsupported-version": 1})


@given(st.lists(st.binary(max_size=70_000), max_size=6), st.data())
def test_damage_loses_no_more_than_told(records, data):
    """Bytes cut out, overwritten or put in: no record is made up."""
    whole = written(*records)
    at = data.draw(st.integers(7, len(whole)))
    end = data.draw(st.sampled_from([at, at + 1, at + 300, len(whole)]))
    put = data.draw(st.sampled_from([b"", b"\0", b"\xff" * 9, b"\0" * 40]))
    found, _ = read(whole[:at] + put + whole[end:])
    assert all(item in records for item in found)
    assert len(found) <= len(records)


def test_blocks_are_read_once_each():
    """Chunks that end within blocks give the same blocks."""
    data = bytes(range(256)) * 400
    chunks = [data[a:b] for a, b in pairwise([0, 5, 40_000, 40_001, len(data)])]
    blocks = list(wandb_log._blocks(chunks))
    assert b"".join(blocks) == data
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, BLOCK, len(data) - 3 * BLOCK]


def test_parts_without_bytes_take_no_memory():
    """A record may be made of any number of parts that hold nothing."""
    data = bytearray(HEADER + part(2, b"a"))
    for _ in range(20_000):
        if BLOCK - len(data) % BLOCK < 7:
            data += bytes(BLOCK - len(data) % BLOCK)
        data += part(3, b"")
    log = WandbLog([bytes(data)])
    assert list(log) == []
    assert log.tally.truncated_at == len(HEADER)
    assert log._held == b"a"
