"""What lies between two commits of a repository that a user names, told without git."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from pathlib import Path

from archiver.gitstate.objects import CommitObject, ObjectStore, UnreadableError, short
from archiver.gitstate.trees import ChangedFile, changed_files
from archiver.rundir import printable_path

MOST_COMMITS = 50
MOST_FILES = 200
"""Those that are named of each; the rest is counted."""
_VISITED = 20_000
"""Commits of which the history is followed."""


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


def between(repository: Path, pairs: Sequence[tuple[str, str]]) -> History:
    """The history between two recorded commits: of the first pair that the repository has.

    Whatever is wrong with the repository is said in `notes`.
    """
    named = printable_path(repository.as_posix())
    fallback = pairs[0]
    try:
        store = ObjectStore(repository)
        for pair in pairs:
            a, b = (store.complete(name) for name in pair)
            if a is not None and b is not None:
                return _told(named, store, a, b)
        a, b = fallback
        missing = [name for name in dict.fromkeys(fallback) if store.complete(name) is None]
    except UnreadableError as fault:
        return History(repository=named, a=fallback[0], b=fallback[1], notes=(str(fault),))
    which = " and ".join(short(name) for name in missing)
    verb = "is" if len(missing) == 1 else "are"
    why = ", a shallow clone" if store.shallow else ""
    note = f"{which} {verb} not in this repository{why}: fetch what the run was made from"
    return History(repository=named, a=a, b=b, notes=(note,))


def _told(named: str, store: ObjectStore, a: str, b: str) -> History:
    notes: list[str] = []
    try:
        relation, lost, gained = _walked(store, a, b, notes)
    except UnreadableError as fault:
        relation, lost, gained = Relation.UNKNOWN, [], []
        notes.append(f"the commits between them are not known: {fault}")
    try:
        files = changed_files(store, store.commit(a).tree, store.commit(b).tree, notes)
    except UnreadableError as fault:
        files = []
        notes.append(f"the files that changed are not known: {fault}")
    return History(
        repository=named,
        a=a,
        b=b,
        relation=relation,
        gained=tuple(_shown(item) for item in gained[:MOST_COMMITS]),
        gained_count=len(gained),
        lost=tuple(_shown(item) for item in lost[:MOST_COMMITS]),
        lost_count=len(lost),
        files=tuple(files[:MOST_FILES]),
        file_count=len(files),
        notes=tuple(notes),
    )


def _shown(item: CommitObject) -> Commit:
    return Commit(item.name, item.date, item.subject)


_FIRST, _SECOND, _BOTH = 1, 2, 3


class _Walk:
    """From two commits back until all that is left belongs to both, as git does it.

    The newest commit goes first, so that what both have is mostly met before what lies behind it.
    """

    def __init__(self, store: ObjectStore, a: str, b: str) -> None:
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

    def only(self, side: int) -> list[CommitObject]:
        """The commits that one side alone has, the newest first."""
        own = [self._store.commit(name) for name, found in self._sides.items() if found == side]
        return sorted(own, key=lambda item: (-item.time, item.name))

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
    store: ObjectStore, a: str, b: str, notes: list[str]
) -> tuple[Relation, list[CommitObject], list[CommitObject]]:
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
    lost: list[CommitObject], gained: list[CommitObject], *, common: bool, complete: bool
) -> Relation:
    if not common:
        return Relation.UNRELATED if complete else Relation.UNKNOWN
    if not lost:
        return Relation.AHEAD
    return Relation.DIVERGED if gained else Relation.BEHIND
