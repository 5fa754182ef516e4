"""Lines that Megatron-LM and its relatives print while they train: text to typed values.

An iteration line is one physical line of fields parted by `|`. The fields' order is fixed and
nearly each of them may be missing, so they are told by their labels, never by their place. Forks
change labels, prefixes and units: Megatron-DeepSpeed prints seconds, MindSpeed's FSDP2 trainer
prefixes its logger, Primus prints `now/average` pairs, v1.0 prints no samples and no time.
Numbers come as `5.152024E+00`, `36.1`, `NAN`, `-INF`, `nan`; a perplexity is capped at exp(20).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters, digits
from typing import NamedTuple

LINE_CHARACTERS = 64 * 1024
"""What is looked at of one line; a real one has less than a thousand characters."""
PPL_CAP = math.exp(20)
"""The largest perplexity that Megatron prints, whatever the loss: exp(min(20, loss))."""
_CAP_FROM = PPL_CAP * (1 - 1e-6)
_LABEL_KEPT = 120
_FIELDS = 200

_HEAD = re.compile(
    r"iteration:?[ \t]{0,20}(\d{1,18})[ \t]{0,20}"
    r"(?:/[ \t]{0,20}(\d{1,18})[ \t]{0,20})?(?:\||$)"
)
_NO_HEAD = ("at ", "-", "_", *ascii_letters, *digits)
"""What a word before `iteration`, or a part of the same word, ends with."""
_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)\]")
_NUMBER = re.compile(
    r"([+-]?\d{1,60}(?:\.(\d{0,60}))?(e[+-]?\d{1,4})?|[+-]?(?:nan|inf(?:inity)?))"
    r"[ ]?(?:GB|GiB|MB|MiB|%|ms|s)?",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"([A-Za-z][A-Za-z _/()%]{0,100}?)[ \t]{1,40}"
    r"([+-]?\d{1,40}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,4})?)"
)
_VALIDATION = re.compile(
    r"\bvalid(?:ation)?(-[^\s|]{1,80})? loss at "
    r"(?:iteration[ \t]{1,20}(\d{1,18})(?: on (validation|test) set)?"
    r"|the end of training for (val|test)[a-z]{0,10} data)[ \t]{0,8}\|"
)
_RANK = re.compile(r"\[Rank (\d{1,9})\]")
_AFTER = re.compile(r"after (\d{1,18}) iterations")
_MEMORY = " memory (MB) |"
_ARGUMENT = re.compile(r"  ([A-Za-z_]\S{0,200}) (\.*)(?: (.*))?\Z", re.DOTALL)
_PREFIX = re.compile(
    r"(?:\[[\w.-]{1,100}(?::\d{1,9})?\]:[ ]?|\d{1,9}:[ ]?(?=[ \[A-Za-z_-])|[\w.-]{1,100}/\d{1,9} )"
)


class Figure(NamedTuple):
    """One number of a line with its label."""

    key: str
    """As written, runs of blanks made one."""
    value: float
    text: str

    @property
    def absolute_error(self) -> float:
        """Half of the last decimal, for plain numbers with decimals."""
        half, scientific = _rounding(self.text)
        return 0.0 if scientific else half

    @property
    def relative_error(self) -> float:
        """Half of the last digit relative to the value, for numbers with an exponent."""
        half, scientific = _rounding(self.text)
        return half if scientific else 0.0


def _rounding(text: str) -> tuple[float, bool]:
    match = _NUMBER.fullmatch(text)
    if match is None or match[2] is None:
        return 0.0, False
    return 0.5 * 10.0 ** -len(match[2]), match[3] is not None


@dataclass(frozen=True, slots=True)
class IterationLine:
    """What one iteration line says."""

    iteration: int
    total: int | None
    """Iterations planned; some trainers do not print it."""
    stamp: str | None
    """Local time without a zone, as written."""
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    """Fields without a number."""
    whole: bool = True
    """Whether it ends as a line does; a torn one lost the field that it breaks off in."""

    def value(self, *keys: str) -> float | None:
        """The number with one of these labels."""
        return next((item.value for item in self.figures if item.key in keys), None)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One loss of a validation line."""

    key: str
    loss: Figure
    ppl: Figure | None
    capped: bool
    """Whether the perplexity is the cap and says nothing but `20 or more, or no number`."""


@dataclass(frozen=True, slots=True)
class ValidationLine:
    """One evaluation."""

    iteration: int | None
    """None for those that older versions make when training is over."""
    split: str
    """`val` or `test`."""
    final: bool
    """Made when training was over; the periodic one of the same iteration is another."""
    dataset: str | None
    """Which of several validation sets, as written."""
    losses: tuple[Evaluated, ...]


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """What one process reports of its device's memory, in MiB (written MB)."""

    rank: str | None
    iteration: int | None
    """None for reports that are not made after an iteration."""
    figures: tuple[Figure, ...]


def rank_prefix(text: str) -> str:
    """What a launcher put before a line (`[rank1]: `, `[node:3]:`, `12: `, `job/0 `)."""
    match = _PREFIX.match(text)
    return match[0] if match is not None else ""


@lru_cache(maxsize=4096)
def _label(text: str) -> str:
    return " ".join(text.split())[:_LABEL_KEPT]


def figure(key: str, text: str) -> Figure | None:
    """A number with its label; None where the text is no number."""
    try:
        # Most are plain; `float` takes underscores and other scripts' digits, too.
        value = float(text) if text.isascii() and "_" not in text and len(text) < 70 else None
    except ValueError:
        value = None
    if value is None:
        match = _NUMBER.fullmatch(text.strip())
        if match is None:
            return None
        value = float(match[1])
    return Figure(_label(key), value, text.strip())


def iterations(text: str) -> list[IterationLine]:
    """The iteration lines in a physical line; more than one where writers got in each other's way.

    One counts from a first `label: number` on; where that is missing the line speaks of something
    else.
    """
    text = text[:LINE_CHARACTERS]
    heads = _heads(text)
    found = []
    for index, head in enumerate(heads):
        last = index + 1 == len(heads)
        end = len(text) if last else heads[index + 1].start()
        figures, notes, whole = _fields(text[head.end() : end], glued=not last)
        if figures:
            stamps = _STAMP.findall(text[max(0, head.start() - 160) : head.start()])
            total = int(head[2]) if head[2] else None
            stamp = stamps[-1].replace(",", ".") if stamps else None
            line = IterationLine(int(head[1]), total, stamp, tuple(figures), tuple(notes), whole)
            found.append(line)
    return found


def _heads(text: str) -> list[re.Match[str]]:
    return [
        head
        for head in _HEAD.finditer(text)
        if not text[max(0, head.start() - 3) : head.start()].endswith(_NO_HEAD)
    ]


def joined(first: str, second: str) -> str | None:
    """A line that was wrapped, made one again; None where the second does not go on with it.

    A wrap stands for a blank, unless only without one the field in the middle is a number.
    """
    head, bar, _ = second.partition("|")
    if not bar or _heads(second[:LINE_CHARACTERS]):
        return None
    tail = first.rpartition("|")[2]
    for glue in (" ", ""):
        if _figures(tail + glue + head):
            return first + glue + second
    return None


def _fields(text: str, *, glued: bool) -> tuple[list[Figure], list[str], bool]:
    *parts, rest = text.split("|")
    # What stands before a line that another writer glued on is that line's time, if nothing else.
    whole = not (_STAMP.sub("", rest) if glued else rest).strip()
    figures: list[Figure] = []
    notes: list[str] = []
    for part in parts[:_FIELDS]:
        found = _figures(part)
        if found:
            figures += found
        elif part.strip():
            notes.append(" ".join(part.split())[:500])
    return figures, notes, whole


def _figures(field: str) -> list[Figure]:
    name, colon, text = field.rpartition(":")
    if not colon:
        bare = _BARE.fullmatch(field.strip())
        known = figure(bare[1], bare[2]) if bare is not None else None
        return [known] if known is not None else []
    name, text = name.strip(), text.strip()
    if not name:
        return []
    single = figure(name, text)
    if single is not None:
        return [single]
    return _several(name, text.split("/")) if "/" in text[:_LABEL_KEPT] else []


def _several(name: str, texts: list[str]) -> list[Figure]:
    """Primus: `now/average` of one label, or one number for each part of the label."""
    names = name.split("/")
    if len(texts) == len(names) > 2:
        common = names[0].rpartition(" ")[0]
        keys = [names[0], *(f"{common} {rest}".strip() for rest in names[1:])]
    elif len(texts) == 2:
        keys = [name, f"{name} (avg)"]
    else:
        return []
    found = [figure(key, text) for key, text in zip(keys, texts, strict=True)]
    return [item for item in found if item is not None] if all(found) else []


def validation(text: str) -> ValidationLine | None:
    """A validation line; None for any other."""
    match = _VALIDATION.search(text[:LINE_CHARACTERS])
    if match is None:
        return None
    figures, _, _ = _fields(text[match.end() : LINE_CHARACTERS], glued=False)
    losses = tuple(_evaluated(figures))
    if not losses:
        return None
    where = match[3] or match[4]
    return ValidationLine(
        int(match[2]) if match[2] else None,
        "test" if where == "test" else "val",
        where is not None,
        match[1][1:] if match[1] else None,
        losses,
    )


def _evaluated(figures: list[Figure]) -> list[Evaluated]:
    ppl = {item.key.removesuffix(" PPL"): item for item in figures if item.key.endswith(" PPL")}
    found = []
    for item in figures:
        if item.key.endswith(" value"):
            key = item.key.removesuffix(" value")
            pair = ppl.get(key)
            high = pair is not None and not pair.value < _CAP_FROM
            found.append(Evaluated(key, item, pair, high or not item.value < 20))
    return found


def memory(text: str) -> MemoryLine | None:
    """A memory report; None for any other line."""
    place = text[:LINE_CHARACTERS].find(_MEMORY)
    if place < 0:
        return None
    head = text[max(0, place - 300) : place]
    figures, _, _ = _fields(text[place + len(_MEMORY) : LINE_CHARACTERS] + "|", glued=False)
    rank, after = _RANK.search(head), _AFTER.search(head)
    if not figures:
        return None
    return MemoryLine(rank[1] if rank else None, int(after[1]) if after else None, tuple(figures))


def argument(text: str) -> tuple[str, str] | None:
    """Name and value of one line of the argument dump.

    Two blanks, the name, dots up to the 48th column (none behind a long name), the value: text
    that never had a type.
    """
    match = _ARGUMENT.match(text[:LINE_CHARACTERS])
    if match is None or (not match[2] and len(match[1]) < 48):
        return None
    return match[1], match[3] or ""
