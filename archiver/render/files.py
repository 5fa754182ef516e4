"""Files of the run that no reader knows: nothing of them stands anywhere else."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.model.record import FileEntry
from archiver.render.escape import Markdown, inline, shorten
from archiver.render.shapes import Bullet, Table

_MOST = 100
"""Files that are listed; `inventory.ndjson` has all."""
_NAMED = 3
"""Of these, the ones that the first lines name."""
_LONGEST = 60


def unplaced(files: Sequence[FileEntry]) -> list[FileEntry]:
    """Those of no known kind that hold something."""
    return [entry for entry in files if entry.kind is None and entry.bytes != 0]


def line(files: Sequence[FileEntry]) -> list[Bullet]:
    """How many there are; nothing where every file is of a known kind."""
    left = unplaced(files)
    if not left:
        return []
    names = [str(inline(shorten(_path(entry), _LONGEST))) for entry in left[:_NAMED]]
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    text = f"{len(left)} of {len(files)} are of no known kind: {', '.join(names)}{more}"
    where = "[Files of No Known Kind](#files-of-no-known-kind)"
    return [Bullet("**Files**", Markdown(f"{text}; see {where}"))]


def table(files: Sequence[FileEntry]) -> Table:
    """The files with their size and their copy."""
    rows = [
        (_path(entry), entry.type, entry.bytes, entry.copied, entry.target)
        for entry in unplaced(files)[:_MOST]
    ]
    return Table(("file", "type", "bytes", "copied to", "target"), rows, 3)


def rest(files: Sequence[FileEntry]) -> int:
    """How many are not in the table."""
    return max(0, len(unplaced(files)) - _MOST)


def _path(entry: FileEntry) -> str:
    return entry.path if entry.scope == "run" else f"{entry.scope}:{entry.path}"
