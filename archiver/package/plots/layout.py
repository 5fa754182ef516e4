"""Panels above each other, laid out in inches.

The sizes of all texts are known beforehand. matplotlib's layout engines would draw the whole
figure twice to find them out.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from archiver.package.plots.axes import Scale, set_scales, x_scale, y_scale
from archiver.package.plots.labels import fitted, width
from archiver.package.plots.legends import draw_header, headers
from archiver.package.plots.specs import PlotSpec
from archiver.package.plots.strokes import draw_view
from archiver.package.plots.style import SMALL, TEXT, WIDTH
from archiver.package.plots.traces import View

_TITLE_SIZE = 9.5
_TITLE = 0.17
"""From here on, inches."""
_LEGEND_ROW = 0.14
_GAP = 0.12
_BELOW = 0.46
"""Ticks and name of the shared axis."""
_FIRST, _OTHER = 2.1, 0.95
"""Heights of panels."""


def laid_out(spec: PlotSpec, views: Sequence[View]) -> Figure:
    """Draw the panels of a figure."""
    tops = headers(spec, views)
    heights = [_FIRST, *[_OTHER] * (len(views) - 1)]
    x = x_scale(spec, views)
    ys = [y_scale(view, height) for view, height in zip(views, heights, strict=True)]
    rows = _LEGEND_ROW * sum(top.rows for top in tops)
    total = round(_TITLE + rows + sum(heights) + _GAP * len(views) + _BELOW, 2)
    beside = max(map(_widest, ys))
    left = beside + (0.45 if any(y.log for y in ys) else 0.31)
    across = WIDTH - left - 0.04 - _widest(x) / 2
    figure = Figure(figsize=(WIDTH, total))
    title = fitted(spec.title, 72 * (WIDTH - 0.3), _TITLE_SIZE)
    figure.text(0.5, 1 - 0.05 / total, title, size=_TITLE_SIZE, ha="center", va="top")
    edge = total - _TITLE
    for number, (view, top, y, height) in enumerate(zip(views, tops, ys, heights, strict=True)):
        edge -= _GAP + _LEGEND_ROW * top.rows + height
        axes = figure.add_axes((left / WIDTH, edge / total, across / WIDTH, height / total))
        set_scales(axes, x, y)
        draw_view(axes, view, spec.boundaries, labelled=number == 0)
        draw_header(axes, top)
        axes.tick_params(labelbottom=number == len(views) - 1)
        label = fitted(view.panel.ylabel, 72 * height, TEXT)
        axes.set_ylabel(f"{label}\n(log scale)" if y.log else label)
        axes.yaxis.set_label_coords(-(beside + 0.13) / across, 0.5)
    last = figure.axes[-1]
    last.set_xlabel(fitted(spec.xlabel, 72 * across, TEXT))
    last.xaxis.set_label_coords(0.5, -0.24 / heights[-1])
    return figure


def _widest(scale: Scale) -> float:
    """Measure the widest label of an axis in inches."""
    return max((width(text, SMALL) for text in scale.labels), default=0.0) / 72
