"""Jobs over time: one row each, coloured and named by how they ended."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from archiver.package.plots.labels import fitted, literal, tick_labels, width
from archiver.package.plots.specs import TimelineSpec, time_unit
from archiver.package.plots.style import SMALL, TEXT, WIDTH

MOST_BARS = 80
"""Rows of one figure; a person reads no more."""
_COLOURS = {
    "success": "#009E73",
    "failed": "#D55E00",
    "interrupted": "#E69F00",
    "running": "#56B4E9",
}
_OTHER = "#8A8A8A"
_ROW, _TOP, _BELOW = 0.2, 0.32, 0.46
"""Inches."""
_LABEL = 150.0
"""Points that a row's label may take."""


def laid_out(spec: TimelineSpec) -> Figure:
    """Draw the rows, the first one on top."""
    bars = spec.bars[:MOST_BARS]
    size, unit = time_unit(max(bar.end for bar in bars) - min(bar.start for bar in bars))
    total = _TOP + _ROW * len(bars) + _BELOW
    labels = [fitted(bar.label, _LABEL, SMALL) for bar in bars]
    left = max(width(label, SMALL) for label in labels) / 72 + 0.15
    across = WIDTH - left - 0.7
    figure = Figure(figsize=(WIDTH, total))
    title = fitted(spec.title, 72 * (WIDTH - 0.3), 9.5)
    figure.text(0.5, 1 - 0.05 / total, title, size=9.5, ha="center", va="top")
    axes = figure.add_axes((left / WIDTH, _BELOW / total, across / WIDTH, _ROW * len(bars) / total))
    longest = max(bar.end for bar in bars) / size
    for row, bar in enumerate(bars):
        start, end = bar.start / size, bar.end / size
        # A job of no time at all is still to be seen.
        length = max(end - start, longest * 0.004)
        axes.broken_barh(
            [(start, length)],
            (row - 0.32, 0.64),
            facecolors=_COLOURS.get(bar.status, _OTHER),
            linewidth=0,
        )
        axes.annotate(
            literal(bar.status, 20), (start + length, row), (3, 0), textcoords="offset points",
            size=SMALL - 1, va="center", color="#404040", annotation_clip=False,
        )  # fmt: skip
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), labels)
    axes.set_xlim(0, longest * 1.02 or 1)
    ticks = [tick for tick in MaxNLocator(6).tick_values(0, longest) if 0 <= tick <= longest * 1.02]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter(tick_labels(ticks)))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel(fitted(f"{unit} since {spec.since}", 72 * across, TEXT))
    return figure
