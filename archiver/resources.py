"""Finds the files that ship beside the code, and what other distributions add to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from archiver.errors import ArchiverError

_PACKAGE = Path(__file__).resolve().parent
SCHEMAS = "schemas"
TEMPLATES = "templates"
_METADATA = (".dist-info", ".egg-info")
_PATH_FINDER = "_frozen_importlib_external"
"""Module of the finder that looks along the path."""


@cache
def directory(kind: str, package: Path = _PACKAGE) -> Path:
    """The directory of that kind: the checkout's own, else the copy inside the wheel.

    The checkout goes first because an editable install may leave an older copy beside the code.

    Raises:
        ArchiverError: when neither is there.
    """
    checkout = package.parent
    candidates = [package / "_resources" / kind]
    if (checkout / "pyproject.toml").is_file():
        candidates.insert(0, checkout / kind)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise ArchiverError(kind, "is missing from this installation", "install runarchive again")


def names(kind: str, suffix: str, package: Path = _PACKAGE) -> tuple[str, ...]:
    """Names of the resources of a kind that end so, without the ending, in order.

    Raises:
        ArchiverError: when none of them is there.
    """
    found = directory(kind, package).glob(f"*{suffix}")
    return tuple(sorted(path.name.removesuffix(suffix) for path in found))


def text(kind: str, name: str, package: Path = _PACKAGE) -> str:
    """The text of one resource.

    Raises:
        ArchiverError: when it is not there.
    """
    return data(kind, name, package).decode("utf-8")


def data(kind: str, name: str, package: Path = _PACKAGE) -> bytes:
    """The bytes of one resource.

    Raises:
        ArchiverError: when it is not there.
    """
    path = directory(kind, package) / name
    try:
        return path.read_bytes()
    except OSError:
        subject = f"{kind}/{name}"
        hint = "install runarchive again"
        raise ArchiverError(subject, "is missing from this installation", hint) from None


def inside(room: str, suffix: str) -> Iterator[str]:
    """The texts of what a package of our own holds beside its code, in name order."""
    for path in sorted((_PACKAGE / room).glob(f"*{suffix}")):
        yield path.read_text("utf-8")


@cache
def extension_groups() -> frozenset[str] | None:
    """Groups of entry points named `runarchive.` that installed distributions offer something in.

    Where each distribution keeps its list is laid down in the packaging specifications
    (entry_points.txt beside its metadata, which lies on the path). `importlib.metadata` takes
    ten times as long to be loaded as it takes to look for the few that are ours. None where
    the path holds something that it alone can look into: an archive, or a finder of its own.
    """
    finders = [item for item in sys.meta_path if hasattr(item, "find_distributions")]
    if any(getattr(item, "__module__", "") != _PATH_FINDER for item in finders):
        return None
    groups: set[str] = set()
    for home in sys.path:
        if Path(home).is_file():
            return None
        with suppress(OSError):  # a directory that is gone, or that may not be read
            for item in os.scandir(home or os.curdir):
                if item.name.endswith(_METADATA) or item.name.upper() == "EGG-INFO":
                    groups |= _groups(Path(item.path))
    return frozenset(groups)


def _groups(metadata: Path) -> set[str]:
    """Our groups in the list of one distribution; most have no list."""
    try:
        lines = (metadata / "entry_points.txt").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    headers = (line.strip() for line in lines if line.lstrip().startswith("[runarchive."))
    return {header.strip("[]") for header in headers}
