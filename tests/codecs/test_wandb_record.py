"""Messages of W&B records: items of every form, values, nested places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import wandb_record
from archiver.codecs.protobuf import WireError
from archiver.limits import Limits


def text(field: int, data: bytes) -> bytes:
    """A short length-delimited field."""
    key = field << 3 | 2
    head = bytes([key]) if key < 0x80 else bytes([key & 0x7F | 0x80, key >> 7])
    size = len(data)
    return head + (bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])) + data


@pytest.mark.parametrize("size", [0, 1, 3, 100, 127, 128, 5000])
def test_item_with_and_without_a_walk(size):
    """The usual short form and longer ones give the same."""
    raw = b'"' + b"x" * size + b'"'
    (item,) = wandb_record.items(text(1, text(2, b"a/b") + text(16, raw)), 1)
    assert (item.path, item.raw) == (("a/b",), raw)
    (item,) = wandb_record.items(text(1, text(16, raw) + text(1, b"a/b")), 1)
    assert (item.path, item.raw) == (("a/b",), raw)


def test_history_of_the_newest_form():
    """Items and the row's number in one walk."""
    row = text(1, text(2, b"a") + text(16, b"1.5")) + text(2, b"\x08\x03")
    items, step = wandb_record.history(row)
    assert ([(item.path, item.value()) for item in items], step) == ([(("a",), 1.5)], 3)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"0.00005", 5e-05),
        (b"1.79e+09", 1.79e9),
        (b"-3", -3),
        (b"-Infinity", float("-inf")),
        (b"true", True),
        (b"null", None),
        (b'{"a": [1]}', {"a": [1]}),
        (b"1_000", "1_000"),
        (b"nan", "nan"),
        (b"01", "01"),
        (b"{broken", "{broken"),
        (b"\xff", "\ufffd"),
    ],
)
def test_values(raw, value):
    """JSON with the tokens that W&B writes; what is none stays text."""
    assert wandb_record.json_value(raw) == value


def test_places():
    """Nested keys reach in, replace what is no object, and may be taken away."""
    tree = {"a": 1}
    wandb_record.place(tree, ("a", "b"), 2)
    wandb_record.place(tree, ("c",), 3)
    wandb_record.remove(tree, ("c",))
    wandb_record.remove(tree, ("x", "y"))
    assert tree == {"a": {"b": 2}}


def test_deep_paths_are_cut_short():
    """A path of more parts than a document may have levels is joined at its end."""
    item = b"".join(text(2, b"k") for _ in range(20)) + text(16, b"1")
    (found,) = wandb_record.items(text(1, item), 1, Limits(nesting=5))
    assert (len(found.path), found.path[-1]) == (6, ".".join(["k"] * 15))


def test_record_without_a_kind():
    """Kinds that are not known are none."""
    assert wandb_record.kind_of(b"\x08\x01") == ("", b"")


@given(st.binary(max_size=60))
def test_any_bytes(data):
    """Bytes are a message or raise the one error that readers catch."""
    for walk in (
        lambda: list(wandb_record.items(data, 1)),
        lambda: wandb_record.history(data),
        lambda: wandb_record.environment(data),
        lambda: wandb_record.kind_of(data),
        lambda: list(wandb_record.read(data).messages(1)),
    ):
        try:
            walk()
        except WireError:
            continue
