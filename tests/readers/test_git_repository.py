"""Git repositories in a run: read as data, never asked by git."""

from __future__ import annotations

import os
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

GIT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(place, *arguments):
    """Run git in a directory of ours and give what it says."""
    command = ["git", "-C", str(place), "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, capture_output=True, check=True, env=GIT, text=True).stdout


def repository(place, branch="main"):
    """A repository with one commit."""
    place.mkdir(parents=True, exist_ok=True)
    git(place, "init", "-q", "-b", branch)
    (place / "train.py").write_text("pass\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "First")
    return git(place, "rev-parse", "HEAD").strip()


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("git_repository", case)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "git_repository")


def test_hazards_stand_at_their_lines(bench):
    """Each names what git would do, in the file and line that say so."""
    found = bench.read("git_repository", bench.input("git_repository", "hazards"))["code.git"]
    config, alternates = "code.git/config", "code.git/objects/info/alternates"
    told = [(p.at.path, p.at.place, p.message) for p in found.reading.problems]
    assert told == [
        (config, "L8", "core.fsmonitor runs ./watch.sh"),
        (config, "L9", "core.sshcommand runs ./ssh.sh"),
        (config, "L11", "filter.tidy.clean runs ./tidy.sh %f"),
        (config, "L13", "include.path takes in ../more.cfg"),
        (config, "L15", "alias.st runs !./st.sh"),
        (alternates, "L1", "objects are read from /mnt/cache/objects, outside of the run"),
        ("code.git/hooks/pre-commit", "", "git would run its hooks: pre-commit"),
    ]


def test_a_fresh_repository_is_in_order(bench, tmp_path):
    """Nothing that `git init` and a commit write is a hazard; the commit is that of git."""
    commit = repository(tmp_path / "code", "lr/sweep")
    found = bench.read("git_repository", tmp_path)["code/.git"]
    assert (found.match, found.codes) == ("yes", [])
    assert found.reading.extras == {"branch_now": "lr/sweep", "commit_now": commit}
    assert found.reading.repositories == ()
    assert not any("objects" in path for path in found.opened)


def test_packed_references_and_detached_heads(bench, tmp_path):
    """The commit is found wherever git put it."""
    commit = repository(tmp_path)
    git(tmp_path, "pack-refs", "--all")
    extras = bench.read("git_repository", tmp_path)[".git"].reading.extras
    assert extras == {"branch_now": "main", "commit_now": commit}
    git(tmp_path, "checkout", "-q", "--detach")
    assert bench.read("git_repository", tmp_path)[".git"].reading.extras == {"commit_now": commit}


def test_submodules_inside_of_the_run_are_in_order(bench, tmp_path):
    """A `.git` file that leads to another place in the run is no hazard."""
    repository(tmp_path / "lib")
    repository(tmp_path / "code")
    git(tmp_path / "code", "submodule", "--quiet", "add", "../lib", "lib")
    outcomes = bench.read("git_repository", tmp_path / "code")
    assert sorted(outcomes) == [".git", ".git/modules/lib", "lib/.git"]
    assert [found.codes for found in outcomes.values()] == [[], [], []]
    assert outcomes["lib/.git"].reading.extras == {"repository": "../.git/modules/lib"}


def test_a_working_tree_of_a_repository_elsewhere(bench, tmp_path):
    """A linked working tree names its repository by an absolute path."""
    repository(tmp_path / "code")
    git(tmp_path / "code", "worktree", "add", "-q", str(tmp_path / "tree"))
    found = bench.read("git_repository", tmp_path / "tree")[".git"]
    assert found.codes == ["git-hazard"]
    assert "outside of the run" in found.reading.problems[0].message
    inside = bench.read("git_repository", tmp_path / "code")
    assert {path: found.codes for path, found in inside.items()} == {".git": []}


def test_a_clone_that_shares_objects(bench, tmp_path):
    """Alternates of another repository lie outside."""
    repository(tmp_path / "code")
    git(tmp_path, "clone", "-q", "--shared", str(tmp_path / "code"), str(tmp_path / "copy"))
    found = bench.read("git_repository", tmp_path / "copy")[".git"]
    assert found.codes == ["git-hazard"]
    assert found.reading.problems[0].at.path == ".git/objects/info/alternates"


def test_hooks_count_where_git_would_run_them(bench, tmp_path):
    """Samples do not, nor what may not be executed; many are counted."""
    repository(tmp_path)
    hooks = tmp_path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for number in range(7):
        (hooks / f"hook-{number}").write_text("#!/bin/sh\n")
        (hooks / f"hook-{number}").chmod(0o755)
    (hooks / "post-merge").write_text("#!/bin/sh\n")
    (hooks / "post-merge").chmod(0o644)
    (problem,) = bench.read("git_repository", tmp_path)[".git"].reading.problems
    assert problem.message == (
        "git would run its hooks: hook-0, hook-1, hook-2, hook-3, hook-4 and 2 more"
    )


def test_a_head_that_is_a_link(bench, tmp_path):
    """Long ago `HEAD` was a symbolic link; git still takes it."""
    commit = repository(tmp_path)
    head = tmp_path / ".git" / "HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")
    found = bench.read("git_repository", tmp_path)[".git"]
    assert (found.match, found.reading.extras["commit_now"]) == ("yes", commit)
    assert git(tmp_path, "rev-parse", "HEAD").strip() == commit


def test_a_directory_without_a_head_is_damaged(bench, tmp_path):
    """What is left of a `.git` is read for its hazards all the same."""
    bench.write(tmp_path, {".git/config": "[core]\npager = ./p\n", ".git/index": b"DIRC"})
    found = bench.read("git_repository", tmp_path)[".git"]
    assert found.match == "damaged"
    assert sorted(found.codes) == ["git-hazard", "unexpected-value"]


def test_no_part_of_a_repository_is_copied(collected, tmp_path):
    """An archive never holds what git would take for a repository."""
    run = tmp_path / "run"
    repository(run)
    (run / "metrics.csv").write_text("step,loss\n1,2.0\n")
    git(run, "config", "core.fsmonitor", "./watch.sh")
    archive = collected(run, "--copy", "all")
    assert (archive / "data" / "metrics.csv").is_file()
    assert list(archive.glob("data/**/.git")) == []
    listed = (archive / "inventory.ndjson").read_text()
    assert '".git/config"' in listed
    assert "part of a git repository" in listed
