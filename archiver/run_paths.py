"""Paths as a run's artifacts write them, held against the files that the run has now.

Artifacts name checkpoints and data by paths of the machine that trained. Such a path is the run's
own where it leads through the run's directory, whatever lay above that; anything else lies
elsewhere, and whether it is still there cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from archiver.model.plain import dataclass
from archiver.model.record import FileEntry, RunRecord

_DEEPEST = 64
"""Elements of a path that are looked at, from its end."""
_SHOWN = 160
_COMMON = frozenset(
    {
        "", "artifacts", "checkpoint", "checkpoints", "ckpt", "ckpts", "data", "eval", "logs",
        "model", "models", "out", "output", "outputs", "run", "runs", "save", "weights",
    }
)  # fmt: skip
"""Names that directories of any run have: they do not tell whose a path is."""


@dataclass(frozen=True)
class RunPaths:
    """The files and directories of one run, and the names that it goes by."""

    files: dict[str, FileEntry] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    tops: frozenset[str] = frozenset()
    """First elements of the paths of all files."""

    @classmethod
    def of(cls, record: RunRecord, files: Iterable[FileEntry]) -> RunPaths:
        """From the record and the inventory; files beside the run are not its own."""
        known = {entry.path: entry for entry in files if entry.scope == "run"}
        above: set[str] = set()
        for path in known:
            parent = path.rpartition("/")[0]
            while parent and parent not in above:
                above.add(parent)
                parent = parent.rpartition("/")[0]
        stated = record.fields.get("summary.run_id")
        names = {record.run.directory, record.run.run_id}
        if stated is not None and isinstance(stated.value, str):
            names.add(stated.value.rstrip("/").rpartition("/")[2])
        tops = {path.partition("/")[0] for path in known}
        return cls(known, frozenset(above), frozenset(names), frozenset(tops))

    def local(self, path: str) -> str | None:
        """The run's own file or directory that a path ends in."""
        parts = _parts(path)
        for start in self._starts(parts):
            ending = "/".join(parts[start:])
            if ending in self.files or ending in self.directories:
                return ending
        return None

    def own(self, path: str) -> bool:
        """Whether a path leads through the run's directory, or through one that is in it."""
        if "://" in path:
            return False
        parts = _parts(path)
        if not parts or ".." in parts:
            return False
        parent = parts[:-1]
        if not _is_absolute(path):
            if not parent or "/".join(parent) in self.directories:
                return True
        elif not parent:
            return False
        if parent[-1] in self.names or any(
            name in self.names and name not in _COMMON for name in parent
        ):
            return True
        return any(
            "/".join(parent[start:]) in self.directories
            for start in self._starts(parent)
            if len(parent) - start > 1 or parent[start].lower() not in _COMMON
        )

    def place(self, path: str) -> str:
        """Where in the run a path that is its own leads, however its artifacts spell it."""
        parts = _parts(path)
        for start in self._starts(parts[:-1]):
            if "/".join(parts[start:-1]) in self.directories:
                return "/".join(parts[start:])
        for start in range(len(parts) - 1, 0, -1):
            if parts[start - 1] in self.names:
                return "/".join(parts[start:])
        return "/".join(parts)

    def _starts(self, parts: list[str]) -> Iterator[int]:
        """Where in a path the run's own part of it may begin."""
        return (place for place, name in enumerate(parts) if name in self.tops)


def shortened(path: str) -> str:
    """A path for a message: of a long one, its end."""
    return path if len(path) <= _SHOWN else f"…{path[1 - _SHOWN :]}"


def _parts(path: str) -> list[str]:
    """The last elements of a path, whatever separates them."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return parts[-_DEEPEST:]


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\", "~")) or path[1:2] == ":"
