"""The value that a best checkpoint was chosen by contradicts the metrics.

What it finds
    Best checkpoints whose recorded value of the metric that was watched is not among that metric's
    values, and those where it is not finite: a search that met NaN first never leaves it. Where the
    value is among them and others are both higher and lower, the finding is a note: producers that
    save seldom choose among what they saved.

Why it matters
    The checkpoint that is called best may be of another run, of an attempt that was discarded, or
    simply not the best.

Example
    warning RA503 contradicted-best: experiment.json: the best val_accuracy is recorded as 0.95, but
    none of its 8 values is (0.33 to 0.83)

What to do
    Choose the checkpoint by the metrics, as far as it was kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place
from archiver.model.record import Checkpoint, Series
from archiver.model.values import Value
from archiver.wording import counted, cut

_CLOSE = 1e-5
"""Relative difference that rounding to single precision and to printed decimals may make."""
_TINY = 1e-8
_LARGEST = 10**300


def check(case: Case) -> Iterator[Hit]:
    """Each value once, however many artifacts repeat it."""
    told: set[tuple[str, str]] = set()
    for item in case.record.checkpoints:
        best = _number(item.metric)
        if "best" not in item.tags or not item.monitor or best is None:
            continue
        if (item.monitor, str(best)) not in told:
            told.add((item.monitor, str(best)))
            yield from _judge(case, item, best)


def _number(value: Value) -> float | None:
    """A number that is one; integers that no double holds are no score."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isinstance(value, float) or abs(value) < _LARGEST else None


def _judge(case: Case, item: Checkpoint, best: float) -> Iterator[Hit]:
    name = cut(item.monitor or "")
    if not math.isfinite(best):
        message = f"the best {name} is recorded as {best}: what was searched for it stuck there"
        yield Hit(message, item.at)
        return
    known = [series for series in case.record.series if _is_of(series, item.monitor or "")]
    finite = [series for series in known if series.min is not None and series.max is not None]
    if not finite or any(_is_end(series, best) for series in finite):
        return
    first = max(finite, key=lambda series: series.points)
    place = Place(case.place_of(first), f"the values of {cut(first.key)}")
    among = [_holds(case, series, best) for series in finite]
    if any(among):
        message = (
            f"the best {name} is recorded as {best:g}, but others are lower and higher"
            f" ({first.min:g} to {first.max:g})"
        )
        yield Hit(message, item.at, (place,), severity=Severity.NOTE)
    elif None not in among:
        message = (
            f"the best {name} is recorded as {best:g}, but none of its"
            f" {counted(first.points, 'value')} is ({first.min:g} to {first.max:g})"
        )
        yield Hit(message, item.at, (place,))


def _is_of(series: Series, monitor: str) -> bool:
    """Whether a series is of the metric that was watched; its name may lack the split's."""
    name = series.key.replace("/", "_")
    return series.type == "number" and (
        series.key == monitor or name in (monitor, f"eval_{monitor}", f"eval_{monitor}_epoch")
    )


def _is_end(series: Series, value: float) -> bool:
    ends = (series.min, series.max)
    return any(end is not None and _is_close(end, value) for end in ends)


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_TINY)


def _holds(case: Case, series: Series, value: float) -> bool | None:
    """Whether any point, whatever became of it, has the value; None where nobody can say."""
    points = case.points(series)
    if points is None:
        return None
    import numpy as np

    return bool(np.isclose(points.values, value, rtol=_CLOSE, atol=_TINY).any())


RULE = Rule(
    id="RA503",
    name="contradicted-best",
    summary="The value that a best checkpoint was chosen by contradicts the metrics",
    severity=Severity.WARNING,
    check=check,
)
