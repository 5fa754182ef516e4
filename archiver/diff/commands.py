"""Settings that stand in a command line: `--lr 6.0e-4` inside of a text becomes a value of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archiver.diff.alike import ARGUMENT
from archiver.diff.names import plain
from archiver.model.values import Tagged, Value

_OPTION = re.compile(r"--?([A-Za-z][\w.\-]*)(?:=(.*))?\Z", re.DOTALL)
_KEYED = re.compile(r"([A-Za-z_][\w.]*)=(.+)\Z", re.DOTALL)
_TOKEN = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_HINT = re.compile(r"(?:^|\s)--[A-Za-z]")
_LONGEST = 100_000
_FEWEST = 2
_MOST_WORDS = 10_000
PROGRAM = "command"
"""Key of what is no option: the program and what it works on."""


def expanded(values: dict[str, Value]) -> dict[str, Value]:
    """A configuration whose command lines, at the top of it, are objects of their options."""
    return {key: _options(value) or value for key, value in values.items()}


def _options(value: Value) -> dict[str, Value] | None:
    if isinstance(value, str):
        found = len(value) <= _LONGEST and len(_HINT.findall(value)) >= _FEWEST
        return options(_TOKEN.findall(value)) if found else None
    if isinstance(value, list) and _FEWEST < len(value) <= _MOST_WORDS:
        words = [item for item in value if isinstance(item, str)]
        if len(words) == len(value) and sum(item.startswith("--") for item in words) >= _FEWEST:
            return options(words)
    return None


def options(words: Iterable[str]) -> dict[str, Value]:
    """The options of a command line by name, and under `command` the rest of its words.

    An option that stands several times, or takes several words, is a list; one without a word is
    `True`. `lr=1e-4` is an option however it is introduced. Options go without their dashes, by
    the names that settings have elsewhere.
    """
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    name: str | None = None
    for word in words:
        option, keyed = _OPTION.match(word), _KEYED.match(word)
        if option is not None:
            name = plain(option[1])
            given = found.setdefault(name, [])
            if option[2] is not None:
                given.append(option[2])
                name = None
        elif keyed is not None:
            if name is not None and not found[name]:
                # What introduces settings of other names is none itself.
                del found[name]
            found.setdefault(keyed[1], []).append(keyed[2])
            name = None
        elif name is not None:
            found[name].append(word)
        else:
            rest.append(word)
    values: dict[str, Value] = {PROGRAM: Tagged(ARGUMENT, " ".join(rest))} if rest else {}
    return values | {name: _value(given) for name, given in found.items()}


def _value(words: list[str]) -> Value:
    if len(words) == 1:
        return Tagged(ARGUMENT, words[0])
    items: list[Value] = [Tagged(ARGUMENT, word) for word in words]
    return items or Tagged(ARGUMENT, "True")
