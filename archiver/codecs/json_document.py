"""One JSON document: its value, what is odd about it, and of a torn one the good beginning."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import orjson

from archiver.codecs import json_scan, pointers, text
from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, Limits
from archiver.model.plain import dataclass
from archiver.model.values import MAX_EXACT_INT, Tagged, Value

if TYPE_CHECKING:
    from archiver.codecs.json_exact import Oddities

_BLANK = " \t\r\n"
_NOT_JSON = frozenset(("non-finite-token", "float-overflow", "digits-limit"))
_CONTAINERS = frozenset((dict, list))
_BIG = "big-integer"
_BIG_MESSAGE = "integer beyond 2^53"
_EMPTY = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """What was read; the value's numbers are exact, its strings hold no lone surrogates."""

    value: Value
    """None too where nothing could be read: `complete` tells that apart from a `null`."""
    complete: bool
    """Whether the value is all that the document says."""
    flaws: Flaws

    @property
    def is_json(self) -> bool:
        """Whether the value holds nothing that JSON itself cannot."""
        return _NOT_JSON.isdisjoint(self.flaws.counts)


def parse(data: bytes, limits: Limits = DEFAULT) -> JsonDocument:
    """Read a document; nothing in it raises.

    Flaws: `empty`, `truncated`, `syntax`, `trailing-data`, `size-limit`, `nesting-limit`,
    `digits-limit`, `duplicate-key`, `non-finite-token`, `float-overflow`, `big-integer`,
    `lone-surrogate`, `control-character`, `nul-bytes`, `bom`, `bad-encoding`, `bad-utf8`.
    """
    flaws = Flaws()
    if len(data) > limits.document_bytes:
        message = f"{len(data)} bytes are more than a document may have"
        flaws.add("size-limit", message, hint="raise the limit on document bytes")
        return JsonDocument(None, complete=False, flaws=flaws)
    if not data.strip(_EMPTY):
        if b"\0" in data:
            flaws.add("nul-bytes", "nothing but NUL bytes", "byte 0")
        flaws.add("empty", "the document is empty")
        return JsonDocument(None, complete=False, flaws=flaws)
    plain = _plain(data, limits, flaws)
    if plain is not None:
        return JsonDocument(plain[0], complete=True, flaws=flaws)
    return _Careful(data, limits, flaws).read()


def quick(data: bytes, limits: Limits = DEFAULT) -> tuple[Value] | None:
    """The value of a small and plain document without an account; None where that takes a parse."""
    if len(data) > limits.document_bytes:
        return None
    if len(data) >= limits.nodes and _nodes(data) >= limits.nodes:
        return None
    try:
        value: Value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if json_scan.is_rewritten(data, value, limits):
        return (value,)
    keys = json_scan.count_keys((value,), limits.nesting)
    return (value,) if json_scan.is_exact(data, keys) else None


def _plain(data: bytes, limits: Limits, flaws: Flaws) -> tuple[Value] | None:
    """The value, if a fast decoder reads it and can have hidden nothing.

    Times in nanoseconds are beyond 2^53: integers that the decoder keeps exactly are told.
    """
    if len(data) >= limits.nodes and _nodes(data) >= limits.nodes:
        return None
    try:
        value: Value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    survey = _survey(value, limits.nesting, flaws.keep)
    if not json_scan.is_exact(data, survey.keys):
        return None
    for link in survey.big:
        flaws.add(_BIG, _BIG_MESSAGE, _place(link))
    if survey.more_big:
        flaws.add(_BIG, _BIG_MESSAGE, n=survey.more_big)
    return (value,)


class _Survey(NamedTuple):
    """What is in a value."""

    keys: int
    """Of all its objects; -1 if one is nested deeper than allowed."""
    big: list[_Link]
    """Where the first integers beyond 2^53 stand, parents first."""
    more_big: int
    """How many more there are."""


_Link: TypeAlias = "tuple[_Link, str | int] | None"
"""A path as its last part and what it was reached from."""


def _survey(value: Value, nesting: int, keep: int) -> _Survey:
    """One walk over a value, level by level, as plainly as can be: every document takes it."""
    keys = more = depth = 0
    big: list[_Link] = []
    most = MAX_EXACT_INT
    level: list[tuple[Value, _Link]] = [(value, None)] if type(value) in _CONTAINERS else []
    while level:
        depth += 1
        if depth > nesting:
            return _Survey(-1, [], 0)
        below: list[tuple[Value, _Link]] = []
        for holder, link in level:
            items: Iterable[tuple[str | int, Value]]
            if isinstance(holder, dict):
                keys += len(holder)
                items = holder.items()
            else:
                items = enumerate(holder)  # type: ignore[arg-type]
            for key, item in items:
                kind = type(item)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    below.append((item, (link, key)))
                elif kind is int and not -most <= item <= most:  # type: ignore[operator]
                    if len(big) < keep:
                        big.append((link, key))
                    else:
                        more += 1
        level = below
    return _Survey(keys, big, more)


def _place(link: _Link) -> str:
    """The pointer of a path."""
    parts: list[str | int] = []
    while link is not None:
        link, part = link
        parts.append(part)
    return pointers.pointer(reversed(parts))


def _nodes(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


class _Careful:
    """Exact reading of a document that is not plain."""

    def __init__(self, data: bytes, limits: Limits, flaws: Flaws) -> None:
        from archiver.codecs.json_exact import ExactDecoder

        self._flaws, self._limits = flaws, limits
        self._decoder = ExactDecoder(limits, keep=flaws.keep)
        self._text = text.decode(data, flaws)

    def read(self) -> JsonDocument:
        self._strip_nuls()
        self._text, lone = json_scan.mend_surrogates(self._text)
        if lone:
            self._flaws.add("lone-surrogate", "escape of half a character replaced", n=lone)
        over = json_scan.over_limit(self._text, self._limits)
        if over:
            self._flaws.add(over, "the document is nested too deeply or has too many values")
            return JsonDocument(None, complete=False, flaws=self._flaws)
        start = len(self._text) - len(self._text.lstrip(_BLANK))
        try:
            value, end = self._decode(self._text, start)
        except json.JSONDecodeError as error:
            return self._broken(error)
        complete = self._ends_at(end)
        self._report(value)
        return JsonDocument(value, complete=complete, flaws=self._flaws)

    def _strip_nuls(self) -> None:
        """A file system that loses power leaves NULs where the end should be."""
        stripped = self._text.rstrip("\0" + _BLANK)
        if "\0" in self._text[len(stripped) :]:
            message = f"{len(self._text) - len(stripped)} bytes of NULs at the end"
            self._flaws.add("nul-bytes", message, self._place(len(stripped)))
            self._text = stripped

    def _decode(self, source: str, pos: int) -> tuple[Value, int]:
        try:
            return self._decoder.decode(source, pos)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Invalid control character"):
                raise
            place = self._place(error.pos)
        self._decoder.fresh()
        self._flaws.add("control-character", "raw control character in a string", place)
        return self._decoder.decode(source, pos, control=True)

    def _ends_at(self, end: int) -> bool:
        rest = self._text[end:].lstrip(_BLANK)
        if rest:
            at = self._place(len(self._text) - len(rest))
            self._flaws.add("trailing-data", f"{len(rest)} characters after the value", at)
        return not rest

    def _broken(self, error: json.JSONDecodeError) -> JsonDocument:
        """What stands before the fault."""
        from archiver.codecs import json_prefix

        torn = json_prefix.is_torn(self._text, error.pos, error.msg)
        if torn:
            size = len(self._text[: error.pos].encode("utf-8", "replace"))
            message = f"the document breaks off ({error.msg}, at byte {size} of its text)"
            self._flaws.add("truncated", message, self._place(error.pos))
        else:
            self._flaws.add("syntax", error.msg, self._place(error.pos))
        self._decoder.fresh()
        value: Value = None
        mended = json_prefix.mended(self._text, error.pos).lstrip(_BLANK)
        if mended:
            with contextlib.suppress(json.JSONDecodeError):
                value, _ = self._decoder.decode(mended, control=True)
        self._report(value)
        return JsonDocument(value, complete=False, flaws=self._flaws)

    def _place(self, pos: int) -> str:
        return text.place(self._text, pos)

    def _report(self, value: Value) -> None:
        """Say what was met while decoding, the first few with their places in the value."""
        odd = self._decoder.fresh()
        flaws = self._flaws
        told = (
            ("duplicate-key", odd.duplicate_keys, "repeated key, the last one counts"),
            ("non-finite-token", odd.non_finite, "bare NaN or Infinity"),
            ("float-overflow", odd.float_overflows, "number too large for a double"),
            (_BIG, odd.big_integers, _BIG_MESSAGE),
            ("digits-limit", odd.long_numbers, "number with too many digits"),
        )
        wanted = {code: count for code, count, _ in told if count}
        places = _places(value, odd, {code: min(flaws.keep, n) for code, n in wanted.items()})
        for code, count, message in told:
            found = places.get(code, [])
            for pointer in found:
                flaws.add(code, message, pointer)
            if count > len(found):
                flaws.add(code, message, n=count - len(found))


def _places(value: Value, odd: Oddities, wanted: dict[str, int]) -> dict[str, list[str]]:
    """Pointers of the first odd values of each code, as many as wanted of it."""
    places: dict[str, list[str]] = {code: [] for code in wanted}
    missing = sum(wanted.values())
    if not missing:
        return places
    for code, path in _odd_places(value, odd):
        if code in places and len(places[code]) < wanted[code]:
            places[code].append(pointers.pointer(path))
            missing -= 1
            if not missing:
                break
    return places


def _odd_places(value: Value, odd: Oddities) -> Iterator[tuple[str, list[str | int]]]:
    """Code and path of everything odd that is in the value."""
    repeated = {id(made): keys for made, keys in odd.repeated}
    for path, item in pointers.walk(value):
        if isinstance(item, dict):
            for key in repeated.get(id(item), ()):
                yield "duplicate-key", [*path, key]
        elif isinstance(item, float):
            if math.isnan(item):
                yield "non-finite-token", path
            elif math.isinf(item) and not (odd.float_overflows and odd.non_finite):
                yield ("float-overflow" if odd.float_overflows else "non-finite-token"), path
        elif isinstance(item, Tagged):
            yield "digits-limit", path
        elif isinstance(item, int) and abs(item) > MAX_EXACT_INT:
            yield _BIG, path
