"""The header of safetensors: every check of the reference reader, and nothing raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import safetensors_header

TENSOR = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def read(data):
    """A file held in memory."""
    return safetensors_header.read(lambda offset, size: data[offset : offset + size], len(data))


def file(header, body=b""):
    """A file of a header and tensors."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + body


def test_a_whole_file():
    """Counts, types, bytes, metadata."""
    half = {"dtype": "F16", "shape": [], "data_offsets": [24, 26]}
    found = read(file({"__metadata__": {"a": "1"}, "w": TENSOR, "s": half}, bytes(26)))
    assert found.complete
    assert (found.parameters, found.bytes, found.dtypes) == (7, 26, {"F32": 1, "F16": 1})
    assert (found.metadata, found.flaws.counts) == ({"a": "1"}, {})


@pytest.mark.parametrize(
    ("header", "body", "code"),
    [
        ({"w": {**TENSOR, "data_offsets": [4, 28]}}, 28, "bad-offsets"),
        ({"w": TENSOR, "v": TENSOR}, 24, "bad-offsets"),
        ({"w": {**TENSOR, "data_offsets": [24, 0]}}, 24, "bad-offsets"),
        ({"w": TENSOR}, 25, "bad-offsets"),
        ({"w": TENSOR}, 23, "truncated"),
        ({"w": {**TENSOR, "shape": [2, 2]}}, 24, "bad-tensor"),
        ({"w": {**TENSOR, "shape": [-1]}}, 24, "bad-tensor"),
        ({"w": {**TENSOR, "shape": [2.0, 3]}}, 24, "bad-tensor"),
        ({"w": {**TENSOR, "dtype": "F99"}}, 24, "bad-tensor"),
        ({"w": {**TENSOR, "data_offsets": [0]}}, 24, "bad-tensor"),
        ({"w": [1]}, 24, "bad-tensor"),
        ({"__metadata__": {"a": 1}}, 0, "bad-metadata"),
        ({"__metadata__": []}, 0, "bad-metadata"),
        ([], 0, "bad-header"),
        (b'{"w": 1, "w": 2}', 0, "duplicate-key"),
    ],
)
def test_what_does_not_fit(header, body, code):
    """Each is told."""
    assert code in read(file(header, bytes(body))).flaws.counts


def test_lengths_that_lie():
    """Nothing of that size is read."""
    assert "size-limit" in read(b"\xff" * 8 + b"{}").flaws.counts
    assert "truncated" in read(b"\x50" + bytes(7) + b"{}").flaws.counts
    assert "truncated" in read(b"\x50").flaws.counts
    assert not read(b"\x50" + bytes(7) + b"{}").complete


@given(st.binary(max_size=60))
def test_any_bytes_give_an_answer(junk):
    """Nothing raises."""
    for data in (junk, file(junk), file({"w": TENSOR}, junk)):
        assert read(data).parameters >= 0
