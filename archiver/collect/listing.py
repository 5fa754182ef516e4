"""Files as the inventory lists them, and problems of those that could not be read in peace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archiver.model.claims import Location, Problem
from archiver.model.record import FileEntry
from archiver.model.times import Clock, Instant
from archiver.rundir import Entry, ReadFault, RunDir, Tree


def listed(run: RunDir, entry: Entry) -> FileEntry:
    """A file as the walk saw it."""
    size = entry.size if entry.type == "file" else None
    seconds = Instant(entry.mtime_ns // 1000, Clock.MTIME)
    return FileEntry(
        run.scope,
        entry.path,
        entry.type,
        bytes=size,
        mtime=seconds.iso() if abs(seconds.micros) < 2**56 else None,
        reason=entry.fault or (None if entry.type == "file" else f"{entry.type}, not opened"),
        target=entry.target,
    )


def unreadable(run: RunDir, entry: Entry, fault: ReadFault) -> FileEntry:
    """A file that the system would not let be read."""
    return replace(listed(run, entry), reason=f"unreadable: {fault.strerror}")


def refusal(run: RunDir, path: str, fault: ReadFault) -> Problem:
    """The problem that the same is, of an artifact or a file."""
    return Problem(
        "unreadable",
        f"the system would not let it be read ({fault.strerror})",
        Location(path, "", run.scope),
        "mend the permission or the disk and collect again",
        "collect",
    )


def changed(run: RunDir, entry: Entry) -> Problem:
    """The problem that it is when a file is written to meanwhile."""
    return Problem(
        "changed-while-reading",
        "it was written to while it was read; the archive holds the bytes read first",
        Location(entry.path, "", run.scope),
        "collect again when the run has ended",
        "collect",
    )


def walk_problems(run: RunDir, tree: Tree) -> Iterable[Problem]:
    """What the directory walk did not see."""
    for entry in tree.entries:
        if entry.fault:
            yield Problem(
                "unlisted",
                f"the directory walk could not look into it ({entry.fault})",
                Location(entry.path, "", run.scope),
                "",
                "collect",
            )
    if tree.cut:
        yield Problem(
            "too-many-files",
            f"the walk stopped at the limit of entries; at least {tree.cut} are not listed",
            Location("", "", run.scope),
            "raise the limit or archive its parts",
            "collect",
        )
