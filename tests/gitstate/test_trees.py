"""Trees against each other: repositories made by git, read without git."""

from __future__ import annotations

from archiver.gitstate.objects import ObjectStore
from archiver.gitstate.trees import ChangedFile, changed_files
from tests.gitstate.repositories import Repository


def changes(repository: Repository, a: str, b: str) -> list[ChangedFile]:
    """The changed files of two commits; nothing is left out."""
    store, notes = ObjectStore(repository.path), []
    found = changed_files(store, store.commit(a).tree, store.commit(b).tree, notes)
    assert notes == []
    return found


def test_only_what_is_certain_was_renamed(repository: Repository) -> None:
    """Of two files with the same content nobody can say which one moved."""
    a = repository.commit("first", one="same", two="same", three="other")
    gone = {"one": None, "two": None, "three": None}
    b = repository.commit("second", **gone, four="same", five="other")
    assert changes(repository, a, b) == [
        ChangedFile("five", "renamed", "three"),
        ChangedFile("four", "added"),
        ChangedFile("one", "removed"),
        ChangedFile("two", "removed"),
    ]


def test_a_file_became_a_folder(repository: Repository) -> None:
    """The file is gone and what is in the folder has come."""
    a = repository.commit("first", x="1")
    repository.commit("between", x=None)
    b = repository.commit("second", x__y="2")
    assert changes(repository, a, b) == [ChangedFile("x", "removed"), ChangedFile("x/y", "added")]


def test_a_mode_is_a_change(repository: Repository) -> None:
    """A file that may be executed now has changed."""
    a = repository.commit("first", x="1")
    (repository.path / "x").chmod(0o755)
    b = repository.commit("second")
    assert changes(repository, a, b) == [ChangedFile("x", "changed")]
