"""How messages show values and lists: bounded, however long what they speak of is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import islice

from archiver.model.findings import Report
from archiver.model.values import Tagged, Value, nonfinite

_MOST_CHARACTERS = 60
_MOST_ITEMS = 5
_PARTS = 20
"""Items of a list or object that are looked at; no more of them would be shown."""


def shown(value: Value, most: int = _MOST_CHARACTERS) -> str:
    """A value as JSON, cut at `most` characters; lists and objects by their beginning."""
    if isinstance(value, Tagged):
        value = value.value
    if isinstance(value, str):
        value = value[: most + 1]
    elif isinstance(value, float) and not math.isfinite(value):
        return nonfinite(value)
    elif isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 512:
        return f"an integer of {value.bit_length()} bits"
    elif isinstance(value, list):
        return f"a list of {len(value)}"
    elif isinstance(value, dict):
        names = ", ".join(str(name)[:most] for name in islice(value, _PARTS))
        return cut(f"an object of {names}" if names else "{}", most)
    return cut(json.dumps(value, ensure_ascii=False), most)


def cut(text: str, most: int = _MOST_CHARACTERS) -> str:
    """A text of at most `most` characters; where something is left off, it ends with `…`."""
    return text if len(text) <= most else text[: most - 1] + "…"


def listed(items: Iterable[str], most: int = _MOST_ITEMS, total: int | None = None) -> str:
    """The first items, parted by commas, and how many more there are.

    Where `total` says how many there are, no more of them are taken than are shown.
    """
    every = list(items if total is None else islice(items, most))
    rest = (len(every) if total is None else total) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun: `1 file`, `2 files`."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def verdict(report: Report) -> str:
    """One line on all of a report: what was found, and what that stands on."""
    found = ", ".join(counted(number, word) for word, number in report.summary().items())
    checked = (
        f"{counted(len(report.runs), 'run')}, {counted(report.artifacts, 'artifact')},"
        f" {counted(report.rules, 'rule')}"
    )
    quiet = sum(len(run.suppressed) for run in report.runs)
    known = sum(len(run.known) for run in report.runs)
    skipped = len({rule for run in report.runs for rule in run.rules_not_run})
    rest = [f"{quiet} suppressed"] if quiet else []
    rest += [f"{known} in the baseline"] if known else []
    rest += [f"{counted(skipped, 'rule')} could not run everywhere"] if skipped else []
    return "; ".join([f"{found} in {checked}", *rest])
