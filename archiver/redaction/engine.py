"""Secrets gathered from everything that was read, then removed from everything that is written.

Two phases, because a secret that only one file betrays has to vanish from all. Both look at texts
in the same ways: by shape (`shapes`), by name (`fields`, `names`, `tree`), and the second also by
the forms of what the first found (`forms`). `worth` says what is propagated.
"""

from __future__ import annotations

import codecs
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate, islice

from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.values import Tagged, Value
from archiver.redaction.fields import find_fields, without_scheme
from archiver.redaction.forms import Needles
from archiver.redaction.shapes import KEY_NAME, Found, find_shapes, shape_of
from archiver.redaction.tree import Node, children, node_for, secret_text
from archiver.redaction.worth import LONGEST, MARKER, is_doubtful, is_placeholder, propagates
from archiver.redaction.writing import Edit, write

MAX_SECRETS = 10_000
"""Different secrets that get a number; further ones are marked with number 0."""
MAX_PROPAGATED = 256
"""Different secrets that are looked for by value; further ones only by shape and name."""
_PROPAGATED_CHARS = 128 * 1024
"""Their length in all."""

_ROUNDS = 8
_REPEATED = 1024 * 1024
"""Longer texts are gone over once, for speed."""

_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One secret that was found; never the secret itself, nor a digest of it."""

    kind: str
    n: int
    where: Location
    """The first place: a file, with the line where it is known."""
    doubtful: bool = False
    """Whether it may be no secret: a placeholder or plain words under a secret name."""


class SecretGatherer:
    """Phase 1: takes in the texts and values of a run, in path order, and learns its secrets."""

    __slots__ = ("_known", "_spread")

    def __init__(self) -> None:
        self._known: dict[str, Hit] = {}
        self._spread: dict[str, None] = {}

    def value(self, value: Value, where: Location) -> None:
        """Learn from a parsed value: what secret names hold, and all its texts."""
        stack = [Node(value)]
        while stack:
            node = stack.pop()
            secret = secret_text(node)
            if secret is not None:
                self._learn(_named(secret), where)
            if isinstance(node.value, str):
                self.text(node.value, where)
            elif isinstance(node.value, Tagged):
                self.text(node.value.value, where)
            elif isinstance(node.value, dict):
                for key in node.value:
                    self.text(key, where)
            stack += reversed(children(node))

    def text(self, text: str, where: Location) -> None:
        """Learn from free text: names and the values after them, and shapes."""
        for found in sorted(_find(text), key=lambda found: (found.start, -found.end)):
            self._learn(found, where)

    def file(self, text: str, where: Location) -> None:
        """Learn from the text of a whole file, with the lines of what is new."""
        line, counted = 1, 0
        for found in sorted(_find(text), key=lambda found: (found.start, -found.end)):
            at = where
            if found.secret not in self._known:
                line += text.count("\n", counted, found.start)
                counted = found.start
                at = replace(where, place=f"L{line}")
            self._learn(found, at)

    def finish(self) -> Redactor:
        """All that was learned, ready for phase 2."""
        return Redactor(self._known, tuple(self._spread))

    def _learn(self, found: Found, where: Location) -> None:
        secret = found.secret
        if secret not in self._known:
            if len(self._known) >= MAX_SECRETS:
                return
            doubtful = not found.sure and is_doubtful(secret)
            self._known[secret] = Hit(found.kind, len(self._known) + 1, where, doubtful)
        if (found.sure and len(secret) <= LONGEST) or propagates(secret):
            self._spread.setdefault(secret)


class Redactor:
    """Phase 2: removes secrets from texts, values and files. Twice is the same as once."""

    __slots__ = ("_known", "_needles", "_unpropagated")

    def __init__(self, known: dict[str, Hit], spread: tuple[str, ...]) -> None:
        self._known = dict(known)
        chars = accumulate(map(len, spread))
        room = sum(total <= _PROPAGATED_CHARS for total in islice(chars, MAX_PROPAGATED))
        self._needles = Needles(spread[:room])
        self._unpropagated = len(spread) - room

    @property
    def hits(self) -> tuple[Hit, ...]:
        """Every secret that was gathered, by number."""
        return tuple(self._known.values())

    @property
    def unpropagated(self) -> int:
        """How many secrets were over the limits of propagation: worth a problem in the record."""
        return self._unpropagated

    def text(self, text: str) -> str:
        """A string without secrets, whatever it stands in."""
        return self._clean(text, quote=False)

    def document(self, text: str) -> str:
        """The text of a whole file without secrets; JSON, YAML, Python or patch as before."""
        return self._clean(text, quote=True)

    def value(self, value: Value, key: str | None = None) -> Value:
        """A parsed value without secrets; `key` is the name it stands under."""
        root = node_for(value, key)
        result = self._leaf(root)
        stack = [(root, result)]
        while stack:
            node, new = stack.pop()
            clean = [(child, self._leaf(child)) for child in children(node)]
            if isinstance(new, list):
                new += [item for _, item in clean]
            elif isinstance(new, dict) and isinstance(node.value, dict):
                for old, (_, item) in zip(node.value, clean, strict=True):
                    new[self._new_key(old, new)] = item
            stack += clean
        return result

    def data(self, data: bytes) -> bytes | None:
        """The bytes of a file without secrets; None where a binary file holds one.

        Text is UTF-8 (stray bytes are kept) or UTF-16 with a byte order mark; anything else, or
        with many control characters, is binary and not rewritten.
        """
        decoded = _decode(data)
        if decoded is None:
            return None if self._in_binary(data) else data
        text, encoding = decoded
        clean = self.document(text)
        return data if clean == text else clean.encode(encoding, "surrogateescape")

    def has_secret(self, data: bytes) -> bool:
        """Whether a file, text or binary, holds a secret."""
        decoded = _decode(data)
        return self._in_binary(data) if decoded is None else bool(self._edits(decoded[0]))

    def _clean(self, text: str, *, quote: bool) -> str:
        # a marker separates what was glued together, which may show one more secret
        for _ in range(_ROUNDS if len(text) <= _REPEATED else 1):
            edits = self._edits(text)
            if not edits:
                break
            text = write(text, edits, quote=quote)
        return text

    def _leaf(self, node: Node) -> Value:
        """The new value of a node; lists and mappings are still empty."""
        secret = secret_text(node)
        match node.value:
            case str() as text:
                return self.text(text) if secret is None else self._marker(_named(secret))
            case Tagged(type=kind, value=text) as tagged:
                if secret is not None:
                    return Tagged("redacted", self._marker(_named(secret)))
                clean = self.text(text)
                return tagged if clean == text else Tagged(kind, clean)
            case list():
                return []
            case dict():
                return {}
            case constant:
                return constant

    def _new_key(self, key: str, taken: dict[str, Value]) -> str:
        """A key without secrets; two that become the same both stay."""
        clean = new = self.text(key)
        count = 1
        while new in taken:
            count += 1
            new = f"{clean}~{count}"
        return new

    def _marker(self, found: Found) -> str:
        hit = self._known.get(found.secret)
        return f"[redacted:{hit.kind}:{hit.n}]" if hit else f"[redacted:{found.kind}:0]"

    def _edits(self, text: str) -> list[Edit]:
        """What is to be replaced, in order; of overlapping secrets the outer one counts."""
        edits = [
            Edit(found.start, found.end, self._marker(found))
            for found in _find(text)
            if found.start < found.end
        ]
        for start, end, secret in self._needles.find(text):
            hit = self._known[secret]
            edits.append(Edit(start, end, f"[redacted:{hit.kind}:{hit.n}]"))
        return _merge(_outside_markers(text, edits)) if edits else []

    def _in_binary(self, data: bytes) -> bool:
        """Whether bytes hold a secret as they are or, for UTF-16, without their NULs.

        A placeholder under a secret name is none: it would keep every event file from being copied.
        """
        for part in {data, data.replace(b"\0", b"")}:
            text = part.decode("utf-8", "surrogateescape")
            if any(found.sure or not is_placeholder(found.secret) for found in _find(text)):
                return True
            if next(self._needles.find(text), None) is not None:
                return True
        return False


def _find(text: str) -> Iterator[Found]:
    yield from find_shapes(text)
    yield from find_fields(text)


def _named(text: str) -> Found:
    """The secret that a value under a secret name is."""
    secret = without_scheme(text)
    kind = shape_of(secret)
    return Found(0, 0, secret, kind or KEY_NAME, sure=kind is not None)


def _outside_markers(text: str, edits: list[Edit]) -> list[Edit]:
    """The edits that do not cut into a marker that is already there, nor replace just that."""
    markers = [marker.span() for marker in MARKER.finditer(text)]
    if not markers:
        return edits
    starts = [start for start, _ in markers]
    kept = []
    for edit in edits:
        low, high = markers[max(0, bisect_right(starts, edit.start) - 1)]
        first_cut = low <= edit.start < high and (low < edit.start or edit.end <= high)
        low, high = markers[max(0, bisect_left(starts, edit.end) - 1)]
        if not first_cut and not low < edit.end < high:
            kept.append(edit)
    return kept


def _merge(edits: Sequence[Edit]) -> list[Edit]:
    merged: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if merged and edit.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Edit(last.start, max(last.end, edit.end), last.marker)
        else:
            merged.append(edit)
    return merged


def _decode(data: bytes) -> tuple[str, str] | None:
    """The text of a text file and its encoding; None for a binary file."""
    encoding = _UTF16.get(data[:2])
    if encoding:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding), encoding
    if b"\0" in data:
        return None
    controls = len(data) - len(data.translate(None, _CONTROL))
    if controls * 100 > len(data):
        return None
    text = data.decode("utf-8", "surrogateescape")
    return text, "utf-8"
