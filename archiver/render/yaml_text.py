"""JSON data as YAML that YAML 1.1 and YAML 1.2 parsers read back as the same data.

Strings stand unquoted only where no parser could take them for anything else, floats always
have a point and a signed exponent, there are no anchors, tags or folded lines.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from yaml.emitter import Emitter, ScalarAnalysis
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from archiver.model.values import Value, to_json
from archiver.render.escape import is_safe, visible

WIDTH = 96
"""Column after which a flow sequence goes on in the next line."""
_FLOW_ITEM = 60
"""Longest string of a list that stands in one line."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A scalar or an empty collection with a comment behind it."""

    value: Node
    remark: str


Node: TypeAlias = "bool | int | float | str | Sequence[Node] | Mapping[str, Node] | Noted | None"
"""What is written: JSON data, with remarks. `strict JSON of the model fits."""

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*")
_LONGEST_PLAIN = 1000
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Words that some parser takes for a boolean, a null or a number."""
_QUOTED = {"\\": "\\\\", '"': '\\"'}
_SPECIAL = re.compile(r'[\\"]')


def dump(data: Node) -> str:
    """The data as block YAML, with a line break at the end."""
    stream = io.StringIO()
    writer = _Writer(stream)
    writer.emit(StreamStartEvent())
    writer.emit(DocumentStartEvent(explicit=False))
    writer.node(data)
    writer.emit(DocumentEndEvent(explicit=False))
    writer.emit(StreamEndEvent())
    return stream.getvalue()


def dump_value(value: Value) -> str:
    """A value of a run, written as the strict JSON that stands for it."""
    return dump(cast("Node", to_json(value)))


class _Writer(Emitter):
    """PyYAML's emitter, fed with scalars that are spelled already."""

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__(stream, width=WIDTH, allow_unicode=True)

    def node(self, data: Node, remark: str = "") -> None:
        """Emit one value and everything below it."""
        match data:
            case Noted(value=value, remark=text):
                self.node(value, f"  # {visible(text)}")
            case str():
                self._string(data, remark)
            case Mapping() if data:
                self._mapping(data)
            case Sequence() if data:
                self._sequence(data)
            case _:
                self._scalar(_spell(data) + remark)

    def _mapping(self, data: Mapping[str, Node]) -> None:
        self.emit(MappingStartEvent(None, None, implicit=True, flow_style=False))
        for key, value in data.items():
            self._scalar(spell_string(key))
            self.node(value)
        self.emit(MappingEndEvent())

    def _sequence(self, data: Sequence[Node]) -> None:
        flow = all(map(_fits_in_line, data))
        self.emit(SequenceStartEvent(None, None, implicit=True, flow_style=flow))
        for item in data:
            if flow and isinstance(item, str):
                self._scalar(spell_string(item))
            else:
                self.node(item)
        self.emit(SequenceEndEvent())

    def _string(self, text: str, remark: str) -> None:
        if not remark and _is_literal(text):
            self.emit(ScalarEvent(None, None, (True, True), text, style="|"))
        else:
            self._scalar(spell_string(text) + remark)

    def _scalar(self, spelled: str) -> None:
        self.emit(ScalarEvent(None, None, (True, True), spelled, style=""))

    # What follows replaces the emitter's own choice of spelling.

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        """Spelled scalars need no analysis; the length alone decides what may be a key."""
        return ScalarAnalysis(
            scalar=scalar,
            empty=False,
            multiline=False,
            allow_flow_plain=True,
            allow_block_plain=True,
            allow_single_quoted=True,
            allow_double_quoted=True,
            allow_block=True,
        )

    def choose_scalar_style(self) -> str:
        """The style that the event names."""
        return str(self._at_hand().style)

    def process_scalar(self) -> None:
        """Write the scalar as it is spelled; a literal block keeps its lines."""
        event = self._at_hand()
        if event.style == "|":
            self._literal(event.value)
        else:
            self.write_indicator(event.value, need_whitespace=True)
        self.analysis = None
        self.style = None

    def _literal(self, text: str) -> None:
        margin = " " * (self.indent or 0)
        self.write_indicator("|" if text.endswith("\n") else "|-", need_whitespace=True)
        self.write_line_break()
        lines = text.removesuffix("\n").split("\n")
        self.stream.write("\n".join(margin + line if line else line for line in lines))
        self.write_line_break()

    def _at_hand(self) -> ScalarEvent:
        return cast("ScalarEvent", self.event)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Lists inside mappings are indented, as in the archive template."""
        super().increase_indent(flow, False)  # noqa: FBT003


def _spell(data: object) -> str:
    match data:
        case None:
            return "null"
        case bool():
            return "true" if data else "false"
        case float():
            return spell_float(data)
        case int():
            return str(data)
        case Mapping():
            return "{}"
        case _:
            return "[]"


def spell_float(number: float) -> str:
    """A finite float as both YAML versions know it: `1.0e-05`, not `1e-05`."""
    text = repr(number)
    mantissa, exponent, power = text.partition("e")
    return text if not exponent or "." in mantissa else f"{mantissa}.0e{power}"


def spell_string(text: str) -> str:
    """A string on one line, quoted unless it is a string for every parser."""
    plain = len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text) is not None
    if plain and text.lower() not in _WORDS:
        return text
    quoted = _SPECIAL.sub(lambda match: _QUOTED[match[0]], text)
    return f'"{visible(quoted)}"'


def _fits_in_line(item: Node) -> bool:
    if isinstance(item, str):
        return len(item) <= _FLOW_ITEM and "\n" not in item
    return item is None or isinstance(item, bool | int | float)


def _is_literal(text: str) -> bool:
    """Whether a literal block keeps the text exactly, in every editor."""
    if "\n" not in text[:-1] or text[0] in " \t\n" or text.endswith("\n\n"):
        return False
    if not is_safe(text.replace("\n", "").replace("\t", "")):
        return False
    return not any(line[-1:] in (" ", "\t") for line in text.split("\n"))
