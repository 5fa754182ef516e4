"""NDJSON streams: right rows, right line numbers, every line accounted for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.codecs.ndjson import NdjsonStream, NdjsonTally
from archiver.limits import Limits
from archiver.model.values import Tagged, Value, same

Rows = list[tuple[int, dict[str, Value]]]


def _chunks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _read(
    data: bytes, size: int = 1 << 20, limits: Limits | None = None
) -> tuple[Rows, NdjsonTally]:
    stream = NdjsonStream(_chunks(data, size), limits or Limits())
    rows: Rows = []
    for block in stream:
        assert len(block.rows) == len(block.lines)
        rows += zip(block.lines, block.rows, strict=True)
    tally = stream.tally
    assert tally.bytes == len(data)
    assert tally.rows == len(rows)
    assert tally.good == len({line for line, _ in rows})
    assert tally.lines == data.count(b"\n") + bool(data and not data.endswith(b"\n"))
    assert tally.lines == tally.blank + tally.good + tally.dropped
    return rows, tally


def _alone(data: bytes) -> tuple[Rows, dict[str, int]]:
    """Each line read by the exact decoder alone, without orjson and without blocks."""
    rows: Rows = []
    counts: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        stream = NdjsonStream([])
        if line.strip(b" \t\r"):
            rows += [(number, row) for row in stream._odd_line(line, whole=True)]
        if line.endswith(b"\r"):
            stream.tally.flaws.add("crlf", "")
        for code, n in stream.tally.flaws.counts.items():
            counts[code] = counts.get(code, 0) + n
    return rows, counts


_LONG = ["9007199254740993", "-9223372036854775809", "9" * 25, "18446744073709551616", "1e400"]
_SHORT = ["1", "-0", "1.5", "1e5", "NaN", "Infinity", "0.1234567890123456789", "-1E-7", "01"]
_NUMBERS = st.sampled_from([*_LONG, *_SHORT])
_STRINGS = st.sampled_from(
    ['"a"', '"b"', '"\\u00e9"', '"é"', '" x"', '":"', '"\\":"', '"["', '"{"', '"\\ud800"', '"a\tb"']
)
_JSON = st.recursive(
    _NUMBERS | _STRINGS | st.sampled_from(["null", "true", "{}", "[]"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(_STRINGS, st.sampled_from([":", " :", ": "]), inner), max_size=4).map(
            lambda items: "{" + ", ".join("".join(item) for item in items) + "}"
        )
    ),
    max_leaves=6,
)
_PIECES = _JSON | st.sampled_from(
    ["", " ", "{", "}", ",", "]", "\r", "\0\0", "\ufeff", "x", '{"a":1}']
)
_LINE = st.lists(_PIECES, max_size=3).map("".join).map(str.encode) | st.binary(max_size=12)
_STREAM = st.lists(_LINE, max_size=6).map(lambda lines: b"".join(line + b"\n" for line in lines))


@given(_STREAM, st.integers(1, 64))
@example(b'{"a":1},{"b":[{}\n{}]}\n', 64)
@example(b'{"a":1},{"x":2\n"b":2}\n', 64)
@example(b'{"a":1\n"b":2}\n', 64)
@example(b'{"a":1}\n{"a":1,"a":2}\n', 64)
@example(b'{"a":"x\n{"b":"y"}\n', 64)
@example(b'{"a" :1,"a"\t:2}\n', 64)
@example(b'{"a":-99999999999999999999}\n', 64)
@example(b'{"a":{"b":1,"b":2}}\n', 64)
def test_blocks_read_like_single_lines(data: bytes, size: int) -> None:
    """The quick path gives what looking at each line gives, whatever stands in the lines."""
    rows, tally = _read(data, size)
    wanted, counts = _alone(data)
    assert [line for line, _ in rows] == [line for line, _ in wanted]
    assert all(same(left, right) for (_, left), (_, right) in zip(rows, wanted, strict=True))
    assert tally.flaws.counts == counts


_ROW = st.dictionaries(
    st.text(max_size=5),
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.integers(0, 9), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
    max_size=5,
)


@given(st.lists(_ROW, max_size=6), st.booleans(), st.integers(1, 200))
def test_clean_rows_round_trip(rows: list[dict[str, Value]], ascii_only: bool, size: int) -> None:
    """What Python's json writes comes back with equal types and values."""
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows).encode()
    read, tally = _read(data, size)
    assert [line for line, _ in read] == list(range(1, len(rows) + 1))
    assert all(same(left, right) for (_, left), right in zip(read, rows, strict=True))
    assert tally.duplicate_keys == tally.bad_json == 0


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 40))
def test_arbitrary_bytes(parts: list[bytes], size: int) -> None:
    """Any bytes are accounted for; the way a stream is cut into chunks changes nothing."""
    data = b"\n".join(parts)
    rows, tally = _read(data, size)
    again, whole = _read(data)
    assert repr(rows) == repr(again)
    assert tally.flaws.counts == whole.flaws.counts


def test_duplicate_keys_are_never_hidden() -> None:
    """A repeated key is counted, in flat and nested objects, between a thousand clean rows."""
    clean = b'{"step": 1, "loss": 0.5, "tags": {"a": "b"}}\n'
    dirty = b'{"step": 1, "loss": 0.5, "loss": 0.25}\n{"tags": {"a": 1, "a": 2}}\n'
    rows, tally = _read(clean * 500 + dirty + clean * 500)
    assert tally.duplicate_keys == 2
    assert rows[500] == (501, {"step": 1, "loss": 0.25})
    assert rows[501] == (502, {"tags": {"a": 2}})
    assert [flaw.place for flaw in tally.flaws] == ["L501", "L502"]


def test_numbers_that_orjson_would_round() -> None:
    """Integers of any length are exact or told; too long ones keep the beginning of their text."""
    data = b'{"a":9007199254740993}\n{"a":18446744073709551617}\n{"a":[%s]}\n{"a":-%s}\n'
    rows, tally = _read(data % (b"7" * 400, b"8" * 5000))
    assert rows[0][1] == {"a": 2**53 + 1}
    assert rows[1][1] == {"a": 2**64 + 1}
    assert rows[2][1] == {"a": [int("7" * 400)]}
    assert rows[3][1] == {"a": Tagged("long-int", "-" + "8" * 63 + "… (5001 characters)")}
    assert (tally.big_integers, tally.long_numbers) == (3, 1)


def test_bare_nan() -> None:
    """NaN and Infinity are floats, and counted."""
    rows, tally = _read(b'{"a":1}\n{"a":NaN,"b":-Infinity}\n{"a":"NaN"}\n')
    assert math.isnan(rows[1][1]["a"])  # type: ignore[arg-type]
    assert rows[1][1]["b"] == -math.inf
    assert rows[2][1] == {"a": "NaN"}
    assert tally.non_finite == 2


def test_torn_last_line() -> None:
    """A last line that breaks off is dropped and said to be torn, not bad."""
    rows, tally = _read(b'{"a":1}\n{"a":2')
    assert rows == [(1, {"a": 1})]
    assert (tally.torn_tail, tally.torn_lines, tally.bad_json) == (True, 1, 0)


def test_last_line_without_line_end() -> None:
    """A last line that is whole is a row, with or without its line end."""
    rows, tally = _read(b'{"a":1}\n{"a":2}')
    assert rows == [(1, {"a": 1}), (2, {"a": 2})]
    assert not tally.torn_tail
    assert not tally.flaws


def test_torn_second_object() -> None:
    """Of a last line with two objects the whole one is kept."""
    rows, tally = _read(b'{"a":1} {"b":')
    assert rows == [(1, {"a": 1})]
    assert (tally.torn_tail, tally.torn_lines) == (True, 0)


def test_two_objects_on_a_line() -> None:
    """Both objects are rows of the same line."""
    rows, tally = _read(b'{"a":1}{"b":2}\n{"c":3} {"d":4}\n')
    assert rows == [(1, {"a": 1}), (1, {"b": 2}), (2, {"c": 3}), (2, {"d": 4})]
    assert tally.two_objects == 2


def test_rest_after_an_object() -> None:
    """An object is used even if garbage follows it on the line."""
    rows, tally = _read(b'{"a":1}garbage\n{"a":1} 5\n')
    assert rows == [(1, {"a": 1}), (2, {"a": 1})]
    assert tally.trailing == 2


def test_nul_bytes() -> None:
    """Runs of NULs are dropped; objects beside them are used but never joined across them."""
    data = b'{"a":1}\n' + bytes(50) + b"\n" + bytes(9) + b'{"a":2}\n{"a":1\0\0 2}\n{"b":"x\0y"}\n'
    rows, tally = _read(data)
    assert rows == [(1, {"a": 1}), (3, {"a": 2}), (5, {"b": "x\0y"})]
    assert (tally.nul, tally.nul_lines, tally.bad_json) == (4, 1, 1)


def test_marks_and_line_ends() -> None:
    """A BOM, CRLF line ends and blank lines are counted and disturb no line number."""
    rows, tally = _read(b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":2}\r\n\n{"a":3}\n')
    assert rows == [(1, {"a": 1}), (3, {"a": 2}), (5, {"a": 3})]
    assert (tally.bom, tally.crlf, tally.blank) == (1, 3, 2)


def test_only_line_feeds_end_lines() -> None:
    """U+2028, NEL, form feed and carriage return inside a line do not end it."""
    rows, tally = _read('{"a":"x\u2028y\u0085z"}\n{"a":\r1}\n\x0c{"b":1}\n'.encode())
    assert rows == [(1, {"a": "x\u2028y\u0085z"}), (2, {"a": 1})]
    assert tally.bad_json == 1


def test_bad_utf8() -> None:
    """Bad bytes are replaced and the row is used."""
    rows, tally = _read(b'{"a":"x\xff"}\n{"a":"\xed\xa0\x80"}\n')
    assert rows[0] == (1, {"a": "x\ufffd"})
    assert tally.bad_utf8 == 2


def test_lone_surrogates() -> None:
    """Half a character cannot be encoded and is replaced; a pair and an escaped escape stay."""
    rows, tally = _read(b'{"a":"\\ud800","b":"\\ud83d\\ude00","c":"\\\\ud800"}\n')
    assert rows == [(1, {"a": "\ufffd", "b": "\U0001f600", "c": "\\ud800"})]
    assert tally.surrogates == 1


def test_values_that_are_no_objects() -> None:
    """Arrays and scalars are no rows."""
    rows, tally = _read(b'[1]\n5\n"x"\nnull\n{"a":1}\n')
    assert rows == [(5, {"a": 1})]
    assert tally.non_object == 4


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_over_long_lines(size: int) -> None:
    """A line over the limit is skipped, however it arrives; the numbers of others are right."""
    data = b'{"a":1}\n{"b":"' + b"x" * 300 + b'"}\n{"a":2}\n' + b"y" * 200
    rows, tally = _read(data, size, Limits(line_bytes=100))
    assert rows == [(1, {"a": 1}), (3, {"a": 2})]
    assert tally.long_lines == 2


def test_depth() -> None:
    """A line nested too deeply is dropped, whether or not orjson would read it."""
    deep = b'{"a":' + b"[" * 150 + b"]" * 150 + b"}\n"
    deeper = b'{"a":' * 100_000 + b"\n"
    rows, tally = _read(deep + b'{"a":1}\n' + deeper)
    assert rows == [(2, {"a": 1})]
    assert tally.flaws.counts == {"nesting-limit": 2}


def test_depth_at_the_limit() -> None:
    """Exactly the allowed depth is read, one more is not."""
    lines = [b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}\n" for depth in (100, 101)]
    rows, _ = _read(b"".join(lines))
    assert [line for line, _ in rows] == [1]


def test_clean_blocks_have_ranges() -> None:
    """Plain blocks name their lines by a range, across block borders."""
    data = b'{"step": 1, "loss": 0.5}\n' * 10_000
    stream = NdjsonStream(_chunks(data, 100_000))
    blocks = list(stream)
    assert all(isinstance(block.lines, range) for block in blocks)
    assert [line for block in blocks for line in block.lines] == list(range(1, 10_001))


def test_text_that_looks_odd_is_still_read() -> None:
    """Strings that begin like a member's colon or an array only cost time."""
    row = {"a": ": b", "b": "[x", "c": '":', "d": " ", "e": "-1", "f": "2026-11-21T22:40:00"}
    rows, tally = _read((json.dumps(row) + "\n").encode() * 3)
    assert [found for _, found in rows] == [row] * 3
    assert not tally.flaws


def test_corpus(corpus: Path) -> None:
    """Real streams: rows and lines as Python's own reader finds them."""
    for path in sorted((*corpus.rglob("*.ndjson"), *corpus.rglob("*.jsonl"))):
        data = path.read_bytes()
        rows, _ = _read(data, 5000)
        wanted: Rows = []
        for number, line in enumerate(data.split(b"\n"), 1):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                wanted.append((number, value))
        single = {line for line, _ in wanted}
        assert [repr(row) for row in rows if row[0] in single] == [repr(row) for row in wanted], (
            path
        )
