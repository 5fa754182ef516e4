"""Event files of TensorBoard by their names: which process wrote each, and in which attempt.

A process writes `events.out.tfevents.<Unix seconds>.<host>.<pid>.<n>` (older writers leave out
pid and n). Each process is an attempt; a second file of the same process (an evaluation after
training) is not: its n is higher. In containers a restart often has the pid of the process before
it, but n begins again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from archiver.artifact import Artifact
from archiver.producers import lightning_versions
from archiver.rundir import Entry

FILES = "*tfevents*"
EVENT_NAME = re.compile(r".*tfevents\.(\d{9,11})\.(.*)\Z")
_PROCESS = re.compile(r"(.+?)\.(\d+)\.(\d+)(?:\.v2)?\Z")


@dataclass(frozen=True, slots=True)
class FileName:
    """What an event file's name says."""

    seconds: int | None = None
    host: str | None = None
    process: str = ""
    """Host and pid; the whole name where the writer left them out."""
    number: int = 0
    """The process's own numbering of its files."""


def file_name(name: str) -> FileName:
    """Take an event file's name apart."""
    match = EVENT_NAME.match(name)
    if match is None:
        return FileName(process=name)
    seconds, rest = int(match[1]), match[2]
    process = _PROCESS.match(rest)
    if process is None:
        return FileName(seconds, rest or None, name)
    return FileName(seconds, process[1], f"{process[1]}.{process[2]}", int(process[3][:18]))


def attempt_of(artifact: Artifact) -> tuple[int, bool]:
    """Which process wrote the file, and whether this is its first file."""
    paths = tuple(entry.path for entry in _siblings(artifact))
    return _attempts(paths).get(artifact.path, (0, True))


@lru_cache(maxsize=4)
def _attempts(paths: tuple[str, ...]) -> dict[str, tuple[int, bool]]:
    """Of each of some files, in natural order: its process, and whether it is the first."""
    found: dict[str, tuple[int, bool]] = {}
    last: dict[tuple[str, str], tuple[int, int]] = {}
    """Directory and process -> its attempt and the number of its latest file."""
    attempts = 0
    for path in paths:
        parent, _, name = path.rpartition("/")
        known = file_name(name)
        process = parent, known.process
        attempt, number = last.get(process, (0, known.number))
        fresh = known.number <= number
        last[process] = (attempts if fresh else attempt, known.number)
        found[path] = last[process][0], fresh
        attempts += fresh
    return found


def _siblings(artifact: Artifact) -> list[Entry]:
    """Event files of its directory, and of the other versions of a run that has several."""
    home, tree = artifact.directory, artifact.tree
    if not lightning_versions.start(artifact, FILES).several:
        beside = tree.directories.get(home, ()) if home else tree.files
        return [entry for entry in beside if "tfevents" in entry.name and entry.parent == home]
    above = home.rpartition("/")[0]
    return [
        entry
        for entry in tree.named(FILES)
        if entry.parent.rpartition("/")[0] == above
        and lightning_versions.number(entry.parent) is not None
    ]


def family_of(artifact: Artifact) -> str:
    """Name of the files that share a numbering of attempts."""
    return f"{lightning_versions.start(artifact, FILES).home}/{FILES}".lstrip("/")
