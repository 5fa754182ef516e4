"""What lies between two commits of a repository that a user names.

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
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from heapq import heappop, heappush
from pathlib import Path
from typing import Protocol

from archiver import gitstate
from archiver.limits import MIB
from archiver.rundir import printable_path

MOST_COMMITS = 50
MOST_FILES = 200
"""Those that are named of each; the rest is counted."""
_VISITED = 20_000
"""Commits of which the history is followed."""
_ENTRIES = 200_000
"""Entries of trees that are compared."""
_COMMIT_BYTES, _TREE_BYTES = MIB, 16 * MIB
_SUBJECT = 200
_DEEPEST = 200
"""Folders within folders."""
_TREE = 0o40000
_NAME = re.compile(r"[0-9a-f]{4,40}")
_FULL = re.compile(r"[0-9a-f]{40}")
_SIGNED = re.compile(rb"(-?[0-9]{1,12}) ([+-][0-9]{4})$")


class Relation(StrEnum):
    """How two commits stand to each other."""

    SAME = "same"
    AHEAD = "ahead"
    """The second builds on the first."""
    BEHIND = "behind"
    """The first builds on the second."""
    DIVERGED = "diverged"
    UNRELATED = "unrelated"
    """They have no commit in common."""
    UNKNOWN = "unknown"
    """What is there of the history does not tell."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, as a log line shows it."""

    commit: str
    """40 hex digits."""
    date: str | None
    """ISO 8601 with the committer's offset."""
    subject: str
    """First line of its message."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that is not the same in two commits."""

    path: str
    status: str
    """`added`, `removed`, `changed` or `renamed` (with the same content)."""
    from_: str = ""
    """Of a renamed file: its path in the first commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What lies between two commits."""

    repository: str
    """As the user named it."""
    a: str
    b: str
    """The recorded commits, complete where the repository has them."""
    relation: Relation = Relation.UNKNOWN
    gained: tuple[Commit, ...] = ()
    """Commits that only the second has, the newest first; no more than `MOST_COMMITS`."""
    gained_count: int = 0
    lost: tuple[Commit, ...] = ()
    """Commits that only the first has."""
    lost_count: int = 0
    files: tuple[ChangedFile, ...] = ()
    """By path; no more than `MOST_FILES`."""
    file_count: int = 0
    notes: tuple[str, ...] = ()
    """What could not be told, and why."""


class _UnreadableError(Exception):
    """Why a repository does not tell, in words."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    tree: str
    parents: tuple[str, ...]
    time: int
    shown: Commit


def between(repository: Path, pairs: Sequence[tuple[str, str]]) -> History:
    """The history between two recorded commits: of the first pair that the repository has.

    Whatever is wrong with the repository is said in `notes`.
    """
    named = printable_path(repository.as_posix())
    fallback = pairs[0]
    try:
        store = _Store(_git_directory(repository))
        for pair in pairs:
            a, b = (store.complete(name) for name in pair)
            if a is not None and b is not None:
                return _told(named, store, a, b)
        a, b = fallback
        missing = [name for name in dict.fromkeys(fallback) if store.complete(name) is None]
    except _UnreadableError as fault:
        return History(repository=named, a=fallback[0], b=fallback[1], notes=(str(fault),))
    which = " and ".join(_short(name) for name in missing)
    verb = "is" if len(missing) == 1 else "are"
    why = ", a shallow clone" if store.shallow else ""
    note = f"{which} {verb} not in this repository{why}: fetch what the run was made from"
    return History(repository=named, a=a, b=b, notes=(note,))


def _told(named: str, store: _Store, a: str, b: str) -> History:
    notes: list[str] = []
    try:
        relation, lost, gained = _walked(store, a, b, notes)
    except _UnreadableError as fault:
        relation, lost, gained = Relation.UNKNOWN, [], []
        notes.append(f"the commits between them are not known: {fault}")
    try:
        files = _changed_files(store, store.commit(a).tree, store.commit(b).tree, notes)
    except _UnreadableError as fault:
        files = []
        notes.append(f"the files that changed are not known: {fault}")
    return History(
        repository=named,
        a=a,
        b=b,
        relation=relation,
        gained=tuple(item.shown for item in gained[:MOST_COMMITS]),
        gained_count=len(gained),
        lost=tuple(item.shown for item in lost[:MOST_COMMITS]),
        lost_count=len(lost),
        files=tuple(files[:MOST_FILES]),
        file_count=len(files),
        notes=tuple(notes),
    )


def _git_directory(repository: Path) -> Path:
    """Where the objects and the configuration of a repository lie.

    A working tree has them in `.git`, a linked one or a submodule names the place in a file.
    """
    there = repository / ".git"
    if there.is_file():
        target = gitstate.git_file(_small(there))
        if target is None:
            raise _UnreadableError("its .git is no file of git")
        there = repository / target
    elif not there.is_dir():
        there = repository
    common = there / "commondir"
    if common.is_file():
        there = there / _small(common).decode("utf-8", "replace").strip()
    if not (there / "objects").is_dir() or not (there / "HEAD").is_file():
        raise _UnreadableError("is no git repository")
    return there


def _small(path: Path, most: int = gitstate.SMALL_BYTES) -> bytes:
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
        raise _UnreadableError(f"{printable_path(path.name)}: {reason}") from None


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


class _Store:
    """The objects of one repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
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
        data = _small(self._directory / "config", gitstate.CONFIG_BYTES)
        config = gitstate.parse_config(data)
        hazard = next(gitstate.hazards(config), None)
        if hazard is not None:
            raise _UnreadableError(
                f"is not read, for its configuration is hazardous ({hazard.message}): give a"
                " fresh clone, which takes no configuration along"
            )
        form = config.last("extensions", "objectformat") or "sha1"
        if form.lower() != "sha1":
            raise _UnreadableError(f"keeps its objects as {form[:20]}, which is not supported")
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
            return name if name and self.read(name, "commit", _COMMIT_BYTES) else None
        except _UnreadableError:
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

    def read(self, name: str, kind: str, most: int) -> bytes:
        """The content of an object.

        Raises:
            _UnreadableError: there is none of that name and type, it is too large or damaged.
        """
        binary = bytes.fromhex(name)
        try:
            source: _Database | None = self._packs
            if (self._objects / name[:2] / name[2:]).is_file():
                source = self._loose
            if source is None or not source.has_object(binary):
                elsewhere = " (it borrows objects from another one)" if self._borrows else ""
                raise _UnreadableError(f"the repository lacks {_short(name)}{elsewhere}")
            stream = source.stream(binary)
            if stream.type.decode("ascii", "replace") != kind:
                raise _UnreadableError(f"{_short(name)} is no {kind}")
            if stream.size > most:
                raise _UnreadableError(f"{_short(name)} is larger than a {kind} is")
            data: bytes = stream.read()
        except _damages() as fault:
            reason = type(fault).__name__
            raise _UnreadableError(f"{_short(name)} is damaged ({reason})") from None
        head = f"{kind} {len(data)}\0".encode()
        if hashlib.sha1(head + data, usedforsecurity=False).digest() != binary:
            raise _UnreadableError(f"{_short(name)} is damaged (its content has another name)")
        return data

    def _commit(self, name: str) -> _Parsed:
        return _parsed(name, self.read(name, "commit", _COMMIT_BYTES))


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
        _UnreadableError: one is no regular file, or none at all.
    """
    from gitdb.db import PackedDB

    try:
        if not directory.is_dir():
            return None
        for path in directory.iterdir():
            if not stat.S_ISREG(path.stat().st_mode):
                raise _UnreadableError(f"its {printable_path(path.name)} is no file")
        packs: _Packs = PackedDB(str(directory))
        packs.entities()
    except _damages() as fault:
        raise _UnreadableError(f"its packs are damaged ({type(fault).__name__})") from None
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


def _parsed(name: str, data: bytes) -> _Parsed:
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
        raise _UnreadableError(f"{_short(name)} is no commit")
    time, date = _moment(moment)
    shown = Commit(name, date, _subject(message, encoding))
    return _Parsed(tree, tuple(parents), time, shown)


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


_FIRST, _SECOND, _BOTH = 1, 2, 3


class _Walk:
    """From two commits back until all that is left belongs to both, as git does it.

    The newest commit goes first, so that what both have is mostly met before what lies behind it.
    """

    def __init__(self, store: _Store, a: str, b: str) -> None:
        self._store = store
        self._sides = {a: _FIRST, b: _SECOND}
        self._queue: list[tuple[int, str]] = []
        self._queued: set[str] = set()
        self._open: set[str] = set()
        """Those in the queue that, so far, one side alone has."""
        self.common = False
        self.shallow = False
        """Whether it met the end of a shallow clone."""
        self._push(a)
        self._push(b)
        while self._open and not self.cut:
            self._step()
        self.common |= len(self._queued) > len(self._open)

    @property
    def cut(self) -> bool:
        """Whether there was more than is followed."""
        return len(self._sides) > _VISITED

    def only(self, side: int) -> list[_Parsed]:
        """The commits that one side alone has, the newest first."""
        own = [self._store.commit(name) for name, found in self._sides.items() if found == side]
        return sorted(own, key=lambda item: (-item.time, item.shown.commit))

    def _push(self, name: str) -> None:
        (self._open.discard if self._sides[name] == _BOTH else self._open.add)(name)
        if name not in self._queued:
            self._queued.add(name)
            heappush(self._queue, (-self._store.commit(name).time, name))

    def _step(self) -> None:
        name = heappop(self._queue)[1]
        self._queued.discard(name)
        self._open.discard(name)
        own = self._sides[name]
        self.common |= own == _BOTH
        if name in self._store.shallow:
            self.shallow = True
            return
        for parent in self._store.commit(name).parents:
            before = self._sides.get(parent, 0)
            if before | own != before:
                self._sides[parent] = before | own
                self._push(parent)


def _walked(
    store: _Store, a: str, b: str, notes: list[str]
) -> tuple[Relation, list[_Parsed], list[_Parsed]]:
    """How two commits stand to each other, and the commits that only one of them has."""
    if a == b:
        return Relation.SAME, [], []
    walk = _Walk(store, a, b)
    if walk.cut:
        notes.append(f"only {_VISITED} commits of the history were followed")
    if walk.shallow and not walk.common:
        notes.append("the repository is a shallow clone that ends before the two meet")
    lost, gained = walk.only(_FIRST), walk.only(_SECOND)
    complete = not walk.shallow and not walk.cut
    return _relation(lost, gained, common=walk.common, complete=complete), lost, gained


def _relation(
    lost: list[_Parsed], gained: list[_Parsed], *, common: bool, complete: bool
) -> Relation:
    if not common:
        return Relation.UNRELATED if complete else Relation.UNKNOWN
    if not lost:
        return Relation.AHEAD
    return Relation.DIVERGED if gained else Relation.BEHIND


_Entries = dict[str, tuple[int, str]]
"""Name -> mode and object."""


def _changed_files(store: _Store, a: str, b: str, notes: list[str]) -> list[ChangedFile]:
    """The files that are not the same in two trees, by path."""
    found: dict[str, tuple[str | None, str | None]] = {}
    waiting: list[tuple[str, str | None, str | None, int]] = [("", a, b, 0)]
    looked = 0
    while waiting:
        folder, left, right, depth = waiting.pop()
        one, other = (_tree(store, name) for name in (left, right))
        looked += len(one) + len(other)
        if looked > _ENTRIES or depth > _DEEPEST:
            notes.append(f"only {_ENTRIES} files were compared: there may be more")
            break
        for name in one.keys() | other.keys():
            before, after = one.get(name), other.get(name)
            if before == after:
                continue
            path = f"{folder}{name}"
            trees = [_object(item, tree=True) for item in (before, after)]
            files = [_object(item, tree=False) for item in (before, after)]
            if any(trees):
                waiting.append((f"{path}/", trees[0], trees[1], depth + 1))
            if any(files):
                found[path] = (files[0], files[1])
    return sorted(_renamed(found), key=lambda item: item.path)


def _object(entry: tuple[int, str] | None, *, tree: bool) -> str | None:
    """The object of an entry that is (or is no) folder."""
    return entry[1] if entry is not None and (entry[0] == _TREE) == tree else None


def _renamed(found: dict[str, tuple[str | None, str | None]]) -> Iterator[ChangedFile]:
    """The changes; a file that went and one that came with its very content are one."""
    went = [(before, path) for path, (before, after) in found.items() if after is None]
    came = [(after, path) for path, (before, after) in found.items() if before is None]
    once = [
        {name for name, count in Counter(name for name, _ in side).items() if count == 1}
        for side in (went, came)
    ]
    both = once[0] & once[1]
    origin = {name: path for name, path in went if name in both}
    for path, (before, after) in found.items():
        if before is None and after in both:
            yield ChangedFile(path, "renamed", origin[after])
        elif before is None:
            yield ChangedFile(path, "added")
        elif after is not None:
            yield ChangedFile(path, "changed")
        elif before not in both:
            yield ChangedFile(path, "removed")


def _tree(store: _Store, name: str | None) -> _Entries:
    if name is None:
        return {}
    data = store.read(name, "tree", _TREE_BYTES)
    entries: _Entries = {}
    place = 0
    while place < len(data):
        end = data.find(b"\0", place)
        mode, _, raw = data[place:end].partition(b" ")
        if end < 0 or end + 21 > len(data) or re.fullmatch(rb"[0-7]{5,6}", mode) is None:
            raise _UnreadableError(f"{_short(name)} is no tree")
        shown = printable_path(raw.decode("utf-8", "surrogateescape"))
        entries[shown] = (int(mode, 8), data[end + 1 : end + 21].hex())
        place = end + 21
    return entries


def _short(name: str) -> str:
    return name[:12]
