"""Finds the files that ship beside the code: `schemas/` and `templates/`."""

from __future__ import annotations

from pathlib import Path

from archiver.errors import ArchiverError

_PACKAGE = Path(__file__).resolve().parent
SCHEMAS = "schemas"
TEMPLATES = "templates"


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
    path = directory(kind, package) / name
    try:
        return path.read_text("utf-8")
    except OSError:
        subject = f"{kind}/{name}"
        hint = "install runarchive again"
        raise ArchiverError(subject, "is missing from this installation", hint) from None
