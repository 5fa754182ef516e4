"""Hyper-parameters that TensorBoard writers put into the metadata of `_hparams_/*` tags.

Field numbers: tensorboard/plugins/hparams/plugin_data.proto and google/protobuf/struct.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from archiver.codecs import protobuf, tf_event
from archiver.limits import DEFAULT, Limits
from archiver.model.values import Scalar

PLUGIN = "hparams"
_STATUS_WORDS = {0: "unknown", 1: "success", 2: "failure", 3: "running"}


@dataclass(slots=True)
class HParams:
    """What one message says; a log has one for the start and one for the end of a session."""

    kind: str = ""
    """`start`, `end`, `experiment`, or empty."""
    values: dict[str, Scalar] = field(default_factory=dict)
    """Numbers are doubles here even where the program had integers."""
    group: str = ""
    start: float | None = None
    """Seconds since 1970."""
    end: float | None = None
    status: str = ""
    """`success`, `failure`, `running`, `unknown`."""
    complete: bool = True
    """False when the message is broken; what stands before the fault is here."""


def decode(content: bytes, limits: Limits = DEFAULT) -> HParams:
    """Read the plugin content of a tag whose plugin is `hparams`."""
    found = HParams()
    try:
        for number, wire, value in protobuf.fields(content, limits):
            if wire != protobuf.BYTES or isinstance(value, int):
                continue
            if number == 2:
                found.kind = found.kind or "experiment"
            elif number == 3:
                found.kind = "start"
                _start(bytes(value), found, limits)
            elif number == 4:
                found.kind = "end"
                _end(bytes(value), found, limits)
    except protobuf.WireError:
        found.complete = False
    return found


def _start(buf: bytes, found: HParams, limits: Limits) -> None:
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            continue
        if (number, wire) == (1, protobuf.BYTES):
            key, scalar = _entry(bytes(value), limits)
            found.values[key] = scalar
        elif (number, wire) == (4, protobuf.BYTES):
            found.group = tf_event.text(value)
        elif (number, wire) == (5, protobuf.FIXED64):
            found.start = struct.unpack("<d", value)[0]


def _end(buf: bytes, found: HParams, limits: Limits) -> None:
    found.status = _STATUS_WORDS[0]
    for number, wire, value in protobuf.fields(buf, limits):
        if number == 1 and isinstance(value, int):
            found.status = _STATUS_WORDS.get(value, f"status-{value}")
        elif (number, wire) == (2, protobuf.FIXED64) and not isinstance(value, int):
            found.end = struct.unpack("<d", value)[0]


def _entry(buf: bytes, limits: Limits) -> tuple[str, Scalar]:
    """One pair of a `map<string, google.protobuf.Value>`; lists and structs are left out."""
    key = ""
    scalar: Scalar = None
    for number, wire, value in protobuf.fields(buf, limits):
        if wire != protobuf.BYTES or isinstance(value, int):
            continue
        if number == 1:
            key = tf_event.text(value)
        elif number == 2:
            scalar = _scalar(bytes(value), limits)
    return key, scalar


def _scalar(buf: bytes, limits: Limits) -> Scalar:
    scalar: Scalar = None
    for number, wire, value in protobuf.fields(buf, limits):
        if isinstance(value, int):
            scalar = bool(value) if number == 4 else None
        elif (number, wire) == (2, protobuf.FIXED64):
            scalar = float(struct.unpack("<d", value)[0])
        elif (number, wire) == (3, protobuf.BYTES):
            scalar = bytes(value).decode("utf-8", "replace")
    return scalar
