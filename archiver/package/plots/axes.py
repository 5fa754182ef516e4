"""Limits, ticks and scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator

from archiver.package.downsample import Floats
from archiver.package.plots.labels import tick_labels
from archiver.package.plots.specs import PlotSpec
from archiver.package.plots.traces import LARGEST, View, bulk


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: what it spans, and what is written along it."""

    low: float
    high: float
    ticks: Sequence[float] = ()
    labels: Sequence[str] = ()
    log: bool = False


def x_scale(spec: PlotSpec, views: Sequence[View]) -> Scale:
    """Span everything that has a place on the shared axis."""
    lines = [s.line[0] for view in views for t in view.traces for s in (t.kept, t.old)]
    points = np.concatenate(lines)
    points = points[np.isfinite(points)]
    places = np.append(points, [x for x, _ in spec.boundaries if abs(x) <= LARGEST])
    low, high = float(places.min()), float(places.max())
    # Places closer to each other than that would lose their digits on the way to the paper.
    pad = max(0.015 * (high - low), 1e-12 * abs(high)) if high > low else max(1.0, 0.01 * abs(high))
    return _linear(low - pad, high + pad, 7, whole=bool(np.all(points % 1 == 0)))


def y_scale(view: View, height: float) -> Scale:
    """Span every value of a panel; nothing is clipped. No ticks if there is no value."""
    values = np.concatenate([trace.values for trace in view.traces])
    if not len(values):
        return Scale(0.0, 1.0)
    # The marks of holes stand below the upper edge.
    marked = any(len(t.kept.holes) or len(t.old.holes) for t in view.traces)
    room = 2.0 / height if marked else 1.0
    low, high = float(values.min()), float(values.max())
    if _spiked(values):
        pad = min(max(0.05 * (log10(high) - log10(low)), 0.05), 2.0)
        return _logarithmic(10 ** (log10(low) - pad), 10 ** (log10(high) + pad * room))
    pad = 0.06 * (high - low)
    if pad <= 1e-9 * abs(high):
        pad = 0.1 * abs(high)
    pad = max(pad, 1e-290) if high or low else 1.0
    return _linear(low - pad, high + pad * room, max(4, round(3.6 * height)))


def _spiked(values: Floats) -> bool:
    """Whether only a logarithmic axis shows the rest beside the spikes."""
    least, most = float(values.min()), float(values.max())
    if least < 1 / LARGEST:
        return False
    low, high = bulk(values)
    few_huge = most > 1_000 * float(np.median(values))
    return few_huge or (most - least > 50 * (high - low) and most > 10 * least)


def _linear(low: float, high: float, bins: int, *, whole: bool = False) -> Scale:
    """Choose round ticks."""
    found = MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10], integer=whole)
    ticks = [float(tick) for tick in found.tick_values(low, high) if low <= tick <= high]
    return Scale(low, high, ticks, tick_labels(ticks))


def _logarithmic(low: float, high: float) -> Scale:
    """Choose decades, with 2 and 5 between them where they are few."""
    first, last = floor(log10(low)), ceil(log10(high))
    digits = (1, 2, 5) if last - first <= 3 else (1,)
    stride = ceil((last - first) / 7)
    powers = [power for power in range(first, last + 1) if power % stride == 0]
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return Scale(low, high, ticks, [tick_labels([tick])[0] for tick in ticks], log=True)


def set_scales(axes: Axes, x: Scale, y: Scale) -> None:
    """Scale both axes and write their ticks."""
    axes.grid(visible=True)
    axes.set_xlim(x.low, x.high)
    axes.set_xticks(x.ticks, labels=x.labels)
    if y.log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        if log10(y.high) - log10(y.low) > 8:
            axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(y.low, y.high)
    axes.set_yticks(y.ticks, labels=y.labels)
