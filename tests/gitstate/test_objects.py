"""Commits and trees as they are stored: repositories made by git, read without git."""

from __future__ import annotations

import pytest

from archiver.gitstate.objects import ObjectStore, UnreadableError
from tests.gitstate.repositories import Repository


@pytest.mark.parametrize("packed", [False, True])
def test_commit(repository: Repository, packed: bool) -> None:
    """A commit's parents, tree, moment and first line are what git says of it."""
    first = repository.commit("first", x="1")
    second = repository.commit("second\n\nand more", x="2")
    if packed:
        repository.git("gc", "-q")
    found = ObjectStore(repository.path).commit(second)
    assert (found.parents, found.subject) == ((first,), "second")
    told = repository.git("show", "-s", "--format=%T %ct %cI", second).split()
    assert [found.tree, str(found.time), found.date] == told


@pytest.mark.parametrize("packed", [False, True])
def test_names_are_completed(repository: Repository, packed: bool) -> None:
    """A name that is cut short is completed if it is a commit's; anything else is none."""
    commit = repository.commit("first", x="1")
    blob = repository.git("rev-parse", "HEAD:x")
    if packed:
        repository.git("gc", "-q")
    store = ObjectStore(repository.path)
    assert store.complete(commit[:10]) == store.complete(commit.upper()) == commit
    assert [store.complete(name) for name in (blob, commit[:3], "main", "0" * 40)] == [None] * 4


def test_tree(repository: Repository) -> None:
    """Files and folders of a tree with their objects."""
    commit = repository.commit("first", file="1", folder__file="2")
    store = ObjectStore(repository.path)
    entries = store.tree(store.commit(commit).tree)
    assert {name: (entry.name, entry.is_tree) for name, entry in entries.items()} == {
        "file": (repository.git("rev-parse", "HEAD:file"), False),
        "folder": (repository.git("rev-parse", "HEAD:folder"), True),
    }
    with pytest.raises(UnreadableError, match="is no tree"):
        store.tree(commit)


def test_other_encodings(repository: Repository) -> None:
    """The first line is decoded as the commit says; an unknown name of one does no harm."""
    repository.git("config", "i18n.commitEncoding", "latin-1")
    latin = repository.commit("gr\udcfc\udcdfe", x="1")
    repository.git("config", "i18n.commitEncoding", "no-such")
    unknown = repository.commit("plain", x="2")
    store = ObjectStore(repository.path)
    assert [store.commit(name).subject for name in (latin, unknown)] == ["grüße", "plain"]
