"""A repository's configuration, read as git reads it.

Format facts: git-config(1) "Syntax".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws
from archiver.limits import DEFAULT, MIB, Limits

CONFIG_BYTES = MIB
"""One configuration; those that exist have a few kilobytes."""
_SECTION = re.compile(r'\[([-.A-Za-z0-9]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]')
_KEY = re.compile(r"([A-Za-z][-A-Za-z0-9]*)[ \t]*(=?)[ \t]*")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}


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
