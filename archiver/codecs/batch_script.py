"""SLURM batch scripts as text: directives and commands, nothing expanded, nothing executed.

Directives are `#SBATCH` lines before the first command (https://slurm.schedmd.com/sbatch.html);
`##SBATCH` lines are comments. Words are split as a shell would, but `$VAR` and the like stay.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.flaws import Flaws

_DIRECTIVE = "#SBATCH"
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{0,40}>")
_HEREDOC = re.compile(r"<<-?\s?['\"]?(\w{1,60})")
_SHORT = {
    "A": "account", "C": "constraint", "D": "chdir", "G": "gpus", "J": "job-name", "N": "nodes",
    "a": "array", "c": "cpus-per-task", "e": "error", "n": "ntasks", "o": "output",
    "p": "partition", "q": "qos", "t": "time", "w": "nodelist",
}  # fmt: skip
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", ">", ">>", "2>", "2>>", "&>", "<"})
_MOST_LINES = 10_000


@dataclass(frozen=True, slots=True)
class ShellLine:
    """One command line, continued lines joined."""

    line: int
    text: str
    words: tuple[str, ...]
    """Empty where the quotes do not match."""


@dataclass
class BatchScript:
    """What stands in a script.

    Flaws: `late-directive`, `bad-quotes`, `too-many-lines`, `bad-utf8`.
    """

    directives: dict[str, list[str]] = field(default_factory=dict)
    """Long option -> values as written (empty for a switch), in their order."""
    placeholders: int = 0
    """Directives whose value nobody filled in (`<PART>`)."""
    commands: list[ShellLine] = field(default_factory=list)
    flaws: Flaws = field(default_factory=Flaws)

    def last(self, name: str) -> str:
        """The value of an option that counts: the last one; empty without one."""
        return self.directives.get(name, [""])[-1]


def parse(data: bytes) -> BatchScript:
    """Read a script; nothing in it raises."""
    script = BatchScript()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        script.flaws.add("bad-utf8", "bytes that are no utf-8 replaced")
        text = data.decode("utf-8", "replace")
    for number, line in _logical(text, script.flaws):
        bare = line.strip()
        if bare.startswith(_DIRECTIVE) and bare[len(_DIRECTIVE) :][:1] in (" ", "\t"):
            _directive(script, number, bare[len(_DIRECTIVE) :])
        elif bare and not bare.startswith("#"):
            script.commands.append(ShellLine(number, bare, _words(script, number, bare)))
    return script


def _logical(text: str, flaws: Flaws) -> Iterator[tuple[int, str]]:
    """Lines with the ones that they continue on, here-documents left out."""
    parts: list[str] = []
    begun = 0
    until = ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if number > _MOST_LINES:
            flaws.add("too-many-lines", f"only {_MOST_LINES} lines were read", f"L{number - 1}")
            return
        if until:
            until = "" if raw.strip() == until else until
            continue
        begun = begun if parts else number
        continued = raw.endswith("\\") and not raw.lstrip().startswith("#")
        parts.append(raw[:-1] if continued else raw)
        if continued:
            continue
        line = " ".join(part.strip() for part in parts)
        parts = []
        yield begun, line
        here = _HEREDOC.search(line)
        until = here[1] if here and not line.lstrip().startswith("#") else ""
    if parts:
        yield begun, " ".join(part.strip() for part in parts)


def _words(script: BatchScript, number: int, text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text, comments=True))
    except ValueError:
        script.flaws.add("bad-quotes", "quotes that do not match", f"L{number}")
        return ()


def _directive(script: BatchScript, number: int, text: str) -> None:
    if script.commands:
        message = "a directive after the first command, which the scheduler does not read"
        script.flaws.add("late-directive", message, f"L{number}")
        return
    words = list(_words(script, number, text))
    while words:
        name, value = _option(words)
        if not name:
            continue
        if _PLACEHOLDER.search(value):
            script.placeholders += 1
            continue
        script.directives.setdefault(name, []).append(value)


def _option(words: list[str]) -> tuple[str, str]:
    """Take one option with its value off the words; an empty name for anything else."""
    word = words.pop(0)
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if not equals and words and not words[0].startswith("-"):
            value = words.pop(0)
        return name, value
    if word.startswith("-") and word[1:2] in _SHORT:
        value = word[2:].removeprefix("=")
        if not value and words and not words[0].startswith("-"):
            value = words.pop(0)
        return _SHORT[word[1]], value
    return "", ""


def command(line: ShellLine, *words: str) -> tuple[str, ...]:
    """The words of a command that begins with the given ones, somewhere on the line.

    Empty where it does not stand there; what follows a separator or a redirection is left out.
    """
    for start in range(len(line.words)):
        if line.words[start : start + len(words)] == words:
            found = line.words[start:]
            ends = (n for n, word in enumerate(found) if _separates(word))
            return found[: next(ends, len(found))]
    return ()


def _separates(word: str) -> bool:
    return word in _SEPARATORS or word.startswith((">", "2>", "&>"))
