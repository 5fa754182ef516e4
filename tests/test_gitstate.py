"""Git's files read as data: what git itself reads in them, and what of it is dangerous."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from archiver import gitstate
from archiver.gitstate import Hazard, Head, Setting
from archiver.limits import Limits

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
GOOD = (
    "[core]\n\tbare = false\n",
    "[core] bare = true ; a comment\n",
    "[core]bare\n",
    "[CORE]\nBare=TRUE\r\n",
    '[remote "Origin.X"]\n\turl = https://a.example/b.git # c\n',
    '[remote "a \\"b\\\\ c\\d"]\nurl = "x  y" z\n',
    "[branch.Main]\nremote = o\n",
    '[a.B "c.D"]\nkey-1 = v\n',
    '[alias]\nx = !echo \\"a;b\\" \\\n  more\ny = "tab\\tend"\n',
    '[core]\npager = less -R # not this\neditor = "a # b"\n\n[core]\npager=cat\n',
    "# only a comment\n; another\n",
    "",
    "\ufeff[core]\nbare = no\n",
    "[core]\n\tx = a\tb\n",
    '[core]\nx = ""\ny =\n',
    "bare = true\n",
)
BAD = (
    "[core\n",
    "[ core]\n",
    '[core "a\nb"]\n',
    "[core]\n1x = a\n",
    '[core]\nx = "a\n',
    "[core]\nx = \\q\n",
    "[core]\nx y\n",
    "[core]\nx # y\n",
)


def listed(path: Path) -> list[tuple[str, str | None]]:
    """What git lists of a configuration."""
    command = ["git", "config", "--file", str(path), "--no-includes", "--list", "-z"]
    out = subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT).stdout
    pairs = [item.partition("\n") for item in out.decode().split("\0") if item]
    return [(name, value if mark else None) for name, mark, value in pairs]


@pytest.mark.parametrize("text", GOOD)
def test_a_configuration_reads_as_git_reads_it(text: str, tmp_path: Path) -> None:
    """Names, values and order are those of `git config --list`."""
    path = tmp_path / "config"
    path.write_text(text, "utf-8", newline="")
    config = gitstate.parse_config(path.read_bytes())
    assert config.complete
    expected = [(name, "true" if value is None else value) for name, value in listed(path)]
    assert [(item.name, item.value.replace("\t", " ")) for item in config.settings] == [
        (name, value.replace("\t", " ")) for name, value in expected
    ]


@pytest.mark.parametrize("text", BAD)
def test_what_git_refuses_is_a_flaw(text: str, tmp_path: Path) -> None:
    """A file that git dies on is incomplete; what stands before the fault was read."""
    path = tmp_path / "config"
    path.write_text("[first]\na = 1\n" + text, "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        listed(path)
    config = gitstate.parse_config(path.read_bytes())
    assert not config.complete
    assert list(config.flaws.counts) == ["syntax"]
    assert [item.name for item in config.settings] == ["first.a"]


def test_lines_and_last_values() -> None:
    """A variable knows its line, continued ones their first; the last value counts."""
    config = gitstate.parse_config(b"[a]\nx = 1 \\\n 2\n\n[A]\nx = 3\n[a.b]\nx = 4\n")
    assert config.settings == (
        Setting("a", "", "x", "1  2", 2),
        Setting("a", "", "x", "3", 6),
        Setting("a", "b", "x", "4", 8),
    )
    assert config.last("a", "x") == "3"
    assert config.last("a", "x", "b") == "4"
    assert config.last("a", "y") is None


def test_limits_are_flaws() -> None:
    """A configuration that is too large is not read, one of too many variables not to its end."""
    assert list(gitstate.parse_config(b"#" * (2**20 + 1)).flaws.counts) == ["size-limit"]
    config = gitstate.parse_config(b"[a]\n" + b"x=1\n" * 5, Limits(packages=2))
    assert len(config.settings) == 2
    assert config.flaws.counts == {"size-limit": 1}


HAZARDOUS = {
    "core.fsmonitor runs ./watch": "[core]\nfsmonitor = ./watch",
    "core.pager runs sh -c x": "[core]\npager = sh -c x",
    "core.sshcommand runs ./s": "[core]\nsshCommand = ./s",
    "core.editor runs vi": "[core]\neditor = vi",
    "core.gitproxy runs p for x": "[core]\ngitProxy = p for x",
    "core.askpass runs ./a": "[core]\naskPass = ./a",
    "core.hookspath takes hooks from ../h": "[core]\nhooksPath = ../h",
    "core.attributesfile takes attributes from ~/a, outside of the run": (
        "[core]\nattributesFile = ~/a"
    ),
    "core.worktree takes /etc for the working tree, which lies outside of the run": (
        "[core]\nworktree = /etc"
    ),
    "diff.external runs d": "[diff]\nexternal = d",
    "diff.x.command runs d": '[diff "x"]\ncommand = d',
    "diff.x.textconv runs d": '[diff "x"]\ntextconv = d',
    "filter.x.clean runs ./f": '[filter "x"]\nclean = ./f',
    "filter.x.smudge runs ./f": '[filter "x"]\nsmudge = ./f',
    "filter.lfs.process runs ./f": '[filter "lfs"]\nprocess = ./f',
    "merge.x.driver runs m %A": '[merge "x"]\ndriver = m %A',
    "gpg.program runs g": "[gpg]\nprogram = g",
    "gpg.ssh.defaultkeycommand runs g": '[gpg "ssh"]\ndefaultKeyCommand = g',
    "credential.helper runs !h": "[credential]\nhelper = !h",
    "credential.https://a.example.helper runs /h": '[credential "https://a.example"]\nhelper = /h',
    "include.path takes in more": "[include]\npath = more",
    "includeif.gitdir:/x/.path takes in more": '[includeIf "gitdir:/x/"]\npath = more',
    "url.https://b.example/.insteadof replaces https://a.example/ by its own address": (
        '[url "https://b.example/"]\ninsteadOf = https://a.example/'
    ),
    "alias.st runs !x": "[alias]\nst = !x",
    "pager.log runs ./p": "[pager]\nlog = ./p",
    "remote.o.uploadpack runs ./u": '[remote "o"]\nuploadpack = ./u',
    "remote.o.url runs ext::sh -c x": '[remote "o"]\nurl = ext::sh -c x',
    "remote.o.promisor fetches objects that are missing while git reads": (
        '[remote "o"]\npromisor = true'
    ),
    "extensions.partialclone fetches objects that are missing while git reads": (
        "[extensions]\npartialClone = o"
    ),
    "protocol.ext.allow lets an address name a command": '[protocol "ext"]\nallow = always',
    "submodule.s.update runs !x": '[submodule "s"]\nupdate = !x',
    "uploadpack.packobjectshook runs x": "[uploadpack]\npackObjectsHook = x",
    "tar.x.command runs x": '[tar "x"]\ncommand = x',
    "lfs.customtransfer.x.path runs ./x": '[lfs "customtransfer.x"]\npath = ./x',
}


@pytest.mark.parametrize("message", HAZARDOUS)
def test_a_dangerous_setting_is_a_hazard(message: str) -> None:
    """Each setting that starts a program or reaches outside is told, with its line."""
    config = gitstate.parse_config(HAZARDOUS[message].encode())
    assert config.complete
    assert list(gitstate.hazards(config)) == [Hazard(message, 2)]


def test_what_git_itself_writes_is_no_hazard() -> None:
    """A clone, its branches, Git LFS and the usual helpers are in order."""
    text = """
[core]
    repositoryformatversion = 0
    bare = false
    fsmonitor = true
    pager = false
    worktree = ../../../lib
[remote "origin"]
    url = git@a.example:b/c.git
    fetch = +refs/heads/*:refs/remotes/origin/*
    promisor = false
[branch "main"]
    remote = origin
    merge = refs/heads/main
[filter "lfs"]
    clean = git-lfs clean -- %f
    smudge = git-lfs smudge --skip -- %f
    process = git-lfs filter-process
    required = true
[credential]
    helper = store
[alias]
    st = status
[pager]
    log = false
[submodule "lib"]
    url = https://a.example/lib.git
    update = rebase
[protocol "file"]
    allow = always
[user]
    name = A
[diff]
    renames = true
"""
    config = gitstate.parse_config(text.encode())
    assert config.complete
    assert list(gitstate.hazards(config, "src/.git/modules/lib")) == []


def test_values_are_told_in_part() -> None:
    """A long value is cut."""
    config = gitstate.parse_config(b"[core]\nsshCommand = " + b"x" * 5000)
    (hazard,) = gitstate.hazards(config)
    assert len(hazard.message) < 250


def test_heads_and_references() -> None:
    """A branch, a detached head, other references; anything else is no head."""
    commit = "a" * 40
    assert gitstate.parse_head(b"ref: refs/heads/a/b\n") == Head("a/b", "refs/heads/a/b", None)
    assert gitstate.parse_head(b"ref: refs/notes/x\n") == Head(None, "refs/notes/x", None)
    assert gitstate.parse_head(f"{commit}\n".encode()) == Head(None, None, commit)
    assert gitstate.parse_head(("b" * 64).encode()) == Head(None, None, "b" * 64)
    assert gitstate.parse_head(b"") is None
    assert gitstate.parse_head(b"ref: /etc/passwd") is None
    assert gitstate.parse_ref(f"{commit}\n".encode()) == commit
    assert gitstate.parse_ref(b"\xff") is None
    packed = f"# pack-refs with: peeled\n{commit} refs/heads/x\n^{'c' * 40}\n".encode()
    assert gitstate.packed_ref(packed, "refs/heads/x") == commit
    assert gitstate.packed_ref(packed, "refs/heads/y") is None


def test_git_files_and_alternates() -> None:
    """Where a `.git` file leads; object stores that lie outside."""
    assert gitstate.git_file(b"gitdir: ../.git/modules/a\n") == "../.git/modules/a"
    assert gitstate.git_file(b"anything") is None
    text = b"/mnt/cache/objects\n# no\n../../lib/.git/objects\n\n../../../x\n"
    assert list(gitstate.alternates(text, ".git/objects")) == [
        Hazard("objects are read from /mnt/cache/objects, outside of the run", 1),
        Hazard("objects are read from ../../../x, outside of the run", 5),
    ]
