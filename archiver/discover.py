"""The runs below a tree: where each one's files lie.

A directory is a run where it holds a marker of a contract. An artifact that describes an
experiment names its runs itself, and says which files are whose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from archiver import contracts
from archiver.artifact import Artifact, Match, Member
from archiver.collect import attempted
from archiver.extension import Reader, Selection
from archiver.limits import Limits
from archiver.model.plain import dataclass
from archiver.rundir import ReadFault, RunDir, Tree, natural


@dataclass(frozen=True, slots=True)
class Site:
    """One run below a tree."""

    member: Member
    root: str
    """The directory that is all of it; empty where it is the tree, or several places in it."""
    without: tuple[str, ...] = ()
    """Runs of their own inside of it."""

    @property
    def whole(self) -> bool:
        """Whether the run is the tree itself."""
        return self.member.paths == ("",) and not self.without


@dataclass(frozen=True, slots=True)
class _Candidate:
    reader: Reader[Any]
    selection: Selection
    contract: contracts.Contract


@dataclass(frozen=True, slots=True)
class _Search:
    """A tree, and the means to look at it."""

    run: RunDir
    tree: Tree
    readers: tuple[Reader[Any], ...]
    limits: Limits

    def artifact(self, selection: Selection) -> Artifact:
        return Artifact(self.run, self.tree, selection.files, selection.path, self.limits)

    def confirms(self, item: _Candidate, root: str) -> bool:
        """Whether a marker makes its directory a run: by what it holds, or by where it lies."""
        artifact = self.artifact(item.selection)
        try:
            match = self.match(item.reader, artifact)
        except ReadFault:
            return False
        finally:
            artifact.close()
        if match is Match.DAMAGED:
            name = root.rpartition("/")[2] or self.run.name
            return any(fnmatchcase(name, pattern) for pattern in item.contract.homes)
        return match is Match.YES

    def match(self, reader: Reader[Any], artifact: Artifact) -> Match | None:
        # A crash is told where the run is read; here it only means that nothing was recognised.
        return attempted(reader, reader.detect, artifact)[0]


def sites(
    run: RunDir, tree: Tree, readers: Iterable[Reader[Any]], limits: Limits
) -> tuple[Site, ...]:
    """Every run below the tree, in natural order; none where nothing says that there is one."""
    search = _Search(run, tree, tuple(readers), limits)
    members = _members(search)
    claimed = {path for member in members for path in member.paths}
    homes = {member.home for member in members}
    around = {above for home in homes for above in _up(home)[1:]}
    found_roots = _roots(search, around - homes)
    roots = [root for root in found_roots if claimed.isdisjoint(_up(root)) and root not in homes]
    inner: dict[str, list[str]] = {}
    for root in roots:
        for above in _up(root)[1:]:
            inner.setdefault(above, []).append(root)
    found = [_site(tree, member) for member in members]
    for root in roots:
        above, _, name = root.rpartition("/")
        member = Member(name, (root,), above)
        found.append(Site(member, root, tuple(inner.get(root, ()))))
    return tuple(sorted(found, key=lambda site: natural(_place(site.member))))


def is_run(run: RunDir, readers: Iterable[Reader[Any]], limits: Limits) -> bool:
    """Whether a directory is a run by itself; only where a marker may lie is looked."""
    leading = _leading()

    def enters(path: str) -> bool:
        depth = path.count("/")
        return any(fnmatchcase(path, pattern) for pattern in leading if pattern.count("/") == depth)

    tree = run.walk(enters)
    search = _Search(run, tree, tuple(readers), limits)
    return any(
        search.confirms(item, root)
        for root, candidates in _candidates(search)
        if not root
        for item in candidates
    )


def _leading() -> frozenset[str]:
    """Patterns of the directories of a run that hold markers, and of those on the way to them."""
    held = (
        pattern
        for contract in contracts.every()
        for marker in contract.markers
        for pattern in marker.under
    )
    return frozenset(above for pattern in held for above in _up(pattern) if above)


def _place(member: Member) -> str:
    return member.paths[0] if member.paths else f"{member.home}/{member.name}"


def _up(path: str) -> list[str]:
    """A path and every directory above it, up to the tree itself."""
    found = [path]
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


def _members(search: _Search) -> list[Member]:
    """Runs that an experiment's own description names; the topmost description wins."""
    found: list[Member] = []
    taken: set[str] = set()
    described: list[tuple[Reader[Any], Selection]] = [
        (reader, selection)
        for reader in search.readers
        if reader.members is not None
        for selection in reader.select(search.tree)
    ]
    for reader, selection in sorted(described, key=lambda item: _depth(item[1].path)):
        if not taken.isdisjoint(_up(selection.path)):
            continue
        artifact = search.artifact(selection)
        try:
            if reader.members is not None and search.match(reader, artifact) is Match.YES:
                members = attempted(reader, reader.members, artifact)[0] or ()
                found += members
                taken.update(path for item in members for path in item.paths)
        except ReadFault:
            continue
        finally:
            artifact.close()
    return found


def _depth(path: str) -> tuple[int, object]:
    return path.count("/"), natural(path)


def _site(tree: Tree, member: Member) -> Site:
    there = tuple(path for path in member.paths if tree.holds(path))
    whole = len(there) == 1 and (not there[0] or there[0] in tree.directories)
    return Site(Member(member.name, there, member.home), there[0] if whole else "")


def _roots(search: _Search, no_runs: set[str]) -> list[str]:
    """Directories that hold a marker; inside of a run only several runs of a store are others.

    What lies around experiments that name their runs is no run, and hides none beside those.
    """
    found: set[str] = set()
    stores: dict[tuple[str, str], list[str]] = {}
    for root, candidates in _candidates(search):
        if root in no_runs:
            continue
        around = next((above for above in _up(root) if above in found), None)
        if around is None:
            if any(search.confirms(item, root) for item in candidates):
                found.add(root)
            continue
        for item in candidates:
            if item.contract.store and search.confirms(item, root):
                stores.setdefault((around, item.contract.name), []).append(root)
                break
    inner = [root for roots in stores.values() if len(roots) > 1 for root in roots]
    return _without_aliases(sorted({*found, *inner}, key=natural))


def _without_aliases(roots: list[str]) -> list[str]:
    """A copy of the latest run under a name of its own is that run once more."""
    aliases = {name for contract in contracts.every() for name in contract.aliases}
    parents = {root: root.rpartition("/")[0] for root in roots}
    return [
        root
        for root in roots
        if root.rpartition("/")[2] not in aliases
        or not any(
            parents[other] == parents[root] and other.rpartition("/")[2] not in aliases
            for other in roots
        )
    ]


def _candidates(search: _Search) -> Iterator[tuple[str, Sequence[_Candidate]]]:
    """Directories that hold something named like a marker, topmost first."""
    by_kind = {reader.kind: reader for reader in search.readers}
    roots: dict[str, list[_Candidate]] = {}
    for contract in contracts.every():
        for marker in contract.markers:
            reader = by_kind.get(marker.kind)
            for selection in reader.select(search.tree) if reader else ():
                root = _root_of(selection, marker.under, search.tree)
                if reader is not None and root is not None:
                    roots.setdefault(root, []).append(_Candidate(reader, selection, contract))
    for root in sorted(roots, key=lambda path: (path.count("/") + bool(path), natural(path))):
        yield root, roots[root]


def _root_of(selection: Selection, under: tuple[str, ...], tree: Tree) -> str | None:
    """The run directory that a marker makes, or None where it lies elsewhere."""
    directory = selection.path
    if directory not in tree.directories:
        directory = directory.rpartition("/")[0]
    for pattern in under:
        if not pattern:
            return directory
        depth = pattern.count("/") + 1
        parts = directory.split("/")
        tail = "/".join(parts[-depth:])
        if len(parts) >= depth and tail and fnmatchcase(tail, pattern):
            return "/".join(parts[:-depth])
    return None
