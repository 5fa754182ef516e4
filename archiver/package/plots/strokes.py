"""What is drawn between the axes: curves, holes and the lines where attempts begin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from archiver.package.plots.labels import fitted
from archiver.package.plots.style import HOLE, OLD, OLD_HOLE, RAW, START, look, marks
from archiver.package.plots.traces import LARGEST, Line, Trace, View

_NOTE = 6.5
"""Points; what is written beside a line."""
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
"""What keeps a text readable on top of lines."""


def draw_view(
    axes: Axes, view: View, boundaries: Sequence[tuple[float, str]], *, labelled: bool
) -> None:
    """Draw one panel between its axes."""
    for trace in view.traces:
        _draw_trace(axes, trace)
    _draw_holes(axes, view.traces)
    _draw_boundaries(axes, boundaries, labelled=labelled)
    if not any(len(trace.values) for trace in view.traces):
        middle = axes.annotate("no finite values", (0.5, 0.5), xycoords="axes fraction")
        middle.set(ha="center", va="center", bbox=_PAPER)


def _draw_trace(axes: Axes, trace: Trace) -> None:
    """Draw one curve, what a resume superseded of it behind it."""
    colour, dashes, marker = look(trace.style, trace.role)
    kept, old = trace.kept, trace.old
    if old.median:
        _plot(axes, old.line, **OLD | RAW | {"ls": "-"}, zorder=1.5)
        _plot(axes, old.median, **OLD, lw=1.4, zorder=2.4)
    else:
        rim = {"ls": "", "ms": 3, "mfc": "white", "mew": 0.7}
        _plot(axes, old.line, **OLD, lw=1.0, zorder=1.5)
        shape = marker if trace.role == "markers" else "."
        _plot(axes, old.dots, **OLD | rim, marker=shape, zorder=1.6)
    if kept.median:
        _plot(axes, kept.line, color=colour, zorder=2, **RAW)
        _plot(axes, kept.median, color=colour, lw=1.4, ls=dashes, zorder=2.5)
    else:
        _plot(axes, kept.line, color=colour, lw=1.2, ls=dashes, zorder=2.2)
    if trace.role == "markers":
        _plot(axes, kept.dots, ls="", zorder=3, **marks(colour, marker, kept.count))
    else:
        size = 2.5 if kept.count > 3 else 4
        _plot(axes, kept.dots, color=colour, ls="", marker="o", ms=size, mew=0, zorder=2.6)


def _plot(axes: Axes, line: Line, **style: object) -> None:
    """Draw a line that has anything to show."""
    if np.isfinite(line[1]).any():
        axes.plot(*line, **style)  # type: ignore[arg-type]


def _draw_holes(axes: Axes, traces: Sequence[Trace]) -> None:
    """Mark below the upper edge where values are not finite."""
    low, high = axes.get_xlim()
    edge = 1 - 6 / axes.bbox.height
    for holes, mark in (
        ([t.old.holes for t in traces], OLD_HOLE),
        ([t.kept.holes for t in traces], HOLE),
    ):
        # More marks than a line can hold would only make the file larger.
        spots = np.unique(np.round((np.concatenate(holes) - low) / (high - low) * 250)) / 250
        _plot(
            axes, (spots, np.full_like(spots, edge)), transform=axes.transAxes, zorder=3.5, **mark
        )


def _draw_boundaries(
    axes: Axes, boundaries: Sequence[tuple[float, str]], *, labelled: bool
) -> None:
    """Draw where attempts begin; crowded labels give way, lines do not."""
    low, high = axes.get_xlim()
    free = -np.inf
    alpha = 1.0 if len(boundaries) <= 12 else 0.5
    for x, text in sorted(start for start in boundaries if abs(start[0]) <= LARGEST):
        axes.axvline(x, alpha=alpha, zorder=2.8, **START)
        place = (x - low) / (high - low)
        if not labelled or place < free:
            continue
        free = place + 0.03
        left = place > 0.97
        axes.annotate(
            fitted(text, 80, _NOTE),
            (place, 1.0),
            xycoords="axes fraction",
            xytext=(-2.5 if left else 2.5, -6),
            textcoords="offset points",
            rotation=90,
            ha="right" if left else "left",
            va="top",
            fontsize=_NOTE,
            color=START["color"],
            zorder=4,
            bbox=_PAPER | {"alpha": 0.65},
        )
