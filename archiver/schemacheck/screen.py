"""What JSON cannot hold, as the engines are shown it.

The engines know JSON alone, and disagree on NaN. So that no false violation comes of it, a value
that JSON cannot hold stands for anything that the schema could ask for in its place:

- a number that is not finite stands for any number (another rule reports it as what it is);
- a `Tagged` (a Python object named in YAML, bytes, an unresolved interpolation, a number of too
  many digits) and a text that holds a redaction marker stand for anything at all.

A document is accepted if it would be with some such value. The fast engine is shown one example
of each; where that does not do, the thorough one is shown a `Wild`, to which no keyword objects.
"""

from __future__ import annotations

from math import isfinite

from archiver.model.values import Tagged, Value

SOME_NUMBER = 1
"""Within nearly every range that is asked for: positive, at most 1, an integer."""
SOME_TEXT = "text"


class Wild:
    """A value that stands for anything, or for any number."""

    __slots__ = ("number",)

    def __init__(self, *, number: bool) -> None:
        self.number = number

    def __repr__(self) -> str:
        return "a number that is not finite" if self.number else "a value that JSON cannot hold"


class Object(dict[str, object]):
    """An object whose text is short: engines put whole instances into their messages."""

    __slots__ = ("wild",)

    def __init__(self) -> None:
        super().__init__()
        self.wild = False

    def __repr__(self) -> str:
        return f"<object of {len(self)}>"


class Array(list[object]):
    """A list whose text is short."""

    __slots__ = ("wild",)

    def __init__(self) -> None:
        super().__init__()
        self.wild = False

    def __repr__(self) -> str:
        return f"<array of {len(self)}>"


def holds_marker(text: str) -> bool:
    """Whether the marker of a redacted secret stands in a text."""
    if "[redacted:" not in text:
        return False
    from archiver.redaction.worth import MARKER

    return MARKER.search(text) is not None


def is_wild(value: object) -> bool:
    """Whether a screened value is one that stands for others, or holds one."""
    return isinstance(value, Wild) or (isinstance(value, Object | Array) and value.wild)


def is_odd(value: Value) -> bool:
    """Whether anything that JSON cannot hold stands in the value; without recursion.

    Every value that is checked comes through here.
    """
    level = [value]
    while level:
        below: list[Value] = []
        for item in level:
            if isinstance(item, str | int):
                continue
            if isinstance(item, float):
                if not isfinite(item):
                    return True
            elif isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, Tagged):
                return True
        level = below
    return False


def example(value: Value) -> Value:
    """The value with an example in place of each that JSON cannot hold."""
    if isinstance(value, float):
        return value if isfinite(value) else SOME_NUMBER
    if isinstance(value, Tagged):
        return SOME_TEXT
    if isinstance(value, dict):
        return {key: example(item) for key, item in value.items()}
    if isinstance(value, list):
        return [example(item) for item in value]
    return value


def screened(value: Value) -> object:
    """The value with a `Wild` in place of each that JSON cannot hold, in containers of our own."""
    if isinstance(value, float):
        return value if isfinite(value) else Wild(number=True)
    if isinstance(value, Tagged):
        return Wild(number=False)
    if isinstance(value, str):
        return Wild(number=False) if holds_marker(value) else value
    if isinstance(value, dict):
        made = Object()
        for key, item in value.items():
            made[key] = inner = screened(item)
            made.wild = made.wild or is_wild(inner)
        return made
    if isinstance(value, list):
        items = Array()
        for item in value:
            inner = screened(item)
            items.append(inner)
            items.wild = items.wild or is_wild(inner)
        return items
    return value
