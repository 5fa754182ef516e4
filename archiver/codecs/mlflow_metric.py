"""Lines of an MLflow metric file: `<Unix ms> <value> <step>`.

Old files have no step; points that were logged for a dataset have its name and digest behind.
MLflow 3.17 takes the step of such a line for 0 although it stands there; here it is read.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

_FIELD_BYTES = 64
_FIELDS = (2, 3, 5)
_EXACT = 2**53


class MetricPoint(NamedTuple):
    """One line."""

    millis: int
    value: float
    step: int | None
    dataset: str = ""
    digest: str = ""


def parse(line: bytes) -> MetricPoint | None:
    """One line, without its end; None for anything else."""
    parts = line.strip().split(b" ")
    if len(parts) not in _FIELDS or any(len(part) > _FIELD_BYTES for part in parts[:3]):
        return None
    try:
        millis, value = int(parts[0]), float(parts[1])
        step = int(parts[2]) if len(parts) > 2 else None
    except ValueError:
        return None
    if abs(millis) >= _EXACT or (step is not None and not -(2**63) < step < 2**63):
        return None
    dataset, digest = (part.decode("utf-8", "replace") for part in (*parts[3:], b"", b"")[:2])
    return MetricPoint(millis, value, step, dataset, digest)


class MetricColumns(NamedTuple):
    """Many lines, as columns of equal length."""

    steps: array[int]
    values: array[float]
    seconds: array[float]


def parse_plain(lines: Sequence[bytes]) -> MetricColumns | None:
    """Lines that all have a step and no dataset, as most do; None where any is another."""
    if max(map(len, lines), default=0) > _FIELD_BYTES:
        return None
    try:
        times, values, steps = zip(*(line.split(b" ") for line in lines), strict=True)
        millis = [int(time) for time in times]
        if min(millis) <= -_EXACT or max(millis) >= _EXACT:
            return None
        return MetricColumns(
            array("q", map(int, steps)),
            array("d", map(float, values)),
            array("d", [time / 1000 for time in millis]),
        )
    except (ValueError, OverflowError):
        return None
