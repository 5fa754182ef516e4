"""What lies between two commits: repositories made by git, read without git."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from archiver.gitstate import history
from archiver.gitstate.history import Relation
from archiver.gitstate.trees import ChangedFile
from tests.gitstate.repositories import Repository


def told(repository: Repository, a: str, b: str) -> history.History:
    return history.between(repository.path, [(a, b)])


@pytest.mark.parametrize("packed", [False, True])
def test_later_commits(repository: Repository, packed: bool) -> None:
    """Each commit and each file once, whether objects are loose or in a pack of deltas."""
    text = "".join(f"line {number}\n" for number in range(400))
    a = repository.commit("first", keep="k", src__model=text, gone="g", old="content of old")
    second = repository.commit("second\n\nwith a body", src__model=text + "more\n")
    moved = {"gone": None, "old": None, "new": "content of old", "src__added": "n"}
    b = repository.commit("third", **moved)
    if packed:
        repository.git("gc", "-q", "--aggressive")
    found = told(repository, a, b)
    assert (found.relation, found.gained_count, found.lost_count) == (Relation.AHEAD, 2, 0)
    assert [(item.commit, item.subject) for item in found.gained] == [
        (b, "third"),
        (second, "second"),
    ]
    # The clock of the fixture: every call of git is a minute.
    assert found.gained[1].date == "2023-11-15T00:19:20+02:00"
    assert found.files == (
        ChangedFile("gone", "removed"),
        ChangedFile("new", "renamed", "old"),
        ChangedFile("src/added", "added"),
        ChangedFile("src/model", "changed"),
    )
    assert found.notes == ()
    back = told(repository, b, a)
    assert (back.relation, back.lost_count, back.gained_count) == (Relation.BEHIND, 2, 0)
    assert told(repository, a, a).relation is Relation.SAME
    assert (told(repository, a[:8], b[:9]).a, told(repository, a[:8], b[:9]).b) == (a, b)


def test_diverged_and_merged(repository: Repository) -> None:
    """Of two branches each side's own commits; a merge brings in what the other had."""
    base = repository.commit("base", x="1")
    left = repository.commit("left", x="2")
    repository.git("checkout", "-q", "-b", "side", base)
    right = repository.commit("right", y="1")
    found = told(repository, left, right)
    assert found.relation is Relation.DIVERGED
    assert [[item.subject for item in side] for side in (found.lost, found.gained)] == [
        ["left"],
        ["right"],
    ]
    repository.git("merge", "-q", "-m", "merge", left)
    merged = told(repository, left, repository.git("rev-parse", "HEAD"))
    assert merged.relation is Relation.AHEAD
    assert [item.subject for item in merged.gained] == ["merge", "right"]


def test_as_many_commits_as_git_counts(repository: Repository) -> None:
    """Over a history of crossing branches, and beyond what is named."""
    repository.commit("0", a="0")
    heads = [repository.git("rev-parse", "HEAD")]
    for number in range(1, 40):
        if number % 3 == 0:
            repository.git("checkout", "-q", heads[number // 2])
        head = repository.commit(str(number), a=str(number))
        if number % 7 == 0:
            repository.git("merge", "-q", "-s", "ours", "-m", f"m{number}", heads[number - 2])
            head = repository.git("rev-parse", "HEAD")
        heads.append(head)
    for a, b in ((0, 39), (11, 39), (20, 33), (38, 5), (17, 16)):
        found = told(repository, heads[a], heads[b])
        counted = repository.git(
            "rev-list", "--left-right", "--count", f"{heads[a]}...{heads[b]}"
        ).split()
        assert [found.lost_count, found.gained_count] == [int(count) for count in counted]


def test_bounded(repository: Repository) -> None:
    """No more than fifty commits and two hundred files are named; all are counted."""
    a = repository.commit("start", x="x")
    for number in range(55):
        b = repository.commit(f"commit {number}")
    many = {f"dir{number % 9}__f{number}": str(number) for number in range(230)}
    b = repository.commit("files", **many)
    found = told(repository, a, b)
    assert (len(found.gained), found.gained_count) == (50, 56)
    assert (len(found.files), found.file_count) == (200, 230)


def test_what_is_missing_is_said(repository: Repository, tmp_path: Path) -> None:
    """Unknown commits, unrelated histories, shallow clones, no repository at all."""
    a = repository.commit("first", x="1")
    for number in range(4):
        b = repository.commit(f"more {number}", x=f"{number}")
    unknown = told(repository, "1234567890" * 4, b)
    assert unknown.relation is Relation.UNKNOWN
    assert unknown.notes == (
        "123456789012 is not in this repository: fetch what the run was made from",
    )
    repository.git("checkout", "-q", "--orphan", "other")
    c = repository.commit("alone", y="1")
    apart = told(repository, b, c)
    assert (apart.relation, apart.gained_count, apart.lost_count) == (Relation.UNRELATED, 1, 5)
    repository.git("clone", "-q", "--depth=2", "-b", "main", f"file://{repository.path}",
                   tmp_path / "shallow")  # fmt: skip
    shallow = history.between(tmp_path / "shallow", [(a, b)])
    assert shallow.notes == (
        f"{a[:12]} is not in this repository, a shallow clone: fetch what the run was made from",
    )
    assert history.between(tmp_path, [(a, b)]).notes == ("is no git repository",)
    assert history.between(tmp_path / "nowhere", [(a, b)]).notes == ("is no git repository",)


def test_shallow_end_between_branches(repository: Repository, tmp_path: Path) -> None:
    """Where a shallow clone ends before two branches meet, nobody calls them unrelated."""
    base = repository.commit("base", x="1")
    left = repository.commit("left", x="2")
    repository.git("checkout", "-q", "-b", "side", base)
    right = repository.commit("right", y="1")
    clone = tmp_path / "shallow"
    address = f"file://{repository.path}"
    repository.git("clone", "-q", "--depth=1", "--no-single-branch", address, clone)
    found = history.between(clone, [(left, right)])
    assert found.relation is Relation.UNKNOWN
    assert found.notes == ("the repository is a shallow clone that ends before the two meet",)
    assert [item.path for item in found.files] == ["x", "y"]


def test_other_kinds_of_repository(repository: Repository, tmp_path: Path) -> None:
    """A bare one, and a linked working tree; one that borrows objects says what it lacks."""
    a = repository.commit("first", x="1")
    b = repository.commit("second", x="2")
    repository.git("clone", "-q", "--bare", repository.path, tmp_path / "bare")
    repository.git("worktree", "add", "-q", tmp_path / "linked", a)
    for place in ("bare", "linked"):
        assert history.between(tmp_path / place, [(a, b)]).relation is Relation.AHEAD
    repository.git("clone", "-q", "-s", repository.path, tmp_path / "shared")
    assert history.between(tmp_path / "shared", [(a, b)]).relation is Relation.UNKNOWN


def test_the_first_pair_that_is_there(repository: Repository) -> None:
    """A run names several repositories' commits; those of this one are taken."""
    a = repository.commit("first", x="1")
    b = repository.commit("second", x="2")
    found = history.between(repository.path, [("ab" * 20, "cd" * 20), (a, b)])
    assert (found.a, found.b, found.relation) == (a, b, Relation.AHEAD)


@pytest.mark.parametrize(
    "setting",
    [
        ("core.fsmonitor", "touch canary"),
        ("core.sshCommand", "touch canary"),
        ("diff.external", "touch canary"),
        ("filter.x.clean", "touch canary"),
        ("include.path", "../elsewhere"),
    ],
)
def test_hazardous_configuration_is_refused(repository: Repository, setting: tuple[str]) -> None:
    """A repository that would make git start a program is not read."""
    a = repository.commit("first", x="1")
    b = repository.commit("second", x="2")
    repository.git("config", *setting)
    found = told(repository, a, b)
    assert found.relation is Relation.UNKNOWN
    assert found.files == ()
    assert found.notes[0].startswith("is not read, for its configuration is hazardous")
    assert not (repository.path / "canary").exists()


def test_damage_is_said(repository: Repository) -> None:
    """A cut object, another object in its place, a pack that is none."""
    a = repository.commit("first", x="1")
    middle = repository.commit("middle", x="2")
    b = repository.commit("third", x="3")
    objects = repository.path / ".git" / "objects"
    place = objects / middle[:2] / middle[2:]
    whole = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(whole[:20])
    found = told(repository, a, b)
    assert found.relation is Relation.UNKNOWN
    assert found.notes[0].startswith(
        f"the commits between them are not known: {middle[:12]} is damaged"
    )
    assert [item.path for item in found.files] == ["x"]
    place.write_bytes(zlib.compress(b"commit 3\0abc"))
    assert "its content has another name" in told(repository, a, b).notes[0]
    (objects / "pack" / "pack-bad.pack").write_bytes(b"PACKnothing")
    assert told(repository, a, b).notes[0].startswith("its packs are damaged")
    (objects / "pack" / "pack-bad.pack").unlink()
    os.mkfifo(objects / "pack" / "pack-bad.pack")
    assert told(repository, a, b).notes == ("its pack-bad.pack is no file",)


def test_no_process_is_started(repository: Repository) -> None:
    """In a new interpreter, whose audit hook ends it where anything would be started."""
    a = repository.commit("first", x="1")
    b = repository.commit("second", x="2")
    repository.git("gc", "-q")
    script = f"""
import os, sys
from pathlib import Path
def forbid(event, _):
    if event.startswith(("subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system")):
        os._exit(9)
sys.addaudithook(forbid)
from archiver.gitstate import history
print(history.between(Path({str(repository.path)!r}), [({a!r}, {b!r})]).relation.value)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ahead"), done.stderr
