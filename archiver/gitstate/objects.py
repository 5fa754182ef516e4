"""The objects of a repository that a user names: commits and trees, loose or in packs.

Objects are read with `gitdb`, the object database of GitPython, without GitPython itself: merely
importing that starts `git version`. No process is started, no configuration is obeyed, and
objects that lie in another repository are not followed.

Format facts: gitrepository-layout(5); the objects of gitformat-pack(5) and git-cat-file(1):
a commit is header lines (`tree`, `parent`, `author`, `committer`, ...), an empty line and the
message; a tree is entries of an octal mode, a blank, a name, NUL and 20 bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from archiver.gitstate.config import CONFIG_BYTES, parse_config
from archiver.gitstate.hazards import hazards
from archiver.gitstate.references import SMALL_BYTES, git_file
from archiver.limits import MIB
from archiver.rundir import printable_path

_COMMIT_BYTES, _TREE_BYTES = MIB, 16 * MIB
_SUBJECT = 200
_TREE = 0o40000
_NAME = re.compile(r"[0-9a-f]{4,40}")
_FULL = re.compile(r"[0-9a-f]{40}")
_SIGNED = re.compile(rb"(-?[0-9]{1,12}) ([+-][0-9]{4})$")


class UnreadableError(Exception):
    """Why a repository does not tell, in words."""


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A commit as it is stored."""

    name: str
    """40 hex digits."""
    tree: str
    parents: tuple[str, ...]
    time: int
    """Of the committer, in seconds since 1970; 0 where there is none."""
    date: str | None
    """The same in ISO 8601 with the committer's offset."""
    subject: str
    """First line of its message."""


class TreeEntry(NamedTuple):
    """What a name stands for in a tree."""

    mode: int
    name: str
    """Of the object, 40 hex digits."""

    @property
    def is_tree(self) -> bool:
        """Whether it is a folder."""
        return self.mode == _TREE


def _git_directory(repository: Path) -> Path:
    """Where the objects and the configuration of a repository lie.

    A working tree has them in `.git`, a linked one or a submodule names the place in a file.
    """
    there = repository / ".git"
    if there.is_file():
        target = git_file(_small(there))
        if target is None:
            raise UnreadableError("its .git is no file of git")
        there = repository / target
    elif not there.is_dir():
        there = repository
    common = there / "commondir"
    if common.is_file():
        there = there / _small(common).decode("utf-8", "replace").strip()
    if not (there / "objects").is_dir() or not (there / "HEAD").is_file():
        raise UnreadableError("is no git repository")
    return there


def _small(path: Path, most: int = SMALL_BYTES) -> bytes:
    """A small file; empty where there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "cannot be read"
        raise UnreadableError(f"{printable_path(path.name)}: {reason}") from None


class _Stream(Protocol):
    """An object of `gitdb`, open."""

    type: bytes
    size: int

    def read(self) -> bytes: ...


class _Database(Protocol):
    """A database of `gitdb`."""

    def has_object(self, sha: bytes) -> bool: ...

    def stream(self, sha: bytes) -> _Stream: ...


class _Index(Protocol):
    """The index of a pack: its objects in order of their names."""

    def size(self) -> int: ...

    def sha(self, index: int) -> bytes: ...


class _Pack(Protocol):
    def index(self) -> _Index: ...


class _Packs(_Database, Protocol):
    """All packs of a repository."""

    def entities(self) -> list[_Pack]: ...


class ObjectStore:
    """The objects of one repository, named by its working tree or by where git keeps it.

    Raises:
        UnreadableError: it is none, is hazardous, damaged or laid out in another way.
    """

    def __init__(self, repository: Path) -> None:
        self._directory = directory = _git_directory(repository)
        self._check()
        self._objects = directory / "objects"
        self._loose = _loose(self._objects)
        self._packs = _packs(self._objects / "pack")
        lines = _small(directory / "shallow", MIB).decode("ascii", "replace").split()
        self.shallow = frozenset(lines)
        """Commits whose parents a shallow clone left behind."""
        self.commit = lru_cache(maxsize=None)(self._commit)

    def _check(self) -> None:
        """Refuse what no repository of one's own has, and what is laid out in another way."""
        data = _small(self._directory / "config", CONFIG_BYTES)
        config = parse_config(data)
        hazard = next(hazards(config), None)
        if hazard is not None:
            raise UnreadableError(
                f"is not read, for its configuration is hazardous ({hazard.message}): give a"
                " fresh clone, which takes no configuration along"
            )
        form = config.last("extensions", "objectformat") or "sha1"
        if form.lower() != "sha1":
            raise UnreadableError(f"keeps its objects as {form[:20]}, which is not supported")
        borrowed = _small(self._directory / "objects" / "info" / "alternates").strip()
        self._borrows = bool(borrowed)

    def complete(self, name: str) -> str | None:
        """The full name of a commit; None where the repository has none or several of that."""
        name = name.lower()
        if _NAME.fullmatch(name) is None:
            return None
        if len(name) < 40:
            found = self._names(name)
            name = found.pop() if len(found) == 1 else ""
        try:
            return name if name and self._read(name, "commit", _COMMIT_BYTES) else None
        except UnreadableError:
            return None

    def _names(self, prefix: str) -> set[str]:
        """Objects whose name begins so."""
        folder = self._objects / prefix[:2]
        loose = folder.iterdir() if folder.is_dir() else ()
        found = {
            prefix[:2] + path.name
            for path in loose
            if len(path.name) == 38 and path.name.startswith(prefix[2:])
        }
        if self._packs is not None:
            found.update(_in_packs(self._packs, prefix))
        return found

    def _read(self, name: str, kind: str, most: int) -> bytes:
        """The content of an object.

        Raises:
            UnreadableError: there is none of that name and type, it is too large or damaged.
        """
        binary = bytes.fromhex(name)
        try:
            source: _Database | None = self._packs
            if (self._objects / name[:2] / name[2:]).is_file():
                source = self._loose
            if source is None or not source.has_object(binary):
                elsewhere = " (it borrows objects from another one)" if self._borrows else ""
                raise UnreadableError(f"the repository lacks {short(name)}{elsewhere}")
            stream = source.stream(binary)
            if stream.type.decode("ascii", "replace") != kind:
                raise UnreadableError(f"{short(name)} is no {kind}")
            if stream.size > most:
                raise UnreadableError(f"{short(name)} is larger than a {kind} is")
            data: bytes = stream.read()
        except _damages() as fault:
            reason = type(fault).__name__
            raise UnreadableError(f"{short(name)} is damaged ({reason})") from None
        head = f"{kind} {len(data)}\0".encode()
        if hashlib.sha1(head + data, usedforsecurity=False).digest() != binary:
            raise UnreadableError(f"{short(name)} is damaged (its content has another name)")
        return data

    def tree(self, name: str) -> dict[str, TreeEntry]:
        """The entries of a tree by their names.

        Raises:
            UnreadableError: it is missing, damaged, too large or no tree.
        """
        return _entries(name, self._read(name, "tree", _TREE_BYTES))

    def _commit(self, name: str) -> CommitObject:
        return _parsed(name, self._read(name, "commit", _COMMIT_BYTES))


def _damages() -> tuple[type[Exception], ...]:
    """What `gitdb` raises over files that are no objects or packs."""
    from gitdb.exc import ODBError  # type: ignore[import-untyped]

    known = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError)
    return (ODBError, *known, ArithmeticError, EOFError, MemoryError, struct.error, zlib.error)


def _loose(objects: Path) -> _Database:
    """The database of the objects that have a file each; other databases are not looked for."""
    from gitdb.db import LooseObjectDB  # type: ignore[import-untyped]

    found: _Database = LooseObjectDB(str(objects))
    return found


def _packs(directory: Path) -> _Packs | None:
    """Every pack of a repository.

    Raises:
        UnreadableError: one is no regular file, or none at all.
    """
    from gitdb.db import PackedDB

    try:
        if not directory.is_dir():
            return None
        for path in directory.iterdir():
            if not stat.S_ISREG(path.stat().st_mode):
                raise UnreadableError(f"its {printable_path(path.name)} is no file")
        packs: _Packs = PackedDB(str(directory))
        packs.entities()
    except _damages() as fault:
        raise UnreadableError(f"its packs are damaged ({type(fault).__name__})") from None
    return packs


def _in_packs(packs: _Packs, prefix: str) -> Iterator[str]:
    """The objects of packs whose name begins so; two are as good as all."""
    for entity in packs.entities():
        index = entity.index()
        low, high = 0, index.size()
        while low < high:
            middle = (low + high) // 2
            if index.sha(middle).hex() < prefix:
                low = middle + 1
            else:
                high = middle
        for place in range(low, min(low + 2, index.size())):
            name = index.sha(place).hex()
            if name.startswith(prefix):
                yield name


def _parsed(name: str, data: bytes) -> CommitObject:
    head, _, message = data.partition(b"\n\n")
    tree, parents, moment, encoding = "", [], b"", "utf-8"
    for line in head.split(b"\n"):
        key, _, rest = line.partition(b" ")
        text = rest.decode("ascii", "replace")
        if key == b"tree":
            tree = text
        elif key == b"parent":
            parents.append(text)
        elif key == b"committer":
            moment = rest
        elif key == b"encoding":
            encoding = text
    if not all(_FULL.fullmatch(item) for item in (tree, *parents)):
        raise UnreadableError(f"{short(name)} is no commit")
    time, date = _moment(moment)
    return CommitObject(name, tree, tuple(parents), time, date, _subject(message, encoding))


def _moment(line: bytes) -> tuple[int, str | None]:
    """Seconds since 1970, and ISO 8601; of what is no moment 0 and nothing."""
    found = _SIGNED.search(line)
    if found is None:
        return 0, None
    seconds, zone = int(found[1]), int(found[2])
    minutes = (abs(zone) // 100 * 60 + abs(zone) % 100) * (-1 if zone < 0 else 1)
    try:
        offset = dt.timezone(dt.timedelta(minutes=minutes))
        return seconds, dt.datetime.fromtimestamp(seconds, offset).isoformat()
    except (ValueError, OverflowError, OSError):
        return 0, None


def _subject(message: bytes, encoding: str) -> str:
    first = message.lstrip().partition(b"\n")[0][: 4 * _SUBJECT]
    try:
        text = first.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        text = first.decode("utf-8", "replace")
    text = text.strip()
    return text if len(text) <= _SUBJECT else text[: _SUBJECT - 1] + "…"


def _entries(name: str, data: bytes) -> dict[str, TreeEntry]:
    found: dict[str, TreeEntry] = {}
    place = 0
    while place < len(data):
        end = data.find(b"\0", place)
        mode, _, raw = data[place:end].partition(b" ")
        if end < 0 or end + 21 > len(data) or re.fullmatch(rb"[0-7]{5,6}", mode) is None:
            raise UnreadableError(f"{short(name)} is no tree")
        shown = printable_path(raw.decode("utf-8", "surrogateescape"))
        found[shown] = TreeEntry(int(mode, 8), data[end + 1 : end + 21].hex())
        place = end + 21
    return found


def short(name: str) -> str:
    """The name of an object as messages give it."""
    return name[:12]
