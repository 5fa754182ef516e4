"""TensorBoard events: numbers, texts, marks, and an account of everything else."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import tf_hparams
from archiver.codecs.tfevents import EventScan, ScalarBatch, SessionMark, TextBatch
from archiver.limits import Limits

if TYPE_CHECKING:
    from conftest import TensorBoardBytes

Points = dict[str, list[tuple[int, float, float]]]


def _chunks(data: bytes, size: int = 4096) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _points(scan: EventScan) -> Points:
    """Number points by tag: step, value, time."""
    found: Points = {}
    for item in scan:
        if isinstance(item, ScalarBatch):
            rows = zip(item.steps, item.values, item.times, strict=True)
            found.setdefault(item.tag, []).extend(rows)
    return found


def _scan(tb: TensorBoardBytes, *payloads: bytes, limits: Limits | None = None) -> EventScan:
    data = b"".join(tb.frame(payload) for payload in payloads)
    return EventScan(_chunks(data), limits or Limits())


def _single(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


_FLOATS = st.floats(width=32, allow_nan=False)
_STEPS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 20_000)


@given(st.lists(st.tuples(st.sampled_from("ab/é"), _STEPS, _FLOATS, st.floats(0, 2e9))))
def test_scalars_round_trip(
    tb: TensorBoardBytes, points: list[tuple[str, int, float, float]]
) -> None:
    """Every scalar comes back exactly, the quickly read ones as well as the first of a tag."""
    scan = _scan(tb, tb.version(), *(tb.scalar(tag, s, v, t) for tag, s, v, t in points))
    wanted: Points = {}
    for tag, step, value, time in points:
        wanted.setdefault(tag, []).append((step, value, time))
    assert _points(scan) == wanted
    assert scan.tally.events == len(points) + 1
    assert scan.tally.values.get("number", 0) == len(points)
    assert scan.tally.version == "brain.Event:2"
    assert {tag: info.values for tag, info in scan.tags.items()} == {
        tag: len(rows) for tag, rows in wanted.items()
    }


def test_not_finite(tb: TensorBoardBytes) -> None:
    """NaN and infinities are values like others."""
    values = (1.0, math.nan, math.inf, -math.inf, math.nan)
    found = _points(_scan(tb, *(tb.scalar("x", 1, value) for value in values)))
    assert [str(value) for _, value, _ in found["x"]] == ["1.0", "nan", "inf", "-inf", "nan"]


_TENSORS = [  # data type, typed field, bytes of the element, its name and value
    (1, 5, struct.pack("<f", 0.1), "float32", _single(0.1)),
    (2, 6, struct.pack("<d", 0.1), "float64", 0.1),
    (19, None, struct.pack("<e", 1.5), "float16", 1.5),
    (14, None, b"\xc0\x3f", "bfloat16", 1.5),
    (9, None, struct.pack("<q", -7), "int64", -7.0),
    (3, None, struct.pack("<i", 123456), "int32", 123456.0),
    (10, None, b"\x01", "bool", 1.0),
]


@pytest.mark.parametrize("case", _TENSORS)
def test_tensor_scalars(
    tb: TensorBoardBytes, case: tuple[int, int | None, bytes, str, float]
) -> None:
    """A one-element tensor is a number, from its raw content or its typed field."""
    dtype, field, raw, name, value = case
    shape = tb.message(2)
    tensors = [tb.number(1, dtype) + shape + tb.message(4, raw)]
    if field:
        tensors.append(tb.number(1, dtype) + shape + tb.message(field, raw))
    events = [
        tb.tensor_event("t", step, tensor, plugin="scalars" if step == 0 else "")
        for step, tensor in enumerate(tensors * 3)
    ]
    scan = _scan(tb, *events)
    batches = [item for item in scan if isinstance(item, ScalarBatch)]
    assert [(batch.tag, batch.dtype, set(batch.values)) for batch in batches] == [
        ("t", name, {value})
    ]
    assert scan.tags["t"].plugin == "scalars"
    assert list(batches[0].steps) == list(range(len(events)))


@pytest.mark.parametrize(
    ("dtype", "field", "code", "value"),
    [(3, 7, -3, -3.0), (9, 10, -(2**40), -(2.0**40)), (19, 13, 0x3E00, 1.5), (10, 11, 1, 1.0)],
)
def test_tensor_varint_fields(
    tb: TensorBoardBytes, dtype: int, field: int, code: int, value: float
) -> None:
    """Typed integer fields are read packed and one by one."""
    tensors = (
        tb.number(1, dtype) + tb.message(field, tb.varint(code)),
        tb.number(1, dtype) + tb.number(field, code),
    )
    found = _points(_scan(tb, *(tb.tensor_event("t", 1, tensor) for tensor in tensors)))
    assert [row[1] for row in found["t"]] == [value, value]


def test_big_integer_is_told(tb: TensorBoardBytes) -> None:
    """An int64 that a double cannot hold is rounded with a flaw."""
    tensor = tb.number(1, 9) + tb.message(4, struct.pack("<q", 2**53 + 1))
    scan = _scan(tb, tb.tensor_event("t", 1, tensor))
    assert _points(scan)["t"] == [(1, float(2**53), 1000.0)]
    assert scan.tally.flaws.counts == {"big-integer": 1}


def test_texts(tb: TensorBoardBytes) -> None:
    """String tensors of the text plugin are texts, their elements joined by line feeds."""
    tensor = tb.number(1, 7) + tb.message(8, b"first") + tb.message(8, "zweité".encode())
    scan = _scan(tb, tb.tensor_event("args/text_summary", 3, tensor, plugin="text"))
    (batch,) = list(scan)
    assert isinstance(batch, TextBatch)
    assert (batch.tag, list(batch.steps), batch.texts) == (
        "args/text_summary",
        [3],
        ["first\nzweité"],
    )


def test_text_limits(tb: TensorBoardBytes) -> None:
    """Long texts are cut and many texts dropped, both told."""
    tensor = tb.number(1, 7) + tb.message(8, b"x" * 100)
    events = [tb.tensor_event("t", step, tensor, plugin="text") for step in range(5)]
    scan = _scan(tb, *events, limits=Limits(text_points=3, text_point_bytes=10))
    (batch,) = list(scan)
    assert isinstance(batch, TextBatch)
    assert batch.texts == ["x" * 10] * 3
    assert scan.tally.dropped == 2
    assert scan.tally.flaws.counts == {"text-cut": 3, "text-limit": 2}


def test_other_kinds_are_counted(tb: TensorBoardBytes) -> None:
    """Histograms, images, audio, graphs and large tensors are counted by kind."""
    tag = tb.message(1, b"h")
    values = [tb.message(1, tag, tb.message(field, b"")) for field in (3, 4, 5, 6)]
    shape = tb.message(2, tb.message(2, tb.number(1, 2)))
    large = tb.number(1, 1) + shape + tb.message(4, bytes(8))
    scan = _scan(
        tb,
        tb.event(tb.message(5, *values)),
        tb.tensor_event("h2", 1, large, plugin="histograms"),
        tb.tensor_event("plain", 1, large),
        tb.event(tb.message(4, b"graph")),
        tb.event(),
    )
    assert list(scan) == []
    assert scan.tally.values == {"histogram": 3, "image": 1, "audio": 1, "tensor": 1}
    assert scan.tally.kinds == {"summary": 3, "graph_def": 1, "empty": 1}


def test_session_marks_stand_between_points(tb: TensorBoardBytes) -> None:
    """A restart splits the points: those written before its mark come before it."""
    start = tb.event(tb.message(7, tb.number(1, 1)), step=2, time=5.0)
    scalars = [tb.scalar("x", step, step) for step in (1, 2, 3)]
    scan = _scan(tb, tb.version(), *scalars, tb.version(2), start, *scalars[1:])
    items = list(scan)
    assert [item.word if isinstance(item, SessionMark) else list(item.steps) for item in items] == [
        [1, 2, 3],
        "version",
        "start",
        [2, 3],
    ]
    assert items[2] == SessionMark("start", 2, 5.0)


def test_learned_bytes_hold_no_second_step(tb: TensorBoardBytes) -> None:
    """An event that repeats its step field after the summary is not taken for a plain one."""
    tag = tb.message(1, b"x")
    value = tb.message(5, tb.message(1, tag, b"\x15" + struct.pack("<f", 2.0)))
    twice = tb.event(tb.number(2, 7), value, step=7)
    other = tb.event(tb.number(2, 7), value, step=9)
    found = _points(_scan(tb, twice, twice, other))
    assert [row[0] for row in found["x"]] == [7, 7, 7]


def test_later_metadata_unlearns(tb: TensorBoardBytes) -> None:
    """A tag that turns out to belong to another plugin yields no further numbers."""
    tensor = tb.number(1, 1) + tb.message(2) + tb.message(4, struct.pack("<f", 1.0))
    plain = [tb.tensor_event("t", step, tensor) for step in range(4)]
    named = tb.tensor_event("t", 4, tensor, plugin="pr_curves")
    scan = _scan(tb, *plain, named, *plain)
    assert len(_points(scan)["t"]) == 4
    assert scan.tally.values == {"number": 4, "tensor": 5}


def test_no_event_message(tb: TensorBoardBytes) -> None:
    """A good frame with a broken message is counted and located; the others are read."""
    first = tb.scalar("x", 1, 1.0)
    scan = _scan(tb, first, b"\x12\xff", tb.scalar("x", 2, 2.0))
    assert [row[0] for row in _points(scan)["x"]] == [1, 2]
    assert scan.tally.undecodable == 1
    (flaw,) = scan.tally.flaws
    assert flaw.place == f"byte {len(tb.frame(first))}"


def test_tag_limit(tb: TensorBoardBytes) -> None:
    """Tags beyond the limit are dropped and counted."""
    events = [tb.scalar(f"tag{i}", 1, 1.0) for i in range(5)] * 2
    scan = _scan(tb, *events, limits=Limits(series=3))
    assert sorted(_points(scan)) == ["tag0", "tag1", "tag2"]
    assert scan.tally.dropped == 4
    assert scan.tally.flaws.counts == {"tag-limit": 4}


def test_damage_costs_one_point(tb: TensorBoardBytes) -> None:
    """A flipped byte loses its own point only; the framing's account is at hand."""
    data = b"".join(tb.frame(tb.scalar("x", step, step)) for step in range(1, 50))
    size = len(tb.frame(tb.scalar("x", 1, 1)))
    damaged = bytearray(data)
    damaged[size * 20 + 30] ^= 4
    scan = EventScan(_chunks(bytes(damaged), 100))
    assert [row[0] for row in _points(scan)["x"]] == [*range(1, 21), *range(22, 50)]
    assert scan.tally.frames.corrupt == 1
    assert scan.tally.frames.gaps[0].offset == size * 20


def test_batches_are_flushed(tb: TensorBoardBytes) -> None:
    """A long file comes in several batches that together are everything, in order."""
    frame = [tb.frame(tb.scalar("x", step, 1.0)) for step in range(1, 129)]
    scan = EventScan(_chunks(b"".join(frame) * 1100, 1 << 20))
    steps = [item.steps for item in scan if isinstance(item, ScalarBatch)]
    assert len(steps) > 1
    assert sum(map(len, steps)) == 128 * 1100
    assert [step for part in steps for step in part] == list(range(1, 129)) * 1100


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_arbitrary_messages(tb: TensorBoardBytes, payloads: list[bytes]) -> None:
    """Any payload is an event or counted as none."""
    scan = _scan(tb, *payloads)
    list(scan)
    assert scan.tally.events == len(payloads)
    assert sum(scan.tally.kinds.values()) + scan.tally.undecodable == len(payloads)


@given(st.binary(max_size=60), st.sampled_from(range(1, 11)))
def test_arbitrary_fields(tb: TensorBoardBytes, body: bytes, field: int) -> None:
    """Any content of a known field is read or refused, never an error."""
    nested = tb.message(5, tb.message(1, tb.message(1, b"t"), tb.message(field, body)))
    list(_scan(tb, tb.event(tb.message(field, body)), tb.event(nested)))


def _entry(tb: TensorBoardBytes, key: str, *value: bytes) -> bytes:
    return tb.message(1, tb.message(1, key.encode()), tb.message(2, *value))


def test_hparams(tb: TensorBoardBytes) -> None:
    """Hyper-parameters come out of the metadata's content, with their session's end."""
    start = tb.message(
        3,
        _entry(tb, "lr", b"\x11" + struct.pack("<d", 5e-05)),
        _entry(tb, "amp", tb.number(4, 0)),
        _entry(tb, "name", tb.message(3, b"gpt")),
        _entry(tb, "nothing", tb.number(1, 0)),
        tb.message(4, b"group"),
        b"\x29" + struct.pack("<d", 12.5),
    )
    metadata = tb.message(
        9, tb.message(1, tb.message(1, b"hparams"), tb.message(2, tb.number(1, 0) + start))
    )
    tag = tb.message(1, b"_hparams_/session_start_info")
    scan = _scan(tb, tb.event(tb.message(5, tb.message(1, tag, metadata))))
    list(scan)
    info = scan.tags["_hparams_/session_start_info"]
    assert (info.kind, info.plugin) == ("metadata", tf_hparams.PLUGIN)
    found = tf_hparams.decode(info.content)
    assert found.kind == "start"
    assert found.values == {"lr": 5e-05, "amp": False, "name": "gpt", "nothing": None}
    assert (found.group, found.start) == ("group", 12.5)
    end = tf_hparams.decode(tb.message(4, tb.number(1, 2), b"\x11" + struct.pack("<d", 3.0)))
    assert (end.kind, end.status, end.end) == ("end", "failure", 3.0)


@given(st.binary(max_size=100))
def test_arbitrary_hparams(data: bytes) -> None:
    """Any content is read as far as it goes."""
    tf_hparams.decode(data)
    tf_hparams.decode(b"\x1a" + bytes([len(data)]) + data)


def _damaged(name: str) -> bool:
    return "corrupt_crc" in name


def test_corpus_against_recorded_expectation(corpus: Path) -> None:
    """Real files give what TensorBoard's own reader gave, and more where it stopped at damage."""
    expected = json.loads((corpus / "expected" / "codex_ml.tensorboard.json").read_text())
    for name, wanted in expected.items():
        scan = EventScan(_chunks((corpus / "codex_ml" / name).read_bytes()))
        points = _points(scan)
        if _damaged(name):
            assert scan.tally.events > wanted["events"]
            continue
        assert scan.tally.events == wanted["events"], name
        for tag, numbers in wanted["tags"].items():
            if numbers["last_value"] is None:
                assert scan.tags[tag].values == numbers["points"]
                continue
            assert len(points[tag]) == numbers["points"]
            assert points[tag][-1][0] == numbers["last_step"]
            assert repr(points[tag][-1][1]) == numbers["last_value"]


@pytest.mark.oracle("tensorboard")
def test_corpus_against_tensorboard(corpus: Path) -> None:
    """Real files give the very points that TensorBoard's reader gives."""
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    events = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    for path in sorted(corpus.rglob("*tfevents*")):
        if _damaged(str(path)):
            continue
        wanted: dict[str, list[tuple[int, str, float]]] = {}
        for raw in loader.RawEventFileLoader(str(path)).Load():
            event = events.Event.FromString(raw)
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    row = (event.step, repr(value.simple_value), event.wall_time)
                    wanted.setdefault(value.tag, []).append(row)
        found = _points(EventScan(_chunks(path.read_bytes())))
        shown = {tag: [(s, repr(v), t) for s, v, t in rows] for tag, rows in found.items()}
        assert {tag: shown[tag] for tag in wanted} == wanted
