"""Checkpoints of Lightning by their names: where they lie together, and which is the last.

A slash in a metric's name makes a sub-directory, so a checkpoint's name may have several parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.artifact import Artifact
from archiver.producers.lightning_saved import LINK_BYTES, is_directory
from archiver.rundir import Entry, Tree

LAST = re.compile(r"last(?:-v(\d{1,9}))?\.ckpt\Z")
"""Name of the checkpoint that Lightning writes as the last one."""
_NUMBER = {name: re.compile(rf"(?:^|[-_/]){name}=(\d{{1,15}})(?!\d)") for name in ("epoch", "step")}
_VERSION = re.compile(r"-v(\d{1,9})\.ckpt\Z")


def number_in(name: str, what: str) -> int | None:
    """The `epoch` or the `step` that a name tells."""
    found = _NUMBER[what].search(name)
    return int(found[1]) if found else None


def home_of(artifact: Artifact, directory: str | None = None) -> tuple[str, str]:
    """The directory of the checkpoints, and the name below it, sub-directories of it included."""
    wanted = (directory or "checkpoints").rstrip("/").rpartition("/")[2]
    return _split(artifact.path, wanted)


def _split(path: str, wanted: str) -> tuple[str, str]:
    parts = path.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == wanted:
            return "/".join(parts[: place + 1]), "/".join(parts[place + 1 :])
    place = len(parts) - 1
    while place and "=" in parts[place - 1]:
        place -= 1
    return "/".join(parts[:place]), "/".join(parts[place:])


def is_last(artifact: Artifact, name: str) -> bool:
    """Named so, or the target of a link that is."""
    if LAST.match(name):
        return True
    return any(
        LAST.match(entry.name) and _target(entry) == artifact.path
        for entry in artifact.tree.symlinks
    )


def _target(link: Entry) -> str:
    """Path within the run that a relative link leads to, as text."""
    parts = [part for part in link.parent.split("/") if part]
    for part in (link.target or "").split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def is_newest(artifact: Artifact) -> bool:
    """Whether this is the last of the checkpoints that lie together, going by their names."""
    beside = _beside(artifact.tree, home_of(artifact)[0])
    if not is_directory(artifact) and artifact.size <= LINK_BYTES:
        return next(beside, None) is None
    own = _rank(artifact.path)
    return not any(_rank(path) > own for path in beside)


def _beside(tree: Tree, home: str) -> Iterator[str]:
    """Checkpoints that lie together; likely last ones first, as each of them asks for a later."""
    below = tree.directories.get(home, ()) if home else tree.files
    for entry in reversed(below):
        if entry.name.endswith(".ckpt") and entry.size > LINK_BYTES and _together(entry.path, home):
            yield entry.path
    for path in reversed(tree.directories):
        if path.endswith(".ckpt") and _together(path, home):
            yield path


def _together(path: str, home: str) -> bool:
    return _split(path, "checkpoints")[0] == home


def _rank(path: str) -> tuple[int, int, int, int, str]:
    name = _split(path, "checkpoints")[1]
    last, version = LAST.match(name), _VERSION.search(name)
    return (
        last is not None,
        int(version[1]) if last and version else -1,
        number_in(name, "step") or -1,
        int(version[1]) if version else -1,
        path,
    )
