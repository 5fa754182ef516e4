"""Streams are held to the schema of a row, in blocks and in bounded memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.ndjson import NdjsonStream
from archiver.limits import Limits
from archiver.schemacheck.checker import Checker
from archiver.schemacheck.index import Version
from archiver.schemacheck.rows import RowChecker, general, key_of

ROW: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["step"],
    "properties": {
        "step": {"$ref": "#/$defs/count"},
        "loss": {"type": ["number", "null"]},
        "ranks": {"type": "array", "items": {"$ref": "#/$defs/count"}},
        "event": {
            "oneOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}},
            ]
        },
        "inner": {"$ref": "#"},
    },
    "$defs": {"count": {"type": "integer", "minimum": 0}},
}
GOOD = b'{"step": 1, "loss": 0.5, "inner": {"step": 2}}\n'


def check(data: bytes, limits: Limits | None = None, version: Version | None = None) -> RowChecker:
    """The rows of some bytes."""
    limits = limits or Limits()
    return RowChecker(Checker(ROW, version), limits).check(NdjsonStream([data], limits))


def told(checked: RowChecker) -> list[tuple[str, str, list[int], int]]:
    """Pointer, message, first lines and number of rows of each distinct fault."""
    return [
        (fault.violation.pointer, fault.violation.message, fault.lines, fault.rows)
        for fault in checked.faults.values()
    ]


def test_good_rows_are_accepted_block_by_block() -> None:
    """References of the row's schema lead to it, not to the block's."""
    checked = check(GOOD * 5000)
    assert (checked.rows, checked.refused, checked.explained) == (5000, 0, 0)
    assert told(checked) == []


def test_faults_are_counted_by_kind_with_their_first_lines() -> None:
    """One entry per keyword and place, however many rows have it."""
    data = GOOD * 6
    for number in range(12):
        data += json.dumps({"step": str(number)}).encode() + b"\n"
    data += b'{"loss": 1}\n\n{"step": -1, "ranks": [1, -2, -3]}\n{"step": 1, "ranks": [-1]}\n'
    checked = check(data)
    assert (checked.rows, checked.refused, checked.unnamed) == (21, 15, 0)
    assert told(checked) == [
        ("/step", 'expected integer, found string "0"', [7, 8, 9], 12),
        ("", 'the key "step" is missing', [19], 1),
        ("/step", "expected at least 0, found integer -1", [21], 1),
        ("/ranks/1", "expected at least 0, found integer -2", [21, 22], 2),
    ]
    assert checked.explained == 4


def test_alternatives_are_told_apart_row_by_row() -> None:
    """Two rows that fit no branch for different reasons are two faults."""
    checked = check(
        b'{"step": 1, "event": {"a": "x"}}\n{"step": 1, "event": {"b": "x"}}\n'
        b'{"step": 1, "event": {"b": "y"}}\n'
    )
    assert [(pointer, lines, rows) for pointer, _, lines, rows in told(checked)] == [
        ("/event/a", [1], 1),
        ("/event/b", [2, 3], 2),
    ]


def test_missing_keys_are_told_apart() -> None:
    """By what is missing, not by where."""
    schema = {"type": "object", "required": ["a", "b"], "additionalProperties": False,
              "properties": {"a": {}, "b": {}}}  # fmt: skip
    data = b'{"a": 1}\n{"b": 1}\n{"a": 1, "b": 1, "x": 1}\n{"a": 1, "b": 1, "y": 1}\n'
    checked = RowChecker(Checker(schema)).check(NdjsonStream([data]))
    assert [(fault.violation.message, fault.rows) for fault in checked.faults.values()] == [
        ('the key "b" is missing', 1),
        ('the key "a" is missing', 1),
        ('the key "x" is not known here', 1),
        ('the key "y" is not known here', 1),
    ]


def test_numbers_that_are_not_finite_are_no_violation() -> None:
    """A diverged run is told by another rule; its rows are still accepted in blocks."""
    checked = check(b'{"step": 1, "loss": NaN}\n{"step": 2, "loss": -Infinity}\n' * 500)
    assert (checked.rows, checked.refused, checked.explained) == (1000, 0, 0)


def test_good_rows_of_a_torn_stream_are_judged() -> None:
    """What could not be decoded is not."""
    checked = check(b'{"step": 1}\n{"step": "x"}\n{"st\n{"step": 3}\n{"step": "x", "lo')
    assert (checked.rows, checked.refused) == (3, 1)


def test_versions_are_checked_in_every_row() -> None:
    """Such a row has no other violation."""
    data = b'{"step": 1, "v": 1}\n{"step": "x", "v": 2}\n{"step": "x", "v": 2}\n{"step": "x"}\n'
    checked = check(data, version=Version("/v", (1,)))
    assert [(message, rows) for _, message, _, rows in told(checked)] == [
        ("is version 2; version 1 is supported", 2),
        ('expected integer, found string "x"', 1),
    ]


def test_distinct_faults_and_explanations_are_bounded() -> None:
    """What is not named is counted."""
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    data = b"".join(b'{"key%d": "x"}\n' % n for n in range(200))
    limits = Limits(schema_violations=5, schema_explained=50)
    checked = RowChecker(Checker(schema), limits).check(NdjsonStream([data]))
    assert len(checked.faults) == 5
    assert (checked.refused, checked.explained, checked.unnamed) == (200, 50, 195)


def test_indices_are_one_place() -> None:
    """Names that look like numbers inside of a longer name are not indices."""
    assert general("/a/0/b/12") == "/a/*/b/*"
    assert general("/a0/1b/2/") == "/a0/1b/*/"


ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "step": st.sampled_from([0, 1, -1, "1", None, 1.0, float("nan")]),
            "loss": st.sampled_from([0.5, "x", None, float("inf")]),
            "ranks": st.lists(st.sampled_from([1, -1, "x"]), max_size=3),
            "event": st.sampled_from([{"a": 1}, {"a": 1, "b": 1}, {"b": "x"}, {}, 1]),
        },
    ),
    max_size=12,
)


@given(ROWS)
def test_blocks_and_single_rows_have_one_verdict(rows: list[dict[str, Any]]) -> None:
    """As many rows are refused as have violations, and each is counted under a fault."""
    one = Checker(ROW)
    checked = check("".join(json.dumps(row) + "\n" for row in rows).encode())
    faulty = [list(one.violations(row)) for row in rows]
    assert checked.refused == sum(map(bool, faulty))
    assert checked.unnamed == 0
    expected = Counter(key for violations in faulty for key in set(map(key_of, violations)))
    assert {key: fault.rows for key, fault in checked.faults.items()} == dict(expected)


def test_memory_does_not_grow_with_the_stream() -> None:
    """Rows are not kept, faulty ones neither."""

    def stream() -> Iterator[bytes]:
        for _ in range(10):
            yield b'{"step": "x"}\n' * 2000

    checked = RowChecker(Checker(ROW)).check(NdjsonStream(stream()))
    assert (checked.refused, checked.explained) == (20_000, 1)
    (fault,) = checked.faults.values()
    assert (fault.rows, fault.lines) == (20_000, [1, 2, 3])
