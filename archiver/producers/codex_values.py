"""Values in codex_ml's files: numbers, steps and moments, however they were written."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from archiver.model.times import Clock, Instant, from_epoch, parse_iso
from archiver.model.values import Value, to_json

Row = Mapping[str, Value]


STEPS = 2**62
"""No step is as far from 0 as this."""
_NESTING = 8
_STEP_TEXT = re.compile(r"-?\d{1,18}\Z", re.ASCII)


def seconds(value: Value) -> float:
    """Unix seconds of a timestamp, a number or an ISO text with a zone; NaN for others."""
    if isinstance(value, str):
        return _iso_seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if from_epoch(value) is not None else math.nan
    return math.nan


@lru_cache(maxsize=4096)
def _iso_seconds(text: str) -> float:
    instant = parse_iso(text)
    if instant is None or instant.clock is Clock.NAIVE:
        return math.nan
    return instant.micros / 1_000_000


def step_number(value: Value) -> int | None:
    """A step that was written as an integer, a whole float or a text of digits."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return int(value) if _STEP_TEXT.match(value) else None
    if isinstance(value, float):
        if not math.isfinite(value) or not value.is_integer():
            return None
        value = int(value)
    return value if isinstance(value, int) and abs(value) < STEPS else None


def is_number(value: Value) -> bool:
    """Whether a value can stand in a column of doubles; truth values count as 0 and 1."""
    if isinstance(value, int):
        return abs(value) < 10**300
    return isinstance(value, float)


def spelled(value: Value) -> str:
    """A value that is no number as it stood in its row: compact JSON."""
    if isinstance(value, int):
        return str(value)
    return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))


def text(value: Value) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def text_of(row: Row, key: str) -> str | None:
    """A text of a row that is not empty."""
    return text(row.get(key))


def object_of(row: Row, key: str) -> Row:
    """An object; an empty one where it is missing or something else."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def instant(value: Value) -> Instant | None:
    """The moment of a timestamp, a number or an ISO text with a zone."""
    if isinstance(value, str):
        moment = parse_iso(value)
        return moment if moment is not None and moment.absolute else None
    stamp = seconds(value)
    return None if math.isnan(stamp) else from_epoch(stamp)


def flattened(values: Row) -> dict[str, Value]:
    """Leaves of nested objects under dotted keys."""
    return dict(leaves(values))


def leaves(row: Row, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Values of an object, those of objects in it under dotted keys."""
    for key, value in row.items():
        if isinstance(value, dict) and value and depth < _NESTING:
            yield from leaves(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def epoch_of(row: Row) -> float:
    """An epoch, a number or a text of digits (the producer's own schema allows both)."""
    value = row.get("epoch")
    if isinstance(value, str):
        return float(value) if _STEP_TEXT.match(value) else math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 10**15 else math.nan
