"""Heads, references and `.git` files."""

from __future__ import annotations

from archiver.gitstate.references import Head, git_file, packed_ref, parse_head, parse_ref


def test_heads_and_references() -> None:
    """A branch, a detached head, other references; anything else is no head."""
    commit = "a" * 40
    assert parse_head(b"ref: refs/heads/a/b\n") == Head("a/b", "refs/heads/a/b", None)
    assert parse_head(b"ref: refs/notes/x\n") == Head(None, "refs/notes/x", None)
    assert parse_head(f"{commit}\n".encode()) == Head(None, None, commit)
    assert parse_head(("b" * 64).encode()) == Head(None, None, "b" * 64)
    assert parse_head(b"") is None
    assert parse_head(b"ref: /etc/passwd") is None
    assert parse_ref(f"{commit}\n".encode()) == commit
    assert parse_ref(b"\xff") is None
    packed = f"# pack-refs with: peeled\n{commit} refs/heads/x\n^{'c' * 40}\n".encode()
    assert packed_ref(packed, "refs/heads/x") == commit
    assert packed_ref(packed, "refs/heads/y") is None


def test_git_files() -> None:
    """Where a `.git` file leads."""
    assert git_file(b"gitdir: ../.git/modules/a\n") == "../.git/modules/a"
    assert git_file(b"anything") is None
