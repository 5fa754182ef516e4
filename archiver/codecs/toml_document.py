"""TOML documents, within the limits that every document has."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.codecs.text import decode
from archiver.limits import Limits
from archiver.model.values import Value

_DEEP = re.compile(r"[\[{]")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


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
        flaws.add("empty", "nothing stands in it")
        return TomlDocument({}, flaws, complete=False)
    if max((len(_DEEP.findall(line)) for line in text.split("\n")), default=0) > limits.nesting:
        # The parser recurses; an array may also span lines, which the fault below catches.
        flaws.add("depth-limit", f"a line opens more than {limits.nesting} brackets")
        return TomlDocument({}, flaws, complete=False)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        found = _AT.search(str(fault))
        place = f"L{found[1]}:{found[2]}" if found else ""
        flaws.add("syntax", _AT.sub("", str(fault)).strip(), place)
        return TomlDocument({}, flaws, complete=False)
    except (ValueError, RecursionError) as fault:
        flaws.add("syntax", f"it cannot be read ({type(fault).__name__})")
        return TomlDocument({}, flaws, complete=False)
    return TomlDocument({key: _value(item) for key, item in value.items()}, flaws)


def _value(item: object) -> Value:
    if isinstance(item, dict):
        return {str(key): _value(inner) for key, inner in item.items()}
    if isinstance(item, list):
        return [_value(inner) for inner in item]
    if isinstance(item, bool | int | float | str):
        return item
    return str(item)
