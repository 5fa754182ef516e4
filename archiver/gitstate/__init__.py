"""The only door to git: a repository's files read as data; no process is started.

What git itself does with a repository it is merely run in (`git status`, `git log`) may start any
program that the repository's own configuration names. A run directory is untrusted, so such
configuration is worth knowing before anybody, a tool or a person, calls git there.

Format facts: git-config(1) "Syntax" and "Variables", gitrepository-layout(5), githooks(5),
gitattributes(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, KIB, MIB, Limits
from archiver.model.paths import joined

CONFIG_BYTES = MIB
"""One configuration; those that exist have a few kilobytes."""
SMALL_BYTES = 64 * KIB
"""HEAD, a reference, alternates, a `.git` file."""
PACKED_BYTES = 16 * MIB
"""`packed-refs`: a line per reference."""
HAZARDS_MOST = 200
"""Hazards of one repository that are named."""
_TOLD = 160
"""Characters of a value that are told."""

_SECTION = re.compile(r'\[([-.A-Za-z0-9]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]')
_KEY = re.compile(r"([A-Za-z][-A-Za-z0-9]*)[ \t]*(=?)[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}
_TRUE_OR_FALSE = frozenset({"true", "yes", "on", "1", "false", "no", "off", "0", ""})
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"ref:[ \t]*(refs/\S+)")


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of a configuration."""

    section: str
    """In lower case."""
    subsection: str
    """As written; empty where there is none."""
    key: str
    """In lower case."""
    value: str
    line: int

    @property
    def name(self) -> str:
        """`section.subsection.key`, as git spells it."""
        return ".".join(part for part in (self.section, self.subsection, self.key) if part)


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file."""

    settings: tuple[Setting, ...] = ()
    complete: bool = True
    """False from where git itself would refuse the file."""
    flaws: Flaws = field(default_factory=Flaws)

    def last(self, section: str, key: str, subsection: str = "") -> str | None:
        """The value that counts of a variable."""
        wanted = (section, subsection, key)
        return next(
            (
                item.value
                for item in reversed(self.settings)
                if (item.section, item.subsection, item.key) == wanted
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something of a repository that makes git start a program or reach outside."""

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out."""

    branch: str | None
    """Without `refs/heads/`; None for a detached head."""
    ref: str | None
    commit: str | None
    """Of a detached head; a branch's stands in its reference."""


def parse_config(data: bytes, limits: Limits = DEFAULT) -> Config:
    """Read a configuration as git does; nothing in it raises.

    Flaws: `size-limit`, `syntax` (git refuses such a file; what stands before it was read).
    """
    flaws = Flaws()
    if len(data) > CONFIG_BYTES:
        flaws.add("size-limit", f"{len(data)} bytes are more than a configuration may have")
        return Config((), complete=False, flaws=flaws)
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    return _Parser(text, flaws, limits).read()


class _Parser:
    """One pass over the characters; every step moves on."""

    def __init__(self, text: str, flaws: Flaws, limits: Limits) -> None:
        self._text, self._flaws, self._limits = text, flaws, limits
        self._pos, self._line = 0, 1
        self._section, self._subsection = "", ""
        self._found: list[Setting] = []

    def read(self) -> Config:
        complete = self._read()
        if not complete:
            self._flaws.add("syntax", "no line of a git configuration", f"L{self._line}")
        return Config(tuple(self._found), complete, self._flaws)

    def _read(self) -> bool:
        text = self._text
        while self._pos < len(text):
            char = text[self._pos]
            if char == "\n":
                self._line += 1
                self._pos += 1
            elif char.isspace():
                self._pos += 1
            elif char in "#;":
                end = text.find("\n", self._pos)
                self._pos = len(text) if end < 0 else end
            elif not (self._header() if char == "[" else self._variable()):
                return False
        return True

    def _header(self) -> bool:
        matched = _SECTION.match(self._text, self._pos)
        if matched is None:
            return False
        # `[section.subsection]` is the old spelling; its subsection is in lower case.
        self._section, _, first = matched[1].lower().partition(".")
        second = re.sub(r"\\(.)", r"\1", matched[2] or "")
        self._subsection = ".".join(part for part in (first, second) if part)
        self._pos = matched.end()
        return True

    def _variable(self) -> bool:
        matched = _KEY.match(self._text, self._pos)
        if matched is None:
            return False
        line = self._line
        self._pos = matched.end()
        value: str | None = "true"
        if matched[2]:
            value = self._value()
        elif self._text[self._pos : self._pos + 1] not in ("", "\n"):
            return False
        if value is None:
            return False
        if len(self._found) >= self._limits.packages:
            self._flaws.add("size-limit", "variables after it are not looked at", f"L{line}")
            self._pos = len(self._text)
            return True
        key = matched[1].lower()
        self._found.append(Setting(self._section, self._subsection, key, value, line))
        return True

    def _value(self) -> str | None:
        """The value that begins here, up to the end of its line; None where git refuses it."""
        text, quoted, blanks = self._text, False, ""
        parts: list[str] = []
        while self._pos < len(text) and text[self._pos] != "\n":
            char = text[self._pos]
            self._pos += 1
            if char == "\\":
                escaped = text[self._pos : self._pos + 1]
                self._pos += 1
                if escaped == "\n":
                    self._line += 1
                    continue
                if escaped not in _ESCAPES:
                    return None
                char = _ESCAPES[escaped]
            elif char == '"':
                quoted = not quoted
                continue
            elif not quoted and char in "#;":
                end = text.find("\n", self._pos)
                self._pos = len(text) if end < 0 else end
                break
            elif not quoted and char in " \t":
                blanks += char
                continue
            if blanks:
                parts.append(blanks if parts else "")
                blanks = ""
            parts.append(char)
        return None if quoted else "".join(parts)


def parse_head(data: bytes) -> Head | None:
    """What `HEAD` says; None where it is no head of a repository."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace").strip()
    matched = _REF.fullmatch(text)
    if matched is not None:
        ref = matched[1]
        branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
        return Head(branch, ref, None)
    return Head(None, None, text) if _HASH.fullmatch(text) else None


def parse_ref(data: bytes) -> str | None:
    """The commit that a reference's own file holds."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace").strip()
    return text if _HASH.fullmatch(text) else None


def packed_ref(data: bytes, ref: str) -> str | None:
    """The commit of a reference in `packed-refs`."""
    wanted = f" {ref}"
    for line in data.decode("utf-8", "replace").splitlines():
        if line.endswith(wanted) and _HASH.fullmatch(line.removesuffix(wanted)):
            return line.removesuffix(wanted)
    return None


def git_file(data: bytes) -> str | None:
    """Where a `.git` file says that the repository lies; None where it is no such file."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace")
    return text.removeprefix("gitdir:").strip() if text.startswith("gitdir:") else None


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
