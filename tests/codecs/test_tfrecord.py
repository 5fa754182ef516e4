"""TFRecord framing: good records are kept, damage is located."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.tfrecord import Frames, FrameTally, Gap
from archiver.limits import Limits

if TYPE_CHECKING:
    from conftest import TensorBoardBytes


def _chunks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _read(
    data: bytes, size: int = 1 << 20, limits: Limits | None = None
) -> tuple[list[tuple[int, bytes]], FrameTally]:
    frames = Frames(_chunks(data, size), limits or Limits())
    records = [tuple(record) for stretch in frames for record in stretch.records()]
    tally = frames.tally
    assert tally.bytes == len(data)
    assert tally.bytes == tally.record_bytes + tally.gap_bytes + tally.truncated_bytes
    assert tally.records == len(records)
    return records, tally  # type: ignore[return-value]


def _file(tb: TensorBoardBytes, payloads: Iterable[bytes]) -> tuple[bytes, list[tuple[int, bytes]]]:
    data, records = b"", []
    for payload in payloads:
        records.append((len(data), payload))
        data += tb.frame(payload)
    return data, records


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 200))
def test_round_trip(tb: TensorBoardBytes, payloads: list[bytes], size: int) -> None:
    """Whatever is framed comes back with its offset, however the stream is cut into chunks."""
    data, records = _file(tb, payloads)
    read, tally = _read(data, size)
    assert read == records
    assert not tally.flaws


@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=6),
    st.data(),
    st.integers(1, 255),
    st.integers(1, 100),
)
def test_one_flipped_byte(
    tb: TensorBoardBytes, payloads: list[bytes], draw: st.DataObject, flip: int, size: int
) -> None:
    """A changed byte costs its own record and no other, and is located there."""
    data, records = _file(tb, payloads)
    at = draw.draw(st.integers(0, len(data) - 1))
    hurt = max(offset for offset, _ in records if offset <= at)
    damaged = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
    read, tally = _read(damaged, size)
    assert read == [record for record in records if record[0] != hurt]
    places = [gap.offset for gap in tally.gaps]
    if tally.truncated_at is not None:
        places.append(tally.truncated_at)
    assert places == [hurt]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.data(), st.integers(1, 100))
def test_truncated(
    tb: TensorBoardBytes, payloads: list[bytes], draw: st.DataObject, size: int
) -> None:
    """A stream cut anywhere keeps its whole records and says where it breaks off."""
    data, records = _file(tb, payloads)
    cut = draw.draw(st.integers(0, len(data)))
    whole = [(at, payload) for at, payload in records if at + len(payload) + 16 <= cut]
    end = whole[-1][0] + len(whole[-1][1]) + 16 if whole else 0
    read, tally = _read(data[:cut], size)
    assert read == whole
    assert tally.truncated_at == (None if cut == end else end)
    assert tally.truncated_bytes == cut - end


def test_lost_bytes_inside_a_record(tb: TensorBoardBytes) -> None:
    """Where bytes are missing, the next record is found although the length points past it."""
    data, records = _file(tb, [b"a" * 50, b"b" * 50, b"c" * 10])
    cut = data[:20] + data[35:]
    read, tally = _read(cut)
    assert [payload for _, payload in read] == [b"b" * 50, b"c" * 10]
    assert tally.gaps == [Gap(0, records[1][0] - 15, "lost-frame")]


def test_torn_file_with_another_behind_it(tb: TensorBoardBytes) -> None:
    """A torn record at the end of one file does not swallow the file appended to it."""
    first, _ = _file(tb, [b"x" * 30, b"y" * 200])
    second, _ = _file(tb, [b"z" * 9])
    read, tally = _read(first[:-150] + second, 7)
    assert [payload for _, payload in read] == [b"x" * 30, b"z" * 9]
    assert tally.lost == 1
    assert tally.truncated_at is None


def test_zeros_between_records(tb: TensorBoardBytes) -> None:
    """A hole of NUL bytes is a gap; records behind it are read."""
    data = tb.frame(b"one") + bytes(5000) + tb.frame(b"two") + bytes(300)
    for size in (1, 13, 4096):
        read, tally = _read(data, size)
        assert [payload for _, payload in read] == [b"one", b"two"]
        assert [(gap.offset, gap.length) for gap in tally.gaps] == [(19, 5000), (5038, 300)]


def test_oversized_record_is_skipped(tb: TensorBoardBytes) -> None:
    """A record over the limit is stepped over without being held."""
    data = tb.frame(b"one") + tb.frame(b"x" * 1000) + tb.frame(b"two")
    read, tally = _read(data, 64, Limits(record_bytes=100))
    assert [payload for _, payload in read] == [b"one", b"two"]
    assert tally.oversized == 1
    assert tally.flaws.counts == {"size-limit": 1}


def test_oversized_record_torn(tb: TensorBoardBytes) -> None:
    """A record over the limit may be the torn one."""
    data = tb.frame(b"one") + tb.frame(b"x" * 1000)[:500]
    _, tally = _read(data, 64, Limits(record_bytes=100))
    assert (tally.truncated_at, tally.truncated_bytes) == (19, 500)


def test_planted_headers_cost_linear_work(tb: TensorBoardBytes) -> None:
    """Thousands of headers that announce much are given up on, not each tried."""
    head = tb.frame(b"p" * 900)[:12]
    data = b"\xff" * 16 + head * 2000
    read, tally = _read(data, 4096, Limits(record_bytes=1000))
    assert read == []
    assert tally.bytes == len(data)


def test_many_gaps_are_counted(tb: TensorBoardBytes) -> None:
    """Gaps beyond those that are kept still count."""
    bad = tb.frame(b"abcd")[:-1] + b"\0"
    _, tally = _read((bad + tb.frame(b"ok")) * 60, 100, Limits(problems_per_artifact=3))
    assert tally.corrupt == 60
    assert len(tally.gaps) == 3
    assert tally.flaws.counts == {"corrupt-record": 60}


@given(st.binary(max_size=400), st.integers(1, 50))
def test_arbitrary_bytes(data: bytes, size: int) -> None:
    """Any bytes are accounted for, whatever they are."""
    _read(data, size)


def test_long_stretches(tb: TensorBoardBytes) -> None:
    """More records than a stretch holds keep their offsets."""
    one = tb.frame(b"abc")
    read, _ = _read(one * 9000, 5000)
    assert [offset for offset, _ in read] == list(range(0, 9000 * 19, 19))


@pytest.mark.parametrize("size", [1, 1 << 16])
def test_empty_stream(size: int) -> None:
    """An empty file is no damage."""
    read, tally = _read(b"", size)
    assert read == []
    assert not tally.flaws
