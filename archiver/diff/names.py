"""Fields: dotted paths of keys, and the names that keys go by."""

from __future__ import annotations

import re

Path = tuple[str, ...]
"""Keys that lead to a value; list items by their identity or index."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^0-9a-z]+")
_LONGEST = 200


def dotted(path: Path) -> str:
    r"""A path as a field: joined by dots, dots inside of keys escaped as `\.`."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


def plain(key: str) -> str:
    """A key in lower case with `_` between its words: `perDevice-batch` is `per_device_batch`."""
    return _SEPARATORS.sub("_", _CAMEL.sub("_", key[:_LONGEST]).lower()).strip("_")


def words(path: Path) -> list[str]:
    """The plain names of a path's keys, those of flat dotted keys one by one."""
    return [plain(part) for key in path for part in key[:_LONGEST].split(".")]


def last(path: Path) -> str:
    """Plain name of the last key; of a flat key such as `training.lr` its last part."""
    return plain(path[-1][-_LONGEST:].rpartition(".")[2]) if path else ""
