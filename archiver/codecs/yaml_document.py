"""One YAML document as plain data: parsed by libyaml, composed here, nothing ever constructed.

Tags never make objects:

- tags of Python's own plain types (`!!python/tuple`, `!!python/str`, ...) give the plain value;
- `!!python/name:a.b` and `!!python/module:a` give `Tagged("python/name", "a.b")`;
- `!!binary` gives `Tagged("bytes", base64 text)`;
- any other tag gives `Tagged(tag, text)`, the text of a tagged list or mapping being JSON.
  `!!` tags are named without their `tag:yaml.org,2002:`, others as written (`!Foo`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from archiver.codecs import text as texts
from archiver.codecs import yaml_scalars
from archiver.codecs.flaws import Flaws
from archiver.codecs.pointers import escape, pointer
from archiver.codecs.yaml_nodes import Anchor, Frame, Inner, clone, key_text, tagged
from archiver.codecs.yaml_scalars import CORE, Readings
from archiver.limits import DEFAULT, Limits
from archiver.model.values import MAX_EXACT_INT, Scalar, Tagged, Value, same

_KEPT_READINGS = 10_000
_LONGEST_TAG = 80
"""Characters of a tag that a flaw names."""
_MERGE = CORE + "merge"
_PLAIN_SCALARS = {
    "str": "str",
    "unicode": "str",
    "int": "int",
    "long": "int",
    "float": "float",
    "bool": "bool",
    "none": "null",
}
_PLAIN_CONTAINERS = {CORE + name for name in ("map", "seq", "omap", "pairs", "set")}
_PLAIN_CONTAINERS |= {f"{CORE}python/{name}" for name in ("list", "tuple", "dict")}
_PLAIN_CONTAINERS |= {"", "!"}
_NAMES = ("python/name", "python/module")


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What was read."""

    value: Value
    """The YAML 1.1 reading, which PyYAML's users got; None where nothing could be read."""
    complete: bool
    """Whether the value is all of the (first) document."""
    flaws: Flaws
    readings: dict[str, Readings] = field(default_factory=dict)
    """Where YAML 1.1 and 1.2 disagree, by JSON pointer; the first ten thousand."""
    documents: int = 0
    """Documents of the stream; `value` is the first."""


class _LimitError(Exception):
    """A limit is reached; the flaw has been added."""


def parse(data: bytes, limits: Limits = DEFAULT) -> YamlDocument:
    """Read the first document of a stream; nothing in it raises.

    Flaws: `empty`, `syntax`, `size-limit`, `nesting-limit`, `digits-limit`, `yaml-alias-limit`,
    `yaml-alias`, `yaml-tag`, `yaml-merge`, `yaml-documents`, `yaml-readings-differ`,
    `duplicate-key`, `non-string-key`, `float-overflow`, `big-integer`, `bom`, `bad-encoding`,
    `bad-utf8`.
    """
    flaws = Flaws()
    if len(data) > limits.yaml_bytes:
        message = f"{len(data)} bytes are more than a document may have"
        flaws.add("size-limit", message, hint="raise the limit on document bytes")
        return YamlDocument(None, complete=False, flaws=flaws)
    source = texts.decode(data, flaws)
    composer = _Composer(limits, flaws)
    try:
        for event in yaml.parse(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            composer.take(event)
    except _LimitError:
        return YamlDocument(None, complete=False, flaws=flaws, documents=composer.documents)
    except (yaml.YAMLError, RecursionError) as error:
        flaws.add("syntax", *_fault(error))
        if composer.documents < 2:
            return YamlDocument(None, complete=False, flaws=flaws, documents=composer.documents)
    if not composer.documents:
        flaws.add("empty", "no document in the stream")
    elif composer.documents > 1:
        flaws.add("yaml-documents", f"{composer.documents} documents; the first is used")
    return YamlDocument(
        composer.value,
        complete=composer.documents > 0,
        flaws=flaws,
        readings=composer.readings,
        documents=composer.documents,
    )


def _fault(error: Exception) -> tuple[str, str]:
    """Message and place of a parser's error."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        where = f"L{mark.line + 1}:{mark.column + 1}" if mark else ""
        return str(error.problem or error.context or "no YAML"), where
    if isinstance(error, yaml.reader.ReaderError):
        return f"{error.reason}", f"character {error.position}"
    return type(error).__name__, ""


class _Composer:
    """Builds the first document's value out of parser events, without recursion."""

    def __init__(self, limits: Limits, flaws: Flaws) -> None:
        self.value: Value = None
        self.documents = 0
        self.readings: dict[str, Readings] = {}
        self._limits, self._flaws = limits, flaws
        self._frames: list[Frame] = []
        self._anchors: dict[str, Anchor] = {}
        self._aliases = self._nodes = self._bytes = 0
        self._tagged = 0

    def take(self, event: yaml.Event) -> None:
        """Take the parser's next event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
        if self.documents != 1:
            return
        if isinstance(event, yaml.ScalarEvent):
            self._spend(1, len(event.value))
            self._scalar(event)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "")

    def _spend(self, nodes: int, size: int) -> None:
        self._nodes += nodes
        self._bytes += size
        limit = self._limits.yaml_expanded_nodes if self._aliases else self._limits.nodes
        if self._nodes > limit or self._bytes > 2 * self._limits.yaml_bytes:
            code = "yaml-alias-limit" if self._aliases else "size-limit"
            self._stop(code, "the document has too many values")

    def _stop(self, code: str, message: str) -> None:
        self._tell(code, message)
        raise _LimitError

    def _tell(self, code: str, message: str, key: str = "") -> None:
        """Add a flaw of the next node, or of a key; places are made only where they are kept."""
        place = "" if self._flaws.full(code) else self._pointer() + escape(key)
        self._flaws.add(code, message, place)

    def _pointer(self) -> str:
        """Where the next node goes; for a key the mapping's pointer with a slash."""
        return pointer(
            len(frame.value) if isinstance(frame.value, list) else frame.key or ""
            for frame in self._frames
        )

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._spend(1, 0)
        if len(self._frames) >= self._limits.nesting:
            self._stop("nesting-limit", "the document is nested too deeply")
        tag = event.tag or ""
        if tag == CORE + "python/tuple":
            self._tell("yaml-tag", "python/tuple read as a list")
        plain = tag in _PLAIN_CONTAINERS
        self._tagged += not plain
        self._frames.append(
            Frame(
                value=[] if isinstance(event, yaml.SequenceStartEvent) else {},
                anchor=event.anchor,
                tag="" if plain else tag,
                nodes=self._nodes,
                bytes=self._bytes,
            )
        )

    def _close(self) -> None:
        frame = self._frames.pop()
        value: Value | Inner = frame.finished()
        if frame.tag:
            self._tagged -= 1
            name = self._tag_name(frame.tag)
            value = Inner(name, value) if self._tagged else tagged(name, value)
        if frame.anchor:
            nodes, size = self._nodes - frame.nodes + 1, self._bytes - frame.bytes
            self._anchors[frame.anchor] = Anchor(value, nodes, size, frame.height)
        self._put(value, frame.height)

    def _alias(self, name: str) -> None:
        self._aliases += 1
        if self._aliases > self._limits.yaml_aliases:
            self._stop("yaml-alias-limit", "the document has too many aliases")
        anchor = self._anchors.get(name)
        if anchor is None or any(frame.anchor == name for frame in self._frames):
            self._tell("yaml-alias", "alias of nothing, or of what holds it")
            self._put(Tagged("unresolved", f"*{name}"), 0)
            return
        self._spend(anchor.nodes, anchor.bytes)
        if len(self._frames) + anchor.height > self._limits.nesting:
            self._stop("nesting-limit", "the document is nested too deeply by its aliases")
        self._put(clone(anchor.value, inside_tag=bool(self._tagged)), anchor.height)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        plain = bool(event.implicit[0]) and not event.tag
        frame = self._frames[-1] if self._frames else None
        wants_key = frame is not None and isinstance(frame.value, dict) and frame.key is None
        if wants_key and frame and (event.tag == _MERGE or (plain and event.value == "<<")):
            frame.key, frame.merging = "<<", True
            return
        value: Scalar
        if plain:
            value = self._plain(event.value, key=wants_key)
        else:
            value = self._tagged_scalar(event.tag or "", event.value)
        if event.anchor:
            self._anchors[event.anchor] = Anchor(value, 1, len(event.value), 0)
        self._put(value, 0)

    def _plain(self, text: str, *, key: bool) -> Scalar:
        both = yaml_scalars.plain(text, self._limits)
        if not same(both.yaml11, both.yaml12):
            message = "YAML 1.1 and 1.2 read this differently" + (" (a key)" if key else "")
            self._tell("yaml-readings-differ", message, text if key else "")
            if not key and len(self.readings) < _KEPT_READINGS:
                self.readings[self._pointer()] = both
        for code, message in _oddities(both):
            self._tell(code, message)
        return both.yaml11

    def _tagged_scalar(self, tag: str, text: str) -> Scalar:
        name = tag.removeprefix(CORE) if tag.startswith(CORE) else ""
        if tag in {"", "!"} or name in {"str", "timestamp", "value", "merge"}:
            return text
        if name == "binary":
            return Tagged("bytes", "".join(text.split()))
        plain = _PLAIN_SCALARS.get(name.removeprefix("python/"), name)
        if plain in {"str", "null", "bool", "int", "float"}:
            if len(text) > self._limits.digits:
                return text
            return yaml_scalars.construct(CORE + plain, text)
        name = self._tag_name(tag)
        kind, _, target = name.partition(":")
        if kind in _NAMES and not text:
            return Tagged(kind, target)
        return Tagged(name, text)

    def _tag_name(self, tag: str) -> str:
        name = tag.removeprefix(CORE)
        told = name if len(name) <= _LONGEST_TAG else f"{name[:_LONGEST_TAG]}…"
        mark = "" if tag == name else "!!"
        self._tell("yaml-tag", f"the tag {mark}{told} is kept as data, nothing is built from it")
        return name

    def _put(self, value: Value | Inner, height: int) -> None:
        """Put a finished node where it belongs."""
        if not self._frames:
            self.value = tagged(value.tag, value.value) if isinstance(value, Inner) else value
            return
        frame = self._frames[-1]
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, list):
            frame.value.append(value)  # type: ignore[arg-type]
        elif frame.key is None:
            frame.key = self._key(value, frame)
        elif frame.merging:
            if not frame.merge(value):
                self._tell("yaml-merge", "`<<` of something that is no mapping")
                frame.value["<<"] = value  # type: ignore[assignment]
            frame.key, frame.merging = None, False
        else:
            frame.value[frame.key] = value  # type: ignore[assignment]
            frame.key = None

    def _key(self, value: Value | Inner, frame: Frame) -> str:
        key = key_text(value)
        if not isinstance(value, str):
            self._tell("non-string-key", "a key that is no text made one", key)
        if isinstance(frame.value, dict) and key in frame.value:
            self._tell("duplicate-key", "repeated key, the last one counts", key)
        return key


def _oddities(both: Readings) -> Iterator[tuple[str, str]]:
    value = both.yaml11
    if isinstance(value, Tagged):
        yield "digits-limit", "number with too many digits"
    elif isinstance(value, float) and math.isinf(value) and "inf" not in both.text.lower():
        yield "float-overflow", "number too large for a double"
    elif isinstance(value, int) and abs(value) > MAX_EXACT_INT:
        yield "big-integer", "integer beyond 2^53"
