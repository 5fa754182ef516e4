"""The two sides of a difference as text: values that cannot be taken for each other."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from archiver.codecs import columns
from archiver.model.differences import (
    Area,
    Compared,
    Difference,
    Direction,
    Kind,
    Missing,
    Side,
    Significance,
    VariedField,
)
from archiver.model.values import Tagged, Value, nonfinite, to_json
from archiver.wording import counted

ABSENT = "absent"
"""Of a side that has nothing there; the text `absent` would stand in quotes."""
_LONGEST = 100_000
"""Characters of a value that are looked at."""
_BARE = re.compile(r"[^\s\"'{}\[\]<](?:.*[^\s\"'{}\[\]>])?")
"""Texts that cannot be taken for JSON or for a cut or padded one."""
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|0[xXoObB]\w+")
_WORDS = frozenset(
    {ABSENT, "null", "true", "false", "nan", "inf", "infinity", "none", "-", "~", "yes", "no"}
)
_SHORT_DIGITS = 6


def text(side: Side, *, digits: int | None = None, typed: bool = True) -> str:
    """A value on one line: texts bare where they can be nothing else, all other as JSON has it.

    `digits` are the significant digits of numbers with a fraction; all where it is None. Where
    types say nothing (`typed`), a text that looks like a number stays bare as well.
    """
    match side:
        case Missing():
            return ABSENT
        case Tagged(type="redacted", value=value):
            return value
        case Tagged(type=kind, value=value):
            return f"<{kind} {value[:_LONGEST]}>"
        case str():
            return _text(side[:_LONGEST], typed=typed)
        case bool() | None:
            return json.dumps(side)
        case int():
            return str(side) if side.bit_length() <= 512 else f"<{side.bit_length()} bits>"
        case float():
            return _number(side, digits)
    return json.dumps(_plain(side), ensure_ascii=False)[:_LONGEST]


def _text(value: str, *, typed: bool) -> str:
    plain = _BARE.fullmatch(value) is not None and value.lower() not in _WORDS
    if typed and plain:
        plain = _NUMBER.fullmatch(value) is None
    return value if plain else json.dumps(value, ensure_ascii=False)


def _number(value: float, digits: int | None) -> str:
    if not math.isfinite(value):
        return nonfinite(value)
    return repr(value) if digits is None else f"{value:.{digits}g}"


def _plain(value: Value) -> Value:
    try:
        return to_json(value)
    except RecursionError:
        return "nested too deeply to be shown"


def pair(item: Difference) -> tuple[str, str]:
    """Both sides; metrics in as many digits as tell them apart."""
    typed = item.area is Area.CONFIG
    a, b = _told_apart((item.a, item.b), typed=typed, short=item.area is Area.METRICS)
    return a, b


def row(item: VariedField) -> list[str]:
    """The values of a field in several runs, in as many digits as tell them apart."""
    return _told_apart(item.values, typed=item.area is Area.CONFIG, short=True)


def _told_apart(values: Sequence[Side], *, typed: bool, short: bool) -> list[str]:
    whole = [text(side, typed=typed) for side in values]
    if short:
        rounded = [text(side, typed=typed, digits=_SHORT_DIGITS) for side in values]
        if len(set(rounded)) == len(set(whole)):
            return rounded
    return whole


def word(item: Difference) -> str:
    """What a row says of its difference beyond the values: empty where those say it all."""
    found = []
    if item.kind not in (Kind.CHANGED, Kind.MOVED):
        found.append(item.kind.value)
    if item.direction is not Direction.NONE:
        found.append(item.direction.value)
    if item.significance is not Significance.SIGNIFICANT:
        found.append(item.significance.value)
    return ", ".join(found)


def notes(item: Difference) -> list[str]:
    """What stands beneath a row."""
    moved = [f"moved from {item.from_}"] if item.from_ else []
    return moved + ([item.note] if item.note else [])


def name(run: Compared) -> str:
    """A run as people name it."""
    return f"{run.experiment}/{run.run_id}" if run.experiment else run.run_id


def told(run: Compared) -> str:
    """What else is to know of a run, after its name."""
    return ", ".join([*run.producers, run.status])


def summed(summary: Mapping[str, int]) -> str:
    """The last line: how many differences there are."""
    most = summary[Significance.SIGNIFICANT.value]
    rest = unshown(summary)
    if not most and not rest:
        return "identical: nothing differs"
    head = counted(most, "significant difference") if most else "nothing significant differs"
    return f"{head}; {rest}" if rest else head


def unshown(summary: Mapping[str, int]) -> str:
    """`41 volatile, 3 equivalent`; empty where there are none."""
    others = (Significance.VOLATILE.value, Significance.EQUIVALENT.value)
    return ", ".join(f"{summary[word]} {word}" for word in others if summary.get(word))


def folded(value: str, width: int) -> str:
    """A text in so many columns: what is left out is its middle."""
    if columns.fits(value, width):
        return value
    head = columns.beginning(value, (width - 1) // 2)
    return f"{head}…{columns.ending(value, width - 1 - columns.width(head))}"


def folded_pair(a: str, b: str, width: int) -> tuple[str, str]:
    """Two texts in so many columns each, folded so that they still differ."""
    short = folded(a, width), folded(b, width)
    if short[0] != short[1] or a == b:
        return short
    start = first_difference(a, b)
    return window(a, start, width), window(b, start, width)


def first_difference(a: str, b: str) -> int:
    """Where two texts part; the shorter one's length where it begins the other.

    Marks that differ part them at the character that they mark.
    """
    pairs = enumerate(zip(a, b, strict=False))
    place = next((place for place, (x, y) in pairs if x != y), min(len(a), len(b)))
    while place and any(_is_mark(text[place : place + 1]) for text in (a, b)):
        place -= 1
    return place


def _is_mark(char: str) -> bool:
    return bool(char) and not columns.width(char)


def window(value: str, place: int, width: int) -> str:
    """So many columns around a place; its end where that shows the place as well."""
    if columns.fits(value, width):
        return value
    before, after = value[:place], value[place:]
    if columns.fits(before, width // 2 - 1):
        return f"{columns.beginning(value, width - 1)}…"
    if columns.fits(after, width - 1):
        return f"…{columns.ending(value, width - 1)}"
    # A little of what is before it tells where one is.
    lead = columns.ending(before, width // 3)
    return f"…{lead}{columns.beginning(after, width - 2 - columns.width(lead))}…"


def areas(items: Iterable[Difference]) -> dict[Area, list[Difference]]:
    """The differences by area, in the order in which they are told."""
    found: dict[Area, list[Difference]] = {area: [] for area in Area}
    for item in items:
        found[item.area].append(item)
    return {area: own for area, own in found.items() if own}
