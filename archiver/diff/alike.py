"""Meaning before text: whether two values that are not the same say the same.

Numbers that are equal and spelt in another way, tuple and list, null and nothing are equivalent.
What a loader read as another type than its writer meant is not: where both sides had types, the
number 1e-5 and the text "1e-5" train differently.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from ast import literal_eval
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import TypeAlias

from archiver import settings
from archiver.model.differences import Missing, Side
from archiver.model.values import Tagged, Value

ARGUMENT = "argument"
"""Type of a text that was cut out of a command line: it never had any other type."""

NOT_COMPARED = "secret, not compared"


_Plain: TypeAlias = "bool | int | float | None"


class Verdict(IntEnum):
    """How two values stand to each other; the larger, the graver."""

    SAME = 0
    EQUIVALENT = 1
    RETYPED = 2
    DIFFERENT = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms two values are compared."""

    typed: bool = True
    """Whether both sides come from sources with types."""
    tolerance: float = 0.0
    yaml_a: bool = False
    """Whether the first side is a YAML file's, which its readers may read as 1.1 or 1.2."""
    yaml_b: bool = False
    key: str = ""
    """Plain name of the last key."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and what is to be said with it."""

    verdict: Verdict
    note: str = ""


_SAME = Judged(Verdict.SAME)
_EQUIVALENT = Judged(Verdict.EQUIVALENT)
_RETYPED = Judged(Verdict.RETYPED)
_DIFFERENT = Judged(Verdict.DIFFERENT)

_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\Z", re.ASCII)
_ODD = {
    "nan": math.nan, ".nan": math.nan, "inf": math.inf, "+inf": math.inf, ".inf": math.inf,
    "infinity": math.inf, "-inf": -math.inf, "-.inf": -math.inf, "-infinity": -math.inf,
}  # fmt: skip
_WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "none": None,
    "null": None,
    "~": None,
}
_MARKER = re.compile(r"\[redacted:([a-z0-9-]{1,40}):[0-9]{1,9}\]")
_LONGEST_NUMBER = 400
_LONGEST_LITERAL = 20_000
_DEEPEST = 40
_MOST_ITEMS = 100_000
_PRECISION = tuple(item for item in settings.SETTINGS if item.type == "precision")


def judge(a: Value, b: Value, terms: Terms) -> Judged:
    """Compare two values that are not the same by what they mean, items of collections in order."""
    pending: list[tuple[Value, Value]] = [(a, b)]
    worst = _SAME
    for _ in range(_MOST_ITEMS):
        if not pending:
            # What is not the same and says the same throughout is spelt in another way.
            return worst if worst.verdict else _EQUIVALENT
        one, other = (_structured(*pair, terms) for pair in _both_ways(pending.pop()))
        if isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return _DIFFERENT
            pending.extend(zip(one, other, strict=True))
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return _DIFFERENT
            pending.extend((one[key], other[key]) for key in one)
        else:
            worst = max(worst, _scalars(one, other, terms), key=lambda item: item.verdict)
            if worst.verdict is Verdict.DIFFERENT:
                return worst
    return _DIFFERENT


def absent(value: Side, *, typed: bool = True) -> bool:
    """Whether a value says that there is none: null, or a text or collection that is empty.

    Of sources without types, `None` and `null` are such texts.
    """
    if isinstance(value, Missing):
        return True
    value, marked = _bare(value)
    if isinstance(value, str) and not (typed and marked):
        return value.strip().lower() in ("", "none", "null", "~")
    return value is None or value in ("", [], {})


def secret_kinds(value: Value) -> tuple[str, ...]:
    """Kinds of the secrets that were taken out of a text, in their order."""
    text = value.value if isinstance(value, Tagged) else value
    if not isinstance(text, str) or "[redacted:" not in text:
        return ()
    return tuple(_MARKER.findall(text))


def number(text: str) -> int | float | Decimal | None:
    """The number that a text spells; None where it spells none."""
    text = text.strip()
    if len(text) > _LONGEST_NUMBER:
        return None
    if not _NUMBER.match(text):
        return _ODD.get(text.lower())
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation:
        return None


def _both_ways(pair: tuple[Value, Value]) -> tuple[tuple[Value, Value], tuple[Value, Value]]:
    return pair, (pair[1], pair[0])


def _structured(value: Value, other: Value, terms: Terms) -> Value:
    """A text that spells the kind of collection that stands on the other side, as that."""
    bare, typed = _bare(value)
    if isinstance(bare, list | dict) or not isinstance(bare, str):
        return value
    if not isinstance(other, list | dict) or (typed and terms.typed):
        return value
    found = literal(bare)
    if not typed and isinstance(other, list) and len(other) == 1 and isinstance(found, str):
        # An option that takes several words was given one.
        return [value]
    return found if type(found) is type(other) else value


def literal(text: str) -> Value:
    """The list or object that a text spells, as JSON or Python; the text where it spells none."""
    text = text.strip()
    if not text or len(text) > _LONGEST_LITERAL or text[0] not in "[({":
        return text
    if max(text.count("["), text.count("("), text.count("{")) > _DEEPEST:
        return text
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return _plain(literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _plain(value: object) -> Value:
    match value:
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _bare(value: Value) -> tuple[Value, bool]:
    """A value without the mark of an argument, and whether it has a type of its own."""
    if isinstance(value, Tagged) and value.type == ARGUMENT:
        return value.value, False
    return value, True


def _scalars(a: Value, b: Value, terms: Terms) -> Judged:
    kinds = secret_kinds(a)
    if kinds or secret_kinds(b):
        return _secrets(a, b)
    one, typed_a = _bare(a)
    other, typed_b = _bare(b)
    typed = terms.typed and typed_a and typed_b
    if isinstance(one, Tagged) or isinstance(other, Tagged):
        return _tagged(one, other)
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return _EQUIVALENT if absent(a) and absent(b) else _DIFFERENT
    if isinstance(one, str):
        if isinstance(other, str):
            return _texts(one, other, terms, typed=typed)
        return _text_and(one, other, terms, typed=typed, yaml=terms.yaml_a)
    if isinstance(other, str):
        return _text_and(other, one, terms, typed=typed, yaml=terms.yaml_b)
    return _plain_scalars(one, other, terms)


def _secrets(a: Value, b: Value) -> Judged:
    one, other = (item.value if isinstance(item, Tagged) else item for item in (a, b))
    if not isinstance(one, str) or not isinstance(other, str):
        return _DIFFERENT
    same = _MARKER.sub(r"[\1]", one) == _MARKER.sub(r"[\1]", other)
    return Judged(Verdict.EQUIVALENT, NOT_COMPARED) if same else _DIFFERENT


def _tagged(a: Value, b: Value) -> Judged:
    if isinstance(a, Tagged) and isinstance(b, Tagged):
        if a == b:
            return _SAME
        return _EQUIVALENT if _unquoted(a.value) == _unquoted(b.value) else _DIFFERENT
    mark, other = (a, b) if isinstance(a, Tagged) else (b, a)
    if isinstance(mark, Tagged) and isinstance(other, str) and mark.value == other:
        return _EQUIVALENT
    return _DIFFERENT


def _plain_scalars(a: _Plain, b: _Plain, terms: Terms) -> Judged:
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return _SAME if a is b else _DIFFERENT
    if type(a) is type(b) and a == b and math.copysign(1, a) == math.copysign(1, b):
        return _SAME
    return _numbers(a, b, terms, floats=isinstance(a, float) or isinstance(b, float))


def _numbers(a: float | Decimal, b: float | Decimal, terms: Terms, *, floats: bool) -> Judged:
    if a == b or (a != a and b != b):  # noqa: PLR0124 - NaN alone is unlike itself
        return _EQUIVALENT
    if isinstance(a, Decimal) != isinstance(b, Decimal):
        # The text 0.1 and the double 0.1 are one number to whoever reads the text.
        try:
            if float(a) == float(b):
                return _EQUIVALENT
        except OverflowError:
            return _DIFFERENT
    if terms.tolerance and floats and close(a, b, terms.tolerance):
        within = f"within the tolerance of {terms.tolerance:g}"
        return Judged(Verdict.EQUIVALENT, within)
    return _DIFFERENT


def close(a: float | Decimal, b: float | Decimal, tolerance: float) -> bool:
    """Whether two numbers are equal up to a relative tolerance."""
    try:
        return math.isclose(float(a), float(b), rel_tol=tolerance)
    except OverflowError:
        return False


def _texts(a: str, b: str, terms: Terms, *, typed: bool) -> Judged:
    if a == b:
        return _SAME
    one, other = number(a), number(b)
    if one is not None and other is not None:
        fractions = not (a.strip().lstrip("+-").isdigit() and b.strip().lstrip("+-").isdigit())
        return _numbers(one, other, terms, floats=fractions)
    if terms.key in _PRECISION_KEYS and _precision(a) == _precision(b):
        return _EQUIVALENT
    if not typed:
        left, right = _unquoted(a), _unquoted(b)
        if left == right or (absent(Tagged(ARGUMENT, a)) and absent(Tagged(ARGUMENT, b))):
            return _EQUIVALENT
        if left.lower() == right.lower() and left.lower() in _WORDS:
            return _EQUIVALENT
        structured = [literal(a), literal(b)]
        if all(isinstance(item, list | dict) for item in structured):
            return _EQUIVALENT if structured[0] == structured[1] else _DIFFERENT
        # One word given to an option that takes several, as it was printed and as it was typed.
        if structured in ([[right], right], [left, [left]]):
            return _EQUIVALENT
    return _DIFFERENT


_PRECISION_KEYS = frozenset(key for item in _PRECISION for key in item.keys)


def _precision(text: str) -> object:
    return settings.means(_PRECISION[0], text)


def _text_and(text: str, other: _Plain, terms: Terms, *, typed: bool, yaml: bool) -> Judged:
    """A text against what is none: the same words, loaded as another type or without any."""
    stripped = _unquoted(text)
    if other is None or isinstance(other, bool):
        if other is None and not stripped:
            return _EQUIVALENT
        known = stripped.lower()
        if known not in _WORDS or _WORDS[known] is not other:
            return _DIFFERENT
        return _RETYPED if typed else _EQUIVALENT
    found = number(stripped)
    if found is None:
        return _DIFFERENT
    judged = _numbers(found, other, terms, floats=isinstance(other, float))
    if judged.verdict is Verdict.DIFFERENT or not typed:
        return judged
    if yaml and isinstance(other, float) and stripped == repr(other):
        # How YAML 1.2 writers such as ruamel spell a float; a person writes 1e-5.
        note = "a number to YAML 1.2, text to a YAML 1.1 loader such as PyYAML"
        return Judged(Verdict.EQUIVALENT, note)
    return _RETYPED


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
