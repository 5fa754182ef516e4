"""What in a repository makes git start a program, or reach outside of the run.

Format facts: git-config(1) "Variables", gitattributes(5), gitrepository-layout(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archiver.gitstate.config import Config, Setting
from archiver.gitstate.references import SMALL_BYTES
from archiver.model.paths import joined

HAZARDS_MOST = 200
"""Hazards of one repository that are named."""
_TOLD = 160
"""Characters of a value that are told."""
_TRUE_OR_FALSE = frozenset({"true", "yes", "on", "1", "false", "no", "off", "0", ""})


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something of a repository that makes git start a program or reach outside."""

    message: str
    line: int | None = None


def alternates(data: bytes, directory: str) -> Iterator[Hazard]:
    """Object stores elsewhere that `objects/info/alternates` names."""
    lines = data[:SMALL_BYTES].decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#") and joined(directory, line) is None:
            yield Hazard(f"objects are read from {_told(line)}, outside of the run", number)


def hazards(config: Config, directory: str = ".git") -> Iterator[Hazard]:
    """The settings that make git start a program, or read and send elsewhere.

    `directory` is where the repository's own files lie in the run.
    """
    for setting in config.settings:
        if setting.section == "core":
            told = _core(setting, directory)
        else:
            told = _JUDGES.get(setting.section, _nothing)(setting)
        if told:
            yield Hazard(f"{_told(setting.name)} {told}", setting.line)


def _told(text: str) -> str:
    return text if len(text) <= _TOLD else text[:_TOLD] + "…"


def _runs(setting: Setting) -> str:
    return f"runs {_told(setting.value)}"


def _nothing(_: Setting) -> str:
    return ""


def _core(setting: Setting, directory: str) -> str:
    value, around = setting.value, directory.rpartition("/")[0]
    match setting.key:
        case "fsmonitor" | "pager" if value.lower() not in _TRUE_OR_FALSE:
            return _runs(setting)
        case "sshcommand" | "editor" | "gitproxy" | "askpass" | "alternaterefscommand" if value:
            return _runs(setting)
        case "hookspath" if value:
            return f"takes hooks from {_told(value)}"
        case "worktree" if joined(directory, value) is None:
            return f"takes {_told(value)} for the working tree, which lies outside of the run"
        case "attributesfile" if value.startswith("~") or joined(around, value) is None:
            return f"takes attributes from {_told(value)}, outside of the run"
    return ""


def _commands(*keys: str) -> Callable[[Setting], str]:
    """Variables whose value is a command."""

    def judge(setting: Setting) -> str:
        return _runs(setting) if setting.key in keys and setting.value else ""

    return judge


def _pager(setting: Setting) -> str:
    return "" if setting.value.lower() in _TRUE_OR_FALSE else _runs(setting)


_LFS = re.compile(r"git-lfs (?:clean|smudge|filter-process)(?: --skip)?(?: -- %f)?")
"""What `git lfs install --local` writes: a program of the person's own."""


def _filter(setting: Setting) -> str:
    if setting.key not in ("clean", "smudge", "process") or not setting.value:
        return ""
    return "" if _LFS.fullmatch(setting.value) else _runs(setting)


_HELPERS = frozenset(
    {
        "", "cache", "gnome-keyring", "libsecret", "manager", "manager-core", "osxkeychain",
        "store", "wincred",
    }
)  # fmt: skip


def _credential(setting: Setting) -> str:
    if setting.key != "helper" or setting.value in _HELPERS:
        return ""
    return _runs(setting)


def _include(setting: Setting) -> str:
    return f"takes in {_told(setting.value)}" if setting.key == "path" and setting.value else ""


def _url(setting: Setting) -> str:
    if setting.key not in ("insteadof", "pushinsteadof") or not setting.value:
        return ""
    return f"replaces {_told(setting.value)} by its own address"


def _alias(setting: Setting) -> str:
    # Also spelled `alias.<name>.command`.
    return _runs(setting) if setting.value.startswith("!") else ""


def _remote(setting: Setting) -> str:
    value = setting.value
    match setting.key:
        case "uploadpack" | "receivepack" | "vcs" if value:
            return _runs(setting)
        case "url" | "pushurl" if value.startswith(("ext::", "fd::", "-")):
            return _runs(setting)
        case "promisor" if value.lower() not in ("false", "no", "off", "0", ""):
            return "fetches objects that are missing while git reads"
    return ""


def _extensions(setting: Setting) -> str:
    if setting.key == "partialclone" and setting.value:
        return "fetches objects that are missing while git reads"
    return ""


def _submodule(setting: Setting) -> str:
    return _runs(setting) if setting.key == "update" and setting.value.startswith("!") else ""


def _protocol(setting: Setting) -> str:
    if setting.key == "allow" and setting.value == "always" and setting.subsection in ("", "ext"):
        return "lets an address name a command"
    return ""


def _lfs(setting: Setting) -> str:
    kind = setting.subsection.partition(".")[0]
    if kind in ("customtransfer", "extension") and setting.key in ("path", "clean", "smudge"):
        return _runs(setting)
    return ""


_JUDGES: dict[str, Callable[[Setting], str]] = {
    "alias": _alias,
    "browser": _commands("cmd", "path"),
    "credential": _credential,
    "diff": _commands("external", "command", "textconv"),
    "difftool": _commands("cmd", "path"),
    "extensions": _extensions,
    "filter": _filter,
    "gc": _commands("recentobjectshook"),
    "gpg": _commands("program", "defaultkeycommand"),
    "guitool": _commands("cmd"),
    "hook": _commands("command"),
    "imap": _commands("tunnel"),
    "include": _include,
    "includeif": _include,
    "interactive": _commands("difffilter"),
    "lfs": _lfs,
    "man": _commands("cmd", "path"),
    "merge": _commands("driver"),
    "mergetool": _commands("cmd", "path"),
    "pager": _pager,
    "protocol": _protocol,
    "remote": _remote,
    "sendemail": _commands("cccmd", "headercmd", "sendmailcmd", "tocmd"),
    "sequence": _commands("editor"),
    "submodule": _submodule,
    "tar": _commands("command"),
    "trailer": _commands("cmd", "command"),
    "uploadpack": _commands("packobjectshook"),
    "url": _url,
}
"""Section -> what its variables do; `core` apart, the missing ones hold no such thing."""
