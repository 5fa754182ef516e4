"""Version directories of PyTorch Lightning's loggers inside of one run.

A logger makes `version_N` at each start of a process, N one above the highest that is there. Where
a run has several of them side by side (an ai-studio experiment that was resumed), each is one of
its starts, the lowest first: what a later one measured again takes the place of what an earlier
one did. A restart leaves the versions of an earlier life behind in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.artifact import Artifact

_VERSION = re.compile(r"version_(\d{1,9})\Z")


@dataclass(frozen=True, slots=True)
class Start:
    """The start of a process that a file was written by."""

    home: str
    """Common name of the directories of all starts; the file's own where it is the only one."""
    number: int = 0
    """Starts before it."""
    starts: int = 1
    """How many there are."""

    @property
    def several(self) -> bool:
        """Whether there is another one."""
        return self.starts > 1


def number(directory: str) -> int | None:
    """N of a directory `version_N`."""
    found = _VERSION.search(directory.rpartition("/")[2])
    return int(found[1]) if found else None


def start(artifact: Artifact, *patterns: str) -> Start:
    """Which start an artifact is of, going by the versions that hold files of such names."""
    home, own = artifact.directory, number(artifact.directory)
    above = home.rpartition("/")[0]
    if own is None:
        return Start(home)
    known = {
        found
        for entry in artifact.tree.named(*patterns)
        if entry.parent.rpartition("/")[0] == above and (found := number(entry.parent)) is not None
    }
    if len(known) < 2:
        return Start(home)
    return Start(f"{above}/version_*".lstrip("/"), sorted(known).index(own), len(known))
