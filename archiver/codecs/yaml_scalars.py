"""Plain YAML scalars as YAML 1.1 reads them (as PyYAML does), and as YAML 1.2's core schema does.

Types of 1.1: https://yaml.org/type/ in PyYAML's spelling; of 1.2: https://yaml.org/spec/1.2.2/
chapter 10.3. Dates stay text in both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from yaml import ScalarNode
from yaml.resolver import Resolver

from archiver.limits import Limits
from archiver.model.values import Scalar, Tagged

CORE = "tag:yaml.org,2002:"
"""What `!!` stands for."""

_PYTHON_DIGITS = 4300
_PREFIX = 64
_BOOL_11 = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NULL_12 = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL_12 = {
    word: value
    for value, word_ in ((True, "true"), (False, "false"))
    for word in (word_, word_.capitalize(), word_.upper())
}
_INT_12 = re.compile(r"[-+]?[0-9]+")
_BASE_12 = re.compile(r"0(?:o(?P<octal>[0-7]+)|x(?P<hex>[0-9a-fA-F]+))")
_FLOAT_12 = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF_12 = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN_12 = frozenset((".nan", ".NaN", ".NAN"))
_RESOLVER = Resolver()


class Readings(NamedTuple):
    """One scalar under both versions of the language."""

    yaml11: Scalar
    yaml12: Scalar
    text: str
    """As written."""


def plain(text: str, limits: Limits) -> Readings:
    """Both readings of a scalar without quotes and without a tag."""
    if text.isalpha() and len(text) > 5:  # no special word is longer
        return Readings(text, text, text)
    if len(text) > min(limits.digits, _PYTHON_DIGITS):
        value = _over(text)
        return Readings(value, value, text)
    return Readings(yaml11(text), yaml12(text), text)


def yaml11(text: str) -> Scalar:
    """What PyYAML makes of a plain scalar, but for dates."""
    tag: str = _RESOLVER.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return construct(tag, text)


def construct(tag: str, text: str) -> Scalar:
    """The value of a scalar whose YAML 1.1 type is known; the text where it does not fit."""
    try:
        match tag.removeprefix(CORE):
            case "null":
                return None
            case "bool":
                return _BOOL_11.get(text.lower(), text)
            case "int":
                return _int11(text.replace("_", ""))
            case "float":
                return _float11(text.replace("_", "").lower())
    except ValueError:
        return text
    return text


def yaml12(text: str) -> Scalar:
    """What the core schema of YAML 1.2 makes of a plain scalar."""
    if text in _NULL_12:
        return None
    if text in _BOOL_12:
        return _BOOL_12[text]
    if _INT_12.fullmatch(text):
        return int(text)
    if match := _BASE_12.fullmatch(text):
        return int(match["octal"], 8) if match["octal"] else int(match["hex"], 16)
    if _FLOAT_12.fullmatch(text):
        return float(text)
    if match := _INF_12.fullmatch(text):
        return float(match[1] + "inf")
    return float("nan") if text in _NAN_12 else text


def _over(text: str) -> Scalar:
    """A scalar too long for a number: text, unless it is nothing but one."""
    if text[0] in "+-.0123456789" and _FLOAT_12.fullmatch(text):
        kind = "long-int" if _INT_12.fullmatch(text) else "long-float"
        return Tagged(kind, f"{text[:_PREFIX]}… ({len(text)} characters)")
    return text


def _int11(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-")
    if body.startswith(("0b", "0x")):
        return sign * int(body, 0)
    if ":" in body:
        return sign * int(_sexagesimal(body))
    return sign * int(body, 8 if body.startswith("0") else 10)


def _float11(text: str) -> float:
    sign = -1.0 if text.startswith("-") else 1.0
    body = text.lstrip("+-")
    if ":" in body:
        whole, _, fraction = body.rpartition(":")
        return sign * (float(_sexagesimal(whole)) * 60 + float(fraction))
    return sign * float(body.removeprefix(".") if body in {".inf", ".nan"} else body)


def _sexagesimal(text: str) -> int:
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total
