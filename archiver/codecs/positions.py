"""Where the values of a document stand, whatever its format."""

from __future__ import annotations

from collections.abc import Collection

from archiver.limits import DEFAULT, Limits
from archiver.model.findings import Position

FORMATS = ("json", "toml", "yaml")


def positions(
    format_: str, data: bytes, pointers: Collection[str], limits: Limits = DEFAULT
) -> dict[str, Position]:
    """Pointer -> position, of those that are there; nothing in the data raises.

    A member of an object stands where its key begins, an item of a list where it begins itself.
    Formats: `json` (one row of NDJSON, too), `yaml` (the first document), `toml`.
    """
    if not pointers:
        return {}
    if format_ == "yaml":
        from archiver.codecs import yaml_positions

        return yaml_positions.positions(data, pointers, limits)
    if format_ == "toml":
        from archiver.codecs import toml_positions

        return toml_positions.positions(data, pointers, limits)
    if len(data) > limits.document_bytes:
        return {}
    from archiver.codecs import json_positions

    return json_positions.positions(data, pointers)


def nearest(pointer: str, found: dict[str, Position]) -> Position | None:
    """The position of a value, or of the nearest thing around it that has one."""
    while pointer not in found:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return found[pointer]
