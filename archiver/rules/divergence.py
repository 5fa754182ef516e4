"""A training loss rose again and ended far above its best level.

What it finds
    A training loss of at least `min_points` points whose last part (a tenth of the points, its
    median) lies `factor` times above the lowest such part, and which lost more than
    `lost_share` of what it had gained since its first part. Curves that touch zero, and those that
    end in NaN (`non-finite-metric`), are not judged.

Why it matters
    The last checkpoint is worse than earlier ones, whatever the status says. Usually the learning
    rate was too high, or the data changed.

Example
    warning train.log [RA508 divergence]
            loss ends at 6.1 (median of the last 20 points), 4.1 times its lowest level of
            1.5 around step 1200; it began at 7.9

What to do
    Use a checkpoint from before the rise. Set the thresholds for losses that rise by nature, such
    as those of adversarial training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archiver.extension import Case, Fact, Hit, Rule, Severity, Threshold
from archiver.model.points import NO_STEP
from archiver.model.record import Series
from archiver.wording import cut

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PARTS = 10
_LEAST = 3
"""Points of a part, so that a single one decides nothing."""


def check(case: Case) -> Iterator[Hit]:
    """Each training loss that no other one stands for; a steady end needs no look at the points."""
    for series in case.record.series:
        if _is_loss(series) and series.points >= case.thresholds["min_points"]:
            low, high = series.min, series.max
            if low is not None and high is not None and 0 < low * case.thresholds["factor"] < high:
                yield from _judge(case, series)


def _is_loss(series: Series) -> bool:
    named = series.canonical == "loss" and series.split in (None, "train")
    return named and series.type == "number" and series.shadow_of is None and series.axis == "step"


def _judge(case: Case, series: Series) -> Iterator[Hit]:
    points = case.points(series)
    if points is None:
        return
    import numpy as np

    use = points.kept & (points.steps != NO_STEP)
    order = np.argsort(points.steps[use], kind="stable")
    steps, values = points.steps[use][order], points.values[use][order]
    size = max(_LEAST, len(values) // _PARTS)
    if len(values) < case.thresholds["min_points"] or not np.isfinite(values[-size:]).any():
        return
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    levels = _levels(values, size)
    if len(levels) < _LEAST:
        return
    first, last = float(levels[0]), float(levels[-1])
    best = int(np.argmin(levels))
    low = float(levels[best])
    gained, lost = max(first - low, 0.0), last - low
    rose = low > 0 and last >= low * case.thresholds["factor"]
    if rose and lost > gained * case.thresholds["lost_share"]:
        middle = int(steps[min(best * size + size // 2, len(steps) - 1)])
        message = (
            f"{cut(series.key)} ends at {last:.4g} (median of the last {size} points),"
            f" {last / low:.3g} times its lowest level of {low:.4g} around step {middle};"
            f" it began at {first:.4g}"
        )
        yield Hit(message, case.place_of(series))


def _levels(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Medians of successive parts; the last part is the last `size` values, whole."""
    import numpy as np

    whole = [values[start : start + size] for start in range(0, len(values) - size + 1, size)]
    whole[-1:] = [values[-size:]]
    return np.asarray([np.median(part) for part in whole], dtype=np.float64)


RULE = Rule(
    id="RA508",
    name="divergence",
    summary="A training loss rose again and ended far above its best level",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset({Fact.RUN, Fact.POINTS}),
    thresholds={
        "factor": Threshold(default=2, meaning="how many times the lowest level the end must be"),
        "lost_share": Threshold(
            default=0.5, meaning="share, from 0 on, of the gain since the start that must be lost"
        ),
        "min_points": Threshold(default=20, meaning="points that a curve must have to be judged"),
    },
)
