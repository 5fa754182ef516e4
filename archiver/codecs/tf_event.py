"""One TensorBoard `Event` message, decoded in full generality.

Field numbers: tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
Events that carry one scalar, nearly all of a log, are read by `tfevents` without coming here.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, TypeAlias

from archiver.codecs import protobuf, tensors
from archiver.limits import Limits

_Raw: TypeAlias = "bytes | memoryview"

_EVENT_KINDS = {
    3: "file_version",
    4: "graph_def",
    5: "summary",
    6: "log_message",
    7: "session_log",
    8: "tagged_run_metadata",
    9: "meta_graph_def",
    10: "source_metadata",
}
_SOURCE_METADATA = 10
_SIMPLE_VALUE, _TENSOR = 2, 8
_VALUE_KINDS = {3: "histogram", 4: "image", 5: "histogram", 6: "audio"}
_CONTENTS = {(number, protobuf.BYTES) for number in (*_VALUE_KINDS, _TENSOR)} | {
    (_SIMPLE_VALUE, protobuf.FIXED32)
}
"""Field and wire type of everything that a value can hold; the last one written counts."""
_PLUGIN_KINDS = {"histograms": "histogram", "images": "image", "audio": "audio"}
_SESSION_WORDS = {0: "unspecified", 1: "start", 2: "stop", 3: "checkpoint"}
_MEMORYVIEW_FROM = 64 * 1024
_NAME_BYTES = 4096


class Metadata(NamedTuple):
    """What a summary value says about its tag; written with the tag's first value only."""

    plugin: str
    content: bytes
    """The plugin's own message, up to `limits.text_point_bytes`; hyper-parameters are in one."""
    display_name: str
    description: str


class SummaryValue(NamedTuple):
    """One value of a summary."""

    tag: str
    kind: str
    """`number`, `text`, `tensor`, `histogram`, `image`, `audio`, `metadata` or `empty`."""
    dtype: str
    number: float | int | None
    texts: tuple[bytes, ...]
    cut: bool
    metadata: Metadata | None


class Event(NamedTuple):
    """One event."""

    time: float
    """Seconds since 1970; NaN where none was written."""
    step: int
    """0 where none was written: the format cannot tell these apart."""
    kind: str
    """`summary`, `file_version`, `session_log`, `graph_def`, ... or `empty`."""
    values: list[SummaryValue]
    word: str
    """The version, or the session's status word."""
    unread: int
    """Values beyond the first `limits.series`."""


def decode(payload: bytes, limits: Limits, plugins: dict[str, str]) -> Event:
    """Read one event; `plugins` says which plugin a tag was given to by an earlier event.

    Raises:
        WireError: the message is broken.
    """
    time, step, kind, word, unread = float("nan"), 0, "empty", "", 0
    values: list[SummaryValue] = []
    buf: _Raw = memoryview(payload) if len(payload) > _MEMORYVIEW_FROM else payload
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            if number == 2:
                step = protobuf.signed(value)
        elif number == 1 and wire == protobuf.FIXED64:
            time = struct.unpack("<d", value)[0]
        elif wire == protobuf.BYTES and number in _EVENT_KINDS:
            if number == _SOURCE_METADATA and kind != "empty":
                continue  # stands beside the version, not instead of it
            kind = _EVENT_KINDS[number]
            if kind == "summary":
                unread += _summary(value, limits, plugins, values)
            elif kind == "file_version":
                word = text(value)
            elif kind == "session_log":
                word = _session_word(value, limits)
    return Event(time, step, kind, values, word, unread)


def text(raw: _Raw) -> str:
    """A name in a message: UTF-8 by the specification, of bounded length."""
    return bytes(raw[:_NAME_BYTES]).decode("utf-8", "replace")


def _session_word(buf: _Raw, limits: Limits) -> str:
    status = 0
    for number, _, value in protobuf.fields(buf, limits):
        if number == 1 and isinstance(value, int):
            status = value
    return _SESSION_WORDS.get(status, f"status-{status}")


def _summary(buf: _Raw, limits: Limits, plugins: dict[str, str], values: list[SummaryValue]) -> int:
    """Add a summary's values; how many are left out because they are too many for one event."""
    unread = 0
    for number, wire, value in protobuf.fields(buf, limits):
        if (number, wire) == (1, protobuf.BYTES) and not isinstance(value, int):
            if len(values) < limits.series:
                values.append(_value(value, limits, plugins))
            else:
                unread += 1
    return unread


def _value(buf: _Raw, limits: Limits, plugins: dict[str, str]) -> SummaryValue:
    tag, metadata = "", None
    what = 0
    content: _Raw = b""
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            continue
        if (number, wire) == (1, protobuf.BYTES):
            tag = text(value)
        elif (number, wire) == (9, protobuf.BYTES):
            metadata = _metadata(value, limits)
        elif (number, wire) in _CONTENTS:
            what, content = number, value
    if what == _SIMPLE_VALUE:
        single = float(struct.unpack("<f", content)[0])
        return SummaryValue(tag, "number", "float32", single, (), cut=False, metadata=metadata)
    if what == _TENSOR:
        plugin = metadata.plugin if metadata else plugins.get(tag, "")
        return _tensor_value(tag, plugin, tensors.decode(content, limits), metadata)
    kind = _VALUE_KINDS.get(what, "metadata" if metadata else "empty")
    return SummaryValue(tag, kind, "", None, (), cut=False, metadata=metadata)


def _tensor_value(
    tag: str, plugin: str, tensor: tensors.Tensor, metadata: Metadata | None
) -> SummaryValue:
    """A tensor is what its plugin takes it for; without a plugin its own shape decides."""
    kind = _PLUGIN_KINDS.get(plugin, "tensor")
    if plugin in {"", "scalars"} and tensor.number is not None:
        kind = "number"
    elif plugin in {"", "text"} and tensor.dtype == "string":
        kind = "text"
    return SummaryValue(
        tag, kind, tensor.dtype, tensor.number, tensor.texts, tensor.cut, metadata=metadata
    )


def _metadata(buf: _Raw, limits: Limits) -> Metadata:
    plugin, content, display_name, description = "", b"", "", ""
    for number, wire, value in protobuf.fields(buf, limits):
        if wire != protobuf.BYTES or isinstance(value, int):
            continue
        if number == 1:
            for inner, inner_wire, part in protobuf.fields(value, limits):
                if inner_wire != protobuf.BYTES or isinstance(part, int):
                    continue
                if inner == 1:
                    plugin = text(part)
                elif inner == 2:
                    content = bytes(part[: limits.text_point_bytes])
        elif number == 2:
            display_name = text(value)
        elif number == 3:
            description = text(value)
    return Metadata(plugin, content, display_name, description)
