"""How a value of the wrong type is put right: mostly a matter of how it is spelled."""

from __future__ import annotations

import re

from archiver.codecs import yaml_scalars
from archiver.codecs.pointers import pointer
from archiver.schemacheck.violation import Path, Readings, is_secret

_NUMERIC = frozenset(("number", "integer"))
_NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,5})?"
)
_FLOAT = re.compile(r"([-+]?)([0-9]*)(\.[0-9]*)?(?:[eE]([-+]?)([0-9]+))?")
_BOOLEANS = {"true": "true", "false": "false", "yes": "true", "no": "false"}
_NULLS = frozenset(("null", "none", "~"))
_MOST = 40
"""Characters of a text that a hint repeats."""


def for_null(key: str | None, *, required: bool) -> str:
    """What to do about a null where none may be."""
    if key is None or required:
        return ""
    return "leave the key out where nothing is known"


def for_type(value: object, wanted: frozenset[str], path: Path, readings: Readings) -> str:
    """What to do about a value of another type than is wanted; empty where nobody knows."""
    scalar = readings.scalars.get(pointer(path)) if readings.format == "yaml" else None
    if is_secret(value, path):
        return ""
    if scalar is not None and len(scalar.text) <= _MOST:
        return _for_yaml(scalar, wanted)
    if not isinstance(value, str):
        return _for_scalar(value, wanted, readings.format)
    text = value.strip()
    if len(text) > _MOST:
        return ""
    if wanted & _NUMERIC and _NUMBER.fullmatch(text):
        return f"it is in quotes; write {_canonical(text, readings.format)}"
    if "boolean" in wanted and text.lower() in _BOOLEANS:
        return f"it is in quotes; write {_BOOLEANS[text.lower()]}"
    if "null" in wanted and text.lower() in _NULLS and readings.format != "toml":
        return "it is a text; write null"
    return ""


def _for_yaml(scalar: yaml_scalars.Readings, wanted: frozenset[str]) -> str:
    """A scalar that the two versions of YAML read differently."""
    text, read = scalar.text, scalar.yaml11
    if isinstance(read, str) and wanted & _NUMERIC and _NUMBER.fullmatch(text):
        return f"{text} is a string in YAML 1.1; write {_canonical(text, 'yaml')}"
    if not isinstance(read, str) and "string" in wanted:
        kind = "a boolean" if isinstance(read, bool) else "null" if read is None else "a number"
        return f'{text} is {kind} in YAML 1.1; write "{text}"'
    if isinstance(read, bool) and wanted & _NUMERIC:
        return f"{text} is a boolean in YAML 1.1"
    return ""


def _for_scalar(value: object, wanted: frozenset[str], format_: str) -> str:
    if isinstance(value, bool | int | float) and "string" in wanted:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f'put it in quotes: "{text}"' if len(text) <= _MOST else ""
    if isinstance(value, list) and len(value) == 1 and "array" not in wanted:
        return "it is a list of one; write the item alone"
    if "array" in wanted and wanted <= {"array", "null"} and not isinstance(value, dict):
        return "put it in brackets" if value is not None and format_ != "ndjson" else ""
    return ""


def _canonical(text: str, format_: str) -> str:
    """A number as the format spells it."""
    match = _FLOAT.fullmatch(text)
    if match is None:
        return text
    sign, whole, fraction, exponent_sign, exponent = match.groups()
    sign = "-" if sign == "-" else ""
    if fraction is None and exponent is None:
        return sign + (whole.lstrip("0") or "0")
    digits = (fraction or "").removeprefix(".") or "0"
    spelled = f"{sign}{whole or '0'}.{digits}"
    if exponent is not None:
        plus = exponent_sign or ("+" if format_ == "yaml" else "")
        spelled += f"e{plus}{exponent}"
    return spelled
