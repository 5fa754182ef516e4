"""What a figure is to show. Importing this loads neither numpy nor matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Curve:
    """One series for plotting: arrays of equal length, in axis order as read."""

    label: str
    """For the legend, such as `train`."""
    x: npt.NDArray[np.float64]
    """Axis values: step, epoch, ..."""
    y: npt.NDArray[np.float64]
    """May hold NaN and infinities."""
    status: npt.NDArray[np.int8]
    """`PointStatus` codes."""
    segment: npt.NDArray[np.int16]
    """Attempt number of each point."""
    role: Literal["line", "markers"] = "line"
    """`markers` for sparse points, such as evaluations: markers joined by a line."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes."""

    title: str
    ylabel: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One figure: panels above each other over the same axis."""

    name: str
    """Stem of the files."""
    title: str
    xlabel: str
    panels: tuple[Panel, ...]
    boundaries: tuple[tuple[float, str], ...] = ()
    """Where attempts begin, with the text that says so."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One job on the time line."""

    label: str
    """For its row, such as `2 train, attempt 1`."""
    start: float
    """Seconds."""
    end: float
    status: str


@dataclass(frozen=True, slots=True)
class TimelineSpec:
    """A figure of jobs over time, one row each."""

    name: str
    title: str
    since: str
    """What second 0 is, for the axis."""
    bars: tuple[Bar, ...]


_UNITS = ((86400.0 * 2, 86400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"))
"""From a span of so many seconds on, the axis counts in this unit."""


def time_unit(span: float) -> tuple[float, str]:
    """Seconds of the unit that suits a span, and its name."""
    return next(((size, name) for least, size, name in _UNITS if span >= least), (1.0, "seconds"))
