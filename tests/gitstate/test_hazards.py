"""What is dangerous in git's files, and what is not."""

from __future__ import annotations

import pytest

from archiver.gitstate.config import parse_config
from archiver.gitstate.hazards import Hazard, alternates, hazards

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
    config = parse_config(HAZARDOUS[message].encode())
    assert config.complete
    assert list(hazards(config)) == [Hazard(message, 2)]


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
    config = parse_config(text.encode())
    assert config.complete
    assert list(hazards(config, "src/.git/modules/lib")) == []


def test_values_are_told_in_part() -> None:
    """A long value is cut."""
    config = parse_config(b"[core]\nsshCommand = " + b"x" * 5000)
    (hazard,) = hazards(config)
    assert len(hazard.message) < 250


def test_alternates() -> None:
    """Object stores that lie outside."""
    text = b"/mnt/cache/objects\n# no\n../../lib/.git/objects\n\n../../../x\n"
    assert list(alternates(text, ".git/objects")) == [
        Hazard("objects are read from /mnt/cache/objects, outside of the run", 1),
        Hazard("objects are read from ../../../x, outside of the run", 5),
    ]
