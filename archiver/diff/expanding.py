"""Settings that stand inside of a text: in a command line, or as Python prints an object.

`--lr 6.0e-4` and `Namespace(lr=6e-4)` become values of their own, which never had another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archiver.diff.alike import ARGUMENT
from archiver.diff.names import plain
from archiver.model.values import Tagged, Value

_OPTION = re.compile(r"--?([A-Za-z][\w.\-]*)(?:=(.*))?\Z", re.DOTALL)
_KEYED = re.compile(r"([A-Za-z_][\w.]*)=(.+)\Z", re.DOTALL)
_TOKEN = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_HINT = re.compile(r"(?:^|\s)--[A-Za-z]")
_PRINTED = re.compile(r"[A-Za-z_][\w.]*\(")
_ENUMERATED = re.compile(r"<[\w.]+: (.+)>\Z", re.DOTALL)
"""How Python prints a member of an enumeration; its value counts."""
_QUOTED = {quote: rf"{quote}(?:[^{quote}\\]|\\.)*+{quote}|{quote}" for quote in ("'", '"')}
"""A string, or the quote of one that is not closed."""
_MARKS = {
    quotes: re.compile("|".join((*(_QUOTED[quote] for quote in quotes), r"[()\[\]{},]")), re.DOTALL)
    for quotes in ("'\"", "'", '"', "")
}
"""What parts an object, by the quotes that are looked at."""
_LONGEST = 100_000
_FEWEST = 2
_MOST_WORDS = 10_000
PROGRAM = "command"
"""Key of what is no option: the program and what it works on."""


def expanded(values: dict[str, Value]) -> dict[str, Value]:
    """A configuration whose command lines and printed objects, at the top of it, are objects."""
    return {key: _entered(value, values) for key, value in values.items()}


def _entered(value: Value, beside: dict[str, Value]) -> Value:
    found = _options(value)
    if found is not None:
        return found
    fields = printed(value) if isinstance(value, str) and len(value) <= _LONGEST else None
    if fields is None:
        return value
    # An object that repeats what stands beside it says that once.
    return {name: item for name, item in fields.items() if name not in beside}


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


def printed(text: str) -> dict[str, Value] | None:
    """The fields of an object as Python prints it, `Name(key=value, ...)`; None of another text."""
    head = _PRINTED.match(text)
    if head is None or not text.endswith(")"):
        return None
    found: dict[str, Value] = {}
    for part in _parts(text, head.end(), len(text) - 1):
        keyed = _KEYED.match(part.strip())
        if keyed is None:
            return None
        enumerated = _ENUMERATED.match(keyed[2])
        found[keyed[1]] = Tagged(ARGUMENT, enumerated[1] if enumerated else keyed[2])
    return found if len(found) >= _FEWEST else None


def _parts(text: str, start: int, end: int) -> Iterator[str]:
    """What commas part that stand outside of brackets and quotes."""
    depth, begun = 0, start
    for mark in _marks(text, start, end):
        if mark[0] in "([{":
            depth += 1
        elif mark[0] in ")]}":
            depth -= 1
        elif mark[0] == "," and not depth:
            yield text[begun : mark.start()]
            begun = mark.end()
    yield text[begun:end]


def _marks(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Brackets, commas and strings; where a quote is not closed, no later one of its kind is."""
    quotes = "'\""
    mark = _MARKS[quotes].search(text, start, end)
    while mark is not None:
        yield mark
        if mark[0] in quotes:
            quotes = quotes.replace(mark[0], "")
        mark = _MARKS[quotes].search(text, mark.end(), end)


def _value(words: list[str]) -> Value:
    if len(words) == 1:
        return Tagged(ARGUMENT, words[0])
    items: list[Value] = [Tagged(ARGUMENT, word) for word in words]
    return items or Tagged(ARGUMENT, "True")
