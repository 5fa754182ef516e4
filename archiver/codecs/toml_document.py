"""TOML documents, within the limits that every document has."""

from __future__ import annotations

import re
import tomllib
from dataclasses import field

from archiver.codecs.flaws import Flaws
from archiver.codecs.text import decode
from archiver.limits import Limits
from archiver.model.plain import dataclass
from archiver.model.values import Value

_DEEP = re.compile(r"[\[{]")
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_KEY_PARTS = 32
_DOTTED = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{_KEY_PARTS}}}{_PART}")
"""A key of more parts than that; numbers and sentences hold points as well."""
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


class _DeepError(Exception):
    """A value that is nested too deeply."""


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """What a TOML text says; dates and times are texts in ISO 8601."""

    value: dict[str, Value] = field(default_factory=dict)
    flaws: Flaws = field(default_factory=Flaws)
    complete: bool = True


def parse(data: bytes, limits: Limits) -> TomlDocument:
    """Parse a whole document; one with a fault gives nothing, as TOML has no good part.

    Flaws: `empty`, `size-limit`, `depth-limit`, `syntax`, and those of the encoding.
    """
    flaws = Flaws()
    if len(data) > limits.toml_bytes:
        flaws.add("size-limit", f"it is larger than {limits.toml_bytes} bytes and was not read")
        return TomlDocument({}, flaws, complete=False)
    text = decode(data, flaws)
    if not text.strip("\0 \r\n\t"):
        flaws.add("empty", "the file is empty")
        return TomlDocument({}, flaws, complete=False)
    if any(too_deep(line, limits) for line in text.split("\n")):
        # The parser recurses; what spans lines is caught below.
        flaws.add("depth-limit", "a line opens too many brackets, or has a key of too many parts")
        return TomlDocument({}, flaws, complete=False)
    try:
        found = {key: _value(item, limits.nesting) for key, item in tomllib.loads(text).items()}
    except tomllib.TOMLDecodeError as fault:
        at = _AT.search(str(fault))
        place = f"L{at[1]}:{at[2]}" if at else ""
        flaws.add("syntax", _AT.sub("", str(fault)).strip(), place)
    except (_DeepError, RecursionError):
        flaws.add("depth-limit", f"it is nested more than {limits.nesting} levels")
    except ValueError as fault:
        flaws.add("syntax", f"it cannot be read ({type(fault).__name__})")
    else:
        return TomlDocument(found, flaws)
    return TomlDocument({}, flaws, complete=False)


def too_deep(line: str, limits: Limits) -> bool:
    """Whether a line opens too many brackets, or holds a key of too many parts.

    The time to read a dotted key grows with the square of its parts.
    """
    if len(_DEEP.findall(line)) > limits.nesting:
        return True
    return line.count(".") >= _KEY_PARTS and _DOTTED.search(line) is not None


def _value(item: object, levels: int) -> Value:
    if levels < 0:
        raise _DeepError
    if isinstance(item, dict):
        return {str(key): _value(inner, levels - 1) for key, inner in item.items()}
    if isinstance(item, list):
        return [_value(inner, levels - 1) for inner in item]
    if isinstance(item, bool | int | float | str):
        return item
    return str(item)
