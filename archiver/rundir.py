"""The only door to a run's files.

A run directory is untrusted: every path is opened component by component from a held directory
descriptor, no link is followed, only regular files are read, and what is read comes from the
one descriptor that was checked. Each file is opened once; recognition, parsing, hashing and
the copy for the archive all see the same bytes. Nothing is written, locked or touched.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from fnmatch import translate
from functools import cached_property
from pathlib import Path

from archiver.errors import ArchiverError
from archiver.limits import Limits
from archiver.model.plain import dataclass

CHUNK_BYTES = 1 << 20
TOO_DEEP = "deeper than the limit of directory levels"
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY_FLAGS = _READ_FLAGS | os.O_DIRECTORY
_NO_ATIME = getattr(os, "O_NOATIME", 0)


class ReadFault(OSError):  # noqa: N818
    """The system would not let a file be read (permission, I/O error, vanished)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry as the walk saw it, not opened."""

    path: str
    """Display path: POSIX, relative, valid Unicode."""
    raw: str
    """The same as the file system spells it (undecodable bytes as surrogates)."""
    type: str
    """`file`, `directory`, `symlink`, `fifo`, `socket`, `device`."""
    size: int
    mtime_ns: int
    target: str | None = None
    fault: str | None = None
    """Why the walk could not look at it (or into it)."""

    @property
    def name(self) -> str:
        """Last element of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """Path without the last element; empty for entries of the run directory itself."""
        return self.path.rpartition("/")[0]


_NUMBERS = re.compile(r"(\d{1,18})")


def natural(path: str) -> tuple[tuple[str | int, ...], str]:
    """Sort key that puts `checkpoint-20` before `checkpoint-100`."""
    parts = _NUMBERS.split(path)
    key = tuple(int(part) if index % 2 else part for index, part in enumerate(parts))
    return key, path


@dataclass(frozen=True)
class Tree:
    """Names of everything below a run directory, in natural order; no contents."""

    entries: tuple[Entry, ...]
    cut: int = 0
    """Entries not listed because a limit was reached."""

    @cached_property
    def files(self) -> tuple[Entry, ...]:
        """Regular files."""
        return tuple(entry for entry in self.entries if entry.type == "file")

    @cached_property
    def symlinks(self) -> tuple[Entry, ...]:
        """Symbolic links; nobody follows them."""
        return tuple(entry for entry in self.entries if entry.type == "symlink")

    @cached_property
    def by_path(self) -> dict[str, Entry]:
        """Every entry by its display path."""
        return {entry.path: entry for entry in self.entries}

    @cached_property
    def _by_name(self) -> dict[str, list[Entry]]:
        index: dict[str, list[Entry]] = {}
        for entry in self.files:
            index.setdefault(entry.name, []).append(entry)
        return index

    @cached_property
    def directories(self) -> dict[str, list[Entry]]:
        """Directory path -> regular files anywhere below it, in order of first appearance."""
        index: dict[str, list[Entry]] = {}
        for entry in self.files:
            parent = entry.parent
            while parent:
                index.setdefault(parent, []).append(entry)
                parent = parent.rpartition("/")[0]
        return index

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Path -> where in the list the entries at or below it stand."""
        index: dict[str, list[int]] = {}
        for place, entry in enumerate(self.entries):
            path = entry.path
            while path:
                index.setdefault(path, []).append(place)
                path = path.rpartition("/")[0]
        return index

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Directory path -> directories right below it that hold files, in natural order."""
        index: dict[str, list[str]] = {}
        for path in sorted(self.directories, key=natural):
            index.setdefault(path.rpartition("/")[0], []).append(path)
        return index

    def named(self, *patterns: str) -> list[Entry]:
        """Files whose name matches one of the shell patterns, in natural order."""
        found: list[Entry] = []
        for name in _matching(self._by_name, patterns):
            found += self._by_name[name]
        return sorted(found, key=lambda entry: natural(entry.path))

    def raw(self, directory: str) -> str:
        """A directory's path as the file system spells it."""
        depth = directory.count("/") + 1
        places = self._places.get(directory)
        known = self.entries[places[0]].raw if places else directory
        return "/".join(known.split("/")[:depth])

    def holds(self, path: str) -> bool:
        """Whether there is something at or below a path; the empty one is the tree itself."""
        return not path or path in self._places

    def below(self, directory: str) -> Tree:
        """What is below a directory, by paths relative to it; the empty one is the tree itself."""
        if not directory:
            return self
        depth = directory.count("/") + 1
        kept = (
            replace(
                entry,
                path=entry.path[len(directory) + 1 :],
                raw="/".join(entry.raw.split("/")[depth:]),
            )
            for entry in self.entries
            if entry.path.startswith(directory + "/")
        )
        return Tree(tuple(kept), self.cut)

    def inside(self, paths: Iterable[str]) -> Tree:
        """What is at or below any of these paths; the empty one is the tree itself."""
        wanted = set(paths)
        if "" in wanted:
            return self
        places = sorted({place for path in wanted for place in self._places.get(path, ())})
        return Tree(tuple(self.entries[place] for place in places), self.cut)

    def outside(self, paths: Iterable[str]) -> Tree:
        """What is neither at nor below any of these paths."""
        prefixes = tuple(path and f"{path}/" for path in paths)
        kept = (entry for entry in self.entries if not f"{entry.path}/".startswith(prefixes))
        return Tree(tuple(kept), self.cut)


def _matching(names: dict[str, list[Entry]], patterns: tuple[str, ...]) -> list[str]:
    exact = [name for name in patterns if not set(name) & set("*?[")]
    globs = [re.compile(translate(name)) for name in patterns if set(name) & set("*?[")]
    found = [name for name in dict.fromkeys(exact) if name in names]
    if globs:
        found += [
            name for name in names if name not in exact and any(glob.match(name) for glob in globs)
        ]
    return found


class OpenFile:
    """One opened regular file; reads are positional and feed the checksum as they pass.

    It ends where it ended when it was opened: what is written behind that is never read, so a
    file that grows faster than it is read has an end too.
    """

    def __init__(self, descriptor: int, entry: Entry) -> None:
        self._descriptor = descriptor
        self.entry = entry
        self.status = os.fstat(descriptor)
        self.size = self.status.st_size
        self._hash = hashlib.sha256()
        self._hashed = 0

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; shorter only at the end of the file."""
        try:
            data = os.pread(self._descriptor, max(0, min(size, self.size - offset)), offset)
        except OSError as fault:
            raise ReadFault(fault.errno, fault.strerror, self.entry.path) from None
        if offset == self._hashed:
            self._hash.update(data)
            self._hashed += len(data)
        return data

    def chunks(self) -> Iterator[bytes]:
        """The whole file, from its start, in pieces of `CHUNK_BYTES`."""
        offset = 0
        while data := self.read_at(offset, CHUNK_BYTES):
            offset += len(data)
            yield data

    def sha256(self) -> str:
        """Hex digest of the file; reads only what no reader has read in order."""
        while self.read_at(self._hashed, CHUNK_BYTES):
            pass
        return self._hash.hexdigest()

    def changed(self) -> bool:
        """Whether the file was written to since the walk saw it."""
        status = os.fstat(self._descriptor)
        return (status.st_size, status.st_mtime_ns) != (self.entry.size, self.entry.mtime_ns)

    def close(self) -> None:
        """Release the descriptor."""
        os.close(self._descriptor)


@dataclass
class RunDir:
    """A run directory (or `--with` tree) held open by descriptor."""

    root: Path
    scope: str
    limits: Limits
    opened: list[str] = field(default_factory=list)
    """Display paths of the files opened so far, in order."""
    _descriptor: int = -1

    def __post_init__(self) -> None:
        if self._descriptor >= 0:
            return
        try:
            # The argument itself may be a link: the person named it.
            self._descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as fault:
            hint = "give a directory that exists and that you may read"
            raise ArchiverError(str(self.root), fault.strerror or "unreadable", hint) from None

    def close(self) -> None:
        """Release the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> RunDir:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def below(self, raw: str, scope: str) -> RunDir:
        """One of its directories (or itself) held open anew, reached without following a link.

        Raises:
            ArchiverError: when it is no directory any more.
        """
        try:
            inner = self._descend(raw.split("/") if raw else [])
            descriptor = os.dup(inner) if inner == self._descriptor else inner
        except OSError as fault:
            hint = "collect again when nobody moves things there"
            raise ArchiverError(str(self.root / raw), fault.strerror or "", hint) from None
        return RunDir(self.root / raw, scope, self.limits, _descriptor=descriptor)

    def walk(self, enters: Callable[[str], bool] | None = None) -> Tree:
        """List everything below the directory without opening a single file.

        `enters` says which directories are listed; of the others nothing is told.
        """
        walker = _Walker(self._descriptor, self.limits, enters)
        entries = sorted(walker.run(), key=lambda entry: natural(entry.path))
        return Tree(tuple(entries), walker.cut)

    def only(self, raw: str) -> Tree:
        """One entry of the directory and nothing else."""
        return Tree((_look(self._descriptor, raw, ""),))

    def open(self, entry: Entry) -> OpenFile:
        """Open one regular file of the tree.

        Raises:
            ReadFault: when it cannot be opened, or is no longer a regular file of the run.
        """
        self.opened.append(entry.path)
        *parents, name = entry.raw.split("/")
        try:
            directory = self._descend(parents)
            try:
                descriptor = _open_quietly(name, directory)
            finally:
                if directory != self._descriptor:
                    os.close(directory)
        except OSError as fault:
            raise ReadFault(fault.errno, fault.strerror, entry.path) from None
        handle = OpenFile(descriptor, entry)
        if not stat.S_ISREG(handle.status.st_mode):
            handle.close()
            raise ReadFault(errno.EINVAL, "no regular file any more", entry.path)
        return handle

    def _descend(self, parents: list[str]) -> int:
        current = self._descriptor
        for name in parents:
            try:
                deeper = os.open(name, _DIRECTORY_FLAGS, dir_fd=current)
            finally:
                if current != self._descriptor:
                    os.close(current)
            current = deeper
        return current


def _open_quietly(name: str, directory: int) -> int:
    """Open for reading without updating the access time where the system allows that."""
    try:
        return os.open(name, _READ_FLAGS | _NO_ATIME, dir_fd=directory)
    except PermissionError:
        return os.open(name, _READ_FLAGS, dir_fd=directory)


_TYPES: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)


class _Walker:
    """Iterative walk on descriptors: no recursion, no path longer than a name."""

    def __init__(
        self, root: int, limits: Limits, enters: Callable[[str], bool] | None = None
    ) -> None:
        self._root = root
        self._limits = limits
        self._enters = enters
        self.cut = 0
        self._seen = 0

    def run(self) -> Iterator[Entry]:
        stack: list[tuple[int, str, list[str]]] = [(self._root, "", _names(self._root))]
        try:
            while stack:
                descriptor, prefix, names = stack[-1]
                if not names:
                    stack.pop()
                    if descriptor != self._root:
                        os.close(descriptor)
                    continue
                raw = names.pop()
                if self._seen >= self._limits.files:
                    self.cut += 1 + sum(len(rest) for _, _, rest in stack)
                    return
                self._seen += 1
                entry = _look(descriptor, raw, prefix)
                if entry.type != "directory":
                    yield entry
                    continue
                if self._enters is not None and not self._enters(entry.path):
                    continue
                problem = self._enter(descriptor, raw, prefix, stack)
                if problem:
                    yield Entry(
                        entry.path, entry.raw, "directory", 0, entry.mtime_ns, None, problem
                    )
        finally:
            for descriptor, _, _ in stack:
                if descriptor != self._root:
                    os.close(descriptor)

    def _enter(
        self, parent: int, raw: str, prefix: str, stack: list[tuple[int, str, list[str]]]
    ) -> str | None:
        """Push a directory; the reason when that is not possible."""
        if len(stack) > self._limits.tree_depth:
            return TOO_DEEP
        try:
            descriptor = os.open(raw, _DIRECTORY_FLAGS, dir_fd=parent)
        except OSError as fault:
            return fault.strerror
        try:
            stack.append((descriptor, f"{prefix}{raw}/", _names(descriptor)))
        except OSError as fault:
            os.close(descriptor)
            return fault.strerror
        return None


def _names(descriptor: int) -> list[str]:
    return sorted(os.listdir(descriptor), reverse=True)


def _look(directory: int, raw: str, prefix: str) -> Entry:
    path = printable_path(prefix + raw)
    try:
        status = os.stat(raw, dir_fd=directory, follow_symlinks=False)
        kind = next((word for test, word in _TYPES if test(status.st_mode)), "device")
        target = os.readlink(raw, dir_fd=directory) if kind == "symlink" else None
    except OSError:
        # Gone, or not to be looked at: opening it will tell which.
        return Entry(path, prefix + raw, "file", 0, 0)
    return Entry(
        path,
        prefix + raw,
        kind,
        status.st_size,
        status.st_mtime_ns,
        printable_path(target) if target is not None else None,
    )


_LOOKS_ESCAPED = re.compile(r"\\(?=x(?:5c|[89a-f][0-9a-f]))")


def printable_path(raw: str) -> str:
    r"""A path as valid Unicode: bytes that are no UTF-8 become `\xNN`.

    No two paths become the same: where a name itself reads like such an escape, its backslash is
    written as `\x5c`.
    """
    plain = _LOOKS_ESCAPED.sub(r"\\x5c", raw) if "\\" in raw else raw
    return plain.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
