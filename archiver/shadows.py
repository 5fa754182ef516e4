"""Sources that give the same measurement: which is preferred, and whose shadow the others are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from archiver.model.plain import dataclass
from archiver.model.points import SeriesSpec
from archiver.model.record import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kept: TypeAlias = "tuple[NDArray[np.float64] | NDArray[np.int64], NDArray[np.float64]]"
"""Places on the axis, and values."""

_SAME_SPLIT = {"val": "eval", "validation": "eval", "valid": "eval"}
"""Words for what is evaluated while training, which differ from source to source."""
_TWINS = 50
"""Different sources of one measurement that a further one is compared with, point by point."""
_COARSE = 1e-6
"""Relative rounding from which on a finer source is preferred for the same measurement."""
_ENOUGH_IN_ORDER = 2
"""Values from which on two sources with different axes may be found to agree."""


@dataclass(frozen=True)
class Candidate:
    """A series that may be another's shadow."""

    spec: SeriesSpec
    summary: Series
    kept: Callable[[], Kept]
    """Loads the points that count and have a place on the axis."""


def shadows(series: Sequence[Candidate]) -> dict[SeriesSpec, str]:
    """Series that give the same measurement as a preferred one -> that one's source."""
    groups: dict[tuple[object, ...], list[Candidate]] = {}
    for item in series:
        spec = item.spec
        if spec.canonical and spec.type == "number":
            meaning = (
                spec.canonical,
                _SAME_SPLIT.get(spec.split or "", spec.split),
                spec.labels,
                item.summary.step_id,
            )
            groups.setdefault(meaning, []).append(item)
    found: dict[SeriesSpec, str] = {}
    for group in groups.values():
        preferred: list[Candidate] = []
        for item in sorted(group, key=_preference):
            known = preferred[:_TWINS]
            twin = next((p for p in known if _one_dataset(item, p) and _agree(item, p)), None)
            if twin is None:
                preferred.append(item)
            else:
                found[item.spec] = twin.spec.source
    return found


def _one_dataset(left: Candidate, right: Candidate) -> bool:
    """Whether both may be of one data set; not every source names it."""
    named = left.spec.dataset, right.spec.dataset
    return named[0] == named[1] or None in named


def _preference(item: Candidate) -> tuple[int, bool, bool, int, float, str]:
    summary = item.summary
    seen = summary.points + summary.superseded
    coarse, elsewhere = _rounding(item) > _COARSE, item.spec.axis != "step"
    return -summary.points, elsewhere, coarse, -seen, _rounding(item), item.spec.source


def _rounding(item: Candidate) -> float:
    """Relative rounding of a source, judged at the middle of the values' range."""
    spec, summary = item.spec, item.summary
    if not spec.absolute_error or summary.mean is None:
        return spec.relative_error
    return max(spec.relative_error, spec.absolute_error / max(abs(summary.mean), 1e-300))


def _agree(left: Candidate, right: Candidate) -> bool:
    """Whether the kept values at common steps are the same up to the sources' rounding.

    On different axes no two points have a common place: there the values in their order count,
    from the beginning to the end of the shorter one.
    """
    import numpy as np

    a, b = left.kept(), right.kept()
    if left.spec.axis == right.spec.axis:
        _, at_left, at_right = np.intersect1d(a[0], b[0], return_indices=True)
        x, y = a[1][at_left], b[1][at_right]
        enough = 1
    else:
        shorter = min(len(a[0]), len(b[0]))
        x, y = (values[np.argsort(axis, kind="stable")][:shorter] for axis, values in (a, b))
        enough = _ENOUGH_IN_ORDER
    if len(x) < enough:
        return False
    absolute = left.spec.absolute_error + right.spec.absolute_error
    relative = left.spec.relative_error + right.spec.relative_error + 1e-15
    return bool(np.allclose(x, y, rtol=relative * 1.01, atol=absolute * 1.01, equal_nan=True))
