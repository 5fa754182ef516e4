"""Curves of one run over the axis that was asked for: steps, epochs or tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.diff.names import plain
from archiver.diff.options import Align, RunData
from archiver.model.points import NO_STEP
from archiver.model.record import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archiver.case import Points

_TELLING = {"epoch": ("epoch",), "tokens": ("tokens_seen", "tokens", "num_input_tokens_seen")}
"""Axis -> names of series that tell it of each step."""
_UNITS = {"billion tokens": 1e9}
"""What one of a unit is, where it is not one."""
_ROUNDING = 1e-6
"""Relative distance of places that are the same."""
_TWINS = 3
"""Sources of the same measurement that are asked for the epochs of its points."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of a series that were kept, in order of their places."""

    places: NDArray[np.float64]
    """NaN, at the end, where nothing says where a point lies; at least one is finite."""
    values: NDArray[np.float64]

    def placed(self) -> Curve:
        """The points that have a place."""
        import numpy as np

        there = np.isfinite(self.places)
        return Curve(self.places[there], self.values[there])


class Curves:
    """The curves of one run over one axis.

    The epoch of a point is what its row says, else what the same measurement says in another
    source, else what a series of epochs says of its step; for tokens there are only series.
    Between two steps of such a series places are interpolated, outside of them nothing is known.
    What goes back while the steps go on tells nothing.
    """

    def __init__(self, run: RunData, align: Align) -> None:
        self._run = run
        self._align = align
        self._telling: dict[str | None, list[Series]] = defaultdict(list)
        self._twins: dict[tuple[str, str | None], list[Series]] = defaultdict(list)
        self._longest: dict[tuple[str, str | None], Series] = {}
        self._steady: dict[tuple[str, str | None], bool] = {}
        self._scales: dict[tuple[str, str | None], Curve | None] = {}
        names = _TELLING.get(align, ())
        for item in sorted(run.record.series, key=lambda item: -item.points):
            if item.type != "number" or item.axis != "step":
                continue
            self._longest.setdefault((item.source, item.step_id), item)
            if item.shadow_of is not None:
                self._twins[item.shadow_of, item.step_id].append(item)
            if (item.canonical or plain(item.key.rpartition("/")[2])) in names:
                self._telling[item.step_id].append(item)

    def of(self, series: Series) -> Curve | None:
        """A series of numbers over the axis; None where none of its points has a place."""
        import numpy as np

        points = self._run.points(series)
        if points is None:
            return None
        places = self._places(series, points)
        if places is None:
            return None
        places, values = places[points.kept], points.values[points.kept]
        if not np.isfinite(places).any():
            return None
        order = np.argsort(places, kind="stable")
        return Curve(places[order], values[order])

    def _places(self, series: Series, points: Points) -> NDArray[np.float64] | None:
        import numpy as np

        if self._tells_epochs(series, points):
            return points.epochs
        steps = np.where(points.steps == NO_STEP, np.nan, points.steps.astype(np.float64))
        if self._align == "step" or self._align == series.axis == "tokens":
            return steps
        scale = self._scale(series) if series.axis == "step" else None
        if scale is None:
            return None
        return np.interp(steps, scale.places, scale.values, left=np.nan, right=np.nan)

    def _tells_epochs(self, series: Series, points: Points) -> bool:
        """Whether the rows of a series say their epochs, and its source never goes back.

        The longest series of the source decides: two evaluations would not show that the epochs
        began anew between them.
        """
        if self._align != "epoch" or not _tells(points, points.epochs):
            return False
        key = series.source, series.step_id
        if key not in self._steady:
            longest = self._longest.get(key)
            told = self._run.points(longest) if longest is not None else None
            self._steady[key] = told is None or not _goes_back(told, told.epochs)
        return self._steady[key]

    def _scale(self, series: Series) -> Curve | None:
        """Steps of the training that a series belongs to, and the axis at each of them."""
        key = series.source, series.step_id
        if key not in self._scales:
            self._scales[key] = next(self._found(*key), None)
        return self._scales[key]

    def _found(self, source: str, step_id: str | None) -> Iterator[Curve]:
        twins = self._twins.get((source, step_id), []) if self._align == "epoch" else []
        for item in twins[:_TWINS]:
            points = self._run.points(item)
            if points is not None and self._tells_epochs(item, points):
                yield from _scale(points, points.epochs)
        for item in self._telling.get(step_id, []):
            points = self._run.points(item)
            if points is not None and _tells(points, points.values):
                yield from _scale(points, points.values * _UNITS.get(item.unit or "", 1.0))


def _tells(points: Points, told: NDArray[np.float64]) -> bool:
    """Whether the place of any point is told, and in the order of the steps."""
    import numpy as np

    return bool(np.isfinite(told[points.kept]).any()) and not _goes_back(points, told)


def _goes_back(points: Points, told: NDArray[np.float64]) -> bool:
    """Whether a later step is told an earlier place.

    A trainer that resumes without skipping the data it has seen begins its epochs anew.
    """
    _, told = _stepped(points, told)
    return bool((told[1:] < told[:-1]).any())


def _scale(points: Points, told: NDArray[np.float64]) -> Iterator[Curve]:
    scale = Curve(*_stepped(points, told))
    if len(scale.places):
        yield scale


def _stepped(
    points: Points, told: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The steps of which something is told, in order, and what that is."""
    import numpy as np

    there = points.kept & (points.steps != NO_STEP) & np.isfinite(told)
    steps = points.steps[there].astype(np.float64)
    order = np.argsort(steps, kind="stable")
    return steps[order], told[there][order]


@dataclass(frozen=True, slots=True)
class Place:
    """The last place that curves share."""

    name: str
    """Such as `step 100`."""
    values: tuple[float, ...]


def shared_place(curves: Sequence[Curve], align: Align) -> Place | None:
    """The last step (or epoch, or count of tokens) that all curves have, with their values there.

    None where all end there anyway, or have no place in common.
    """
    import numpy as np

    placed = [curve.placed() for curve in curves]
    ends = [float(curve.places[-1]) for curve in placed]
    place = min(ends)
    if align == "step":
        common = placed[0].places
        for curve in placed[1:]:
            common = np.intersect1d(common, curve.places)
        if not len(common):
            return None
        place = float(common[-1])
    # The same epoch comes in single and in double precision.
    slack = 0.0 if align == "step" else _ROUNDING * abs(place)
    if place + slack < max(float(curve.places[0]) for curve in placed):
        return None
    if max(ends) <= place + slack:
        return None
    values = [float(curve.values[curve.places <= place + slack][-1]) for curve in placed]
    name = f"{place:.0f}" if place.is_integer() else f"{place:g}"
    return Place(f"{align} {name}", tuple(values))
