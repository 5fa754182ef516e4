"""The files that are not the same in two trees of a repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.gitstate.objects import ObjectStore, TreeEntry

_ENTRIES = 200_000
"""Entries of trees that are compared."""
_DEEPEST = 200
"""Folders within folders."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that is not the same in two commits."""

    path: str
    status: str
    """`added`, `removed`, `changed` or `renamed` (with the same content)."""
    from_: str = ""
    """Of a renamed file: its path in the first commit."""


def changed_files(store: ObjectStore, a: str, b: str, notes: list[str]) -> list[ChangedFile]:
    """The files that are not the same in two trees, by path; `notes` tells what was left out.

    Raises:
        UnreadableError: a tree is missing or damaged.
    """
    found: dict[str, tuple[str | None, str | None]] = {}
    waiting: list[tuple[str, str | None, str | None, int]] = [("", a, b, 0)]
    looked = 0
    while waiting:
        folder, left, right, depth = waiting.pop()
        one, other = (store.tree(name) if name else {} for name in (left, right))
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


def _object(entry: TreeEntry | None, *, tree: bool) -> str | None:
    """The object of an entry that is (or is no) folder."""
    return entry.name if entry is not None and entry.is_tree == tree else None


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
