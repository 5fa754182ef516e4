"""Records of a W&B transaction log: Protocol Buffers messages by their field numbers.

The numbers are those of `wandb_internal.proto`. Until 0.16 an item names its key in field 1,
later in the elements of field 2 (one element even where the name holds a slash). Values are JSON
texts in field 16; newer writers may give history values typed fields instead.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs import json_document, protobuf
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Value

KINDS = {
    2: "history", 3: "summary", 4: "output", 5: "config", 6: "files", 7: "stats", 8: "artifact",
    9: "tbrecord", 10: "alert", 11: "telemetry", 12: "metric", 13: "output", 17: "run",
    18: "exit", 20: "final", 21: "header", 22: "footer", 23: "preempting", 25: "use_artifact",
    26: "environment", 27: "output_logger", 100: "request",
}  # fmt: skip
"""Field of a record -> its kind; `output` and `output_raw` have the same fields."""

Path = tuple[str, ...]
"""Nested keys of a value, outermost first."""

_PLAIN_NUMBER = 64
"""Longest JSON text that is taken for a number without further ado."""
_NUMBER = re.compile(rb"-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][-+]?\d++)?\Z")
_DOUBLE = struct.Struct("<d")
_ONE_KEY = (1 << 3 | 2, 2 << 3 | 2)
_JSON_TAG = bytes([(16 << 3 | 2) & 0x7F | 0x80, 1])
_ITEM_KEY, _ITEM_NESTED, _ITEM_JSON = 1, 2, 16
_ITEM_NONE, _ITEM_BOOL, _ITEM_INT, _ITEM_DOUBLE, _ITEM_TEXT, _ITEM_TREE = range(3, 9)


@dataclass(slots=True)
class Message:
    """One message: field number -> what stands there, in order."""

    fields: dict[int, list[int | bytes]] = field(default_factory=dict)
    limits: Limits = DEFAULT

    def texts(self, number: int) -> list[str]:
        """Every text of a field."""
        found = self.fields.get(number, ())
        return [item.decode("utf-8", "replace") for item in found if isinstance(item, bytes)]

    def text(self, number: int) -> str:
        """The last text of a field (what counts, by the format's rules); empty without one."""
        return (self.texts(number) or [""])[-1]

    def integer(self, number: int) -> int:
        """The last signed number of a field; 0, the format's default, without one."""
        found = [item for item in self.fields.get(number, ()) if isinstance(item, int)]
        return protobuf.signed(found[-1]) if found else 0

    def messages(self, number: int) -> Iterator[Message]:
        """Every message of a field.

        Raises:
            WireError: where one is none.
        """
        for item in self.fields.get(number, ()):
            if isinstance(item, bytes):
                yield read(item, self.limits)

    def message(self, number: int) -> Message:
        """The last message of a field; an empty one without any.

        Raises:
            WireError: where it is none.
        """
        return next(iter(list(self.messages(number))[-1:]), Message(limits=self.limits))

    def seconds(self, number: int) -> float | None:
        """A timestamp field (1 seconds, 2 nanoseconds) in Unix seconds.

        Raises:
            WireError: where it is no message.
        """
        if number not in self.fields:
            return None
        stamp = self.message(number)
        return stamp.integer(1) + stamp.integer(2) / 1e9


@dataclass(frozen=True, slots=True)
class Item:
    """One changed value of a history row, a configuration or a summary."""

    path: Path
    raw: bytes
    """The value as JSON text; empty where `typed` holds it."""
    typed: Value = None

    def value(self, limits: Limits = DEFAULT) -> Value:
        """The value; text that is no JSON stays text."""
        return json_value(self.raw, limits) if self.raw else self.typed


def read(buf: bytes, limits: Limits = DEFAULT) -> Message:
    """One message, a level deep.

    Raises:
        WireError: the bytes are no message.
    """
    message = Message(limits=limits)
    for number, _, value in protobuf.fields(buf, limits):
        kept = value if isinstance(value, int) else bytes(value)
        message.fields.setdefault(number, []).append(kept)
    return message


def kind_of(buf: bytes, limits: Limits = DEFAULT) -> tuple[str, bytes]:
    """The kind of a record and the bytes of its message; empty for kinds that are not known.

    Raises:
        WireError: the bytes are no message.
    """
    found = ("", b"")
    for number, wire, value in protobuf.fields(buf, limits):
        if number in KINDS and wire == protobuf.BYTES and not isinstance(value, int):
            found = (KINDS[number], bytes(value))
    return found


def items(buf: bytes, number: int, limits: Limits = DEFAULT) -> Iterator[Item]:
    """The items in one field of a message.

    Raises:
        WireError: the bytes, or those of an item, are no message.
    """
    for found, wire, value in protobuf.fields(buf, limits):
        if found == number and wire == protobuf.BYTES and not isinstance(value, int):
            yield _item(bytes(value), limits)


def history(buf: bytes, limits: Limits = DEFAULT) -> tuple[list[Item], int | None]:
    """The items of a history row, and the number that the row itself has.

    Raises:
        WireError: the bytes, or those of an item, are no message.
    """
    found: list[Item] = []
    step: int | None = None
    for number, _, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            continue
        if number == 1:
            found.append(_item(bytes(value), limits))
        elif number == 2:
            step = read(bytes(value), limits).integer(1)
    return found, step


def _item(buf: bytes, limits: Limits) -> Item:
    """One item; the usual form, one short key and a short JSON text, without a walk."""
    size = len(buf)
    if size > 5 and buf[0] in _ONE_KEY and buf[1] < 0x80:
        at = 2 + buf[1]
        if buf[at : at + 2] == _JSON_TAG and at + 2 < size and buf[at + 2] == size - at - 3 < 0x80:
            return Item((buf[2:at].decode("utf-8", "replace"),), buf[at + 3 :])
    return _walked(buf, limits)


def _walked(buf: bytes, limits: Limits) -> Item:
    key, raw = "", b""
    nested: list[str] = []
    typed: Value = None
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            if number in (_ITEM_BOOL, _ITEM_INT):
                typed = bool(value) if number == _ITEM_BOOL else _zigzag(value)
            continue
        data = bytes(value)
        if number == _ITEM_KEY:
            key = data.decode("utf-8", "replace")
        elif number == _ITEM_NESTED:
            nested.append(data.decode("utf-8", "replace"))
        elif number in (_ITEM_JSON, _ITEM_TREE):
            raw = data
        elif number == _ITEM_DOUBLE and wire == protobuf.FIXED64:
            typed = _DOUBLE.unpack(data)[0]
        elif number == _ITEM_TEXT:
            typed = data.decode("utf-8", "replace")
    if len(nested) > limits.nesting:
        nested[limits.nesting :] = [".".join(nested[limits.nesting :])]
    return Item(tuple(nested) if nested else (key,), raw, typed)


def _zigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)


def json_value(raw: bytes, limits: Limits = DEFAULT) -> Value:
    """A value from its JSON text, `NaN` and `Infinity` included; broken JSON stays text."""
    if len(raw) <= _PLAIN_NUMBER and _NUMBER.match(raw):
        return int(raw) if raw.lstrip(b"-").isdigit() else float(raw)
    document = json_document.parse(raw, limits)
    return document.value if document.complete else raw.decode("utf-8", "replace")


def place(tree: dict[str, Value], path: Path, value: Value) -> None:
    """Put a value where its path leads; what stands in the way is replaced."""
    for key in path[:-1]:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    tree[path[-1]] = value


def remove(tree: dict[str, Value], path: Path) -> None:
    """Take away what stands at a path; nothing happens where there is nothing."""
    for key in path[:-1]:
        below = tree.get(key)
        if not isinstance(below, dict):
            return
        tree = below
    tree.pop(path[-1], None)


_ENVIRONMENT = {
    1: "os", 2: "python", 6: "program", 7: "codePath", 8: "codePathLocal", 10: "email",
    11: "root", 12: "host", 13: "username", 14: "executable", 18: "gpu", 25: "cudaVersion",
}  # fmt: skip
_COUNTS = {16: "cpu_count", 17: "cpu_count_logical", 19: "gpu_count"}


def environment(buf: bytes, limits: Limits = DEFAULT) -> dict[str, Value]:
    """An environment record under the names of `wandb-metadata.json`; sizes in bytes.

    A writer parts its facts over several records; what one does not state is absent.

    Raises:
        WireError: the bytes, or those of a part, are no message.
    """
    message = read(buf, limits)
    named: dict[str, Value] = {
        name: message.text(number) for number, name in _ENVIRONMENT.items() if message.text(number)
    }
    for number, name in _COUNTS.items():
        if number in message.fields:
            named[name] = message.integer(number)
    if 5 in message.fields:
        named["args"] = list[Value](message.texts(5))
    git = message.message(9)
    if git.fields:
        named["git"] = {"remote": git.text(1), "commit": git.text(2)}
    cards: list[Value] = [
        {"name": card.text(1), "memoryTotal": card.integer(2)} for card in message.messages(24)
    ]
    if cards:
        named["gpu_nvidia"] = cards
    if 21 in message.fields:
        named["memory"] = {"total": message.message(21).integer(1)}
    disks: dict[str, Value] = {
        entry.text(1): {"total": entry.message(2).integer(1)} for entry in message.messages(20)
    }
    if disks:
        named["disk"] = disks
    return named
