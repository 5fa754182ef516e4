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
