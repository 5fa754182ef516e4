"""From the points of a curve to what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from archiver.model.points import PointStatus
from archiver.package.downsample import Flags, Floats, minmax, running_median
from archiver.package.plots.specs import Curve, Panel, PlotSpec

Line: TypeAlias = tuple[Floats, Floats]
"""Places and values; NaN parts what no line may join."""
Places: TypeAlias = npt.NDArray[np.intp]

LARGEST = 1e300
"""Beyond this the arithmetic of the axes overflows; such values are drawn as non-finite ones."""
_DENSE = 300
"""Points from which a noisy curve gets a running median."""
_SPARSE = 40
"""Points up to which each point of a line gets a dot."""
_VERTICES = 6_000
"""Vertices of all curves together: keeps the SVG below some 400 kB."""


@dataclass(frozen=True, slots=True)
class Strand:
    """Those points of a curve that count, or those that a resume superseded."""

    count: int
    line: Line
    dots: Line
    """Points that get a mark of their own."""
    median: Line | None
    holes: Floats
    """Places of points that have no finite value."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is drawn of one curve."""

    label: str
    style: int
    role: str
    kept: Strand
    old: Strand
    window: int
    """Points under the running medians."""
    values: Floats
    """Every finite value that is shown, before thinning."""
    beyond: bool
    """Whether a finite value is too large to draw."""
    unplaced: int
    """Points without a finite place on the axis."""


@dataclass(frozen=True, slots=True)
class View:
    """One panel that has something to show."""

    panel: Panel
    traces: tuple[Trace, ...]


def views(spec: PlotSpec) -> tuple[View, ...]:
    """Prepare the panels that have a point to show; a label keeps its style in all of them."""
    styles: dict[tuple[str, int], int] = {}
    lines = sum(len(panel.curves) for panel in spec.panels)
    # A bucket has about two vertices, and the median takes as many as half a curve.
    buckets = min(600, max(50, _VERTICES // (3 * max(1, lines))))
    found = []
    for panel in spec.panels:
        labels = [curve.label for curve in panel.curves]
        traces = []
        for number, curve in enumerate(panel.curves):
            # Two curves of one panel differ even if their labels do not.
            twin = labels[:number].count(curve.label)
            style = styles.setdefault((curve.label, twin), len(styles))
            traces.append(_trace(curve, style, buckets))
        if any(t.kept.count or t.old.count for t in traces):
            shown = [t for t in traces if t.kept.count or t.old.count or t.unplaced]
            found.append(View(panel, tuple(shown)))
    return tuple(found)


def _trace(curve: Curve, style: int, buckets: int) -> Trace:
    """Sort out what is drawn of one curve, and how."""
    drawable, placed = _drawable(curve.y), _drawable(curve.x)
    clean = replace(curve, y=np.where(drawable, curve.y, np.nan))
    kept, old = curve.status == PointStatus.KEPT, curve.status == PointStatus.SUPERSEDED
    shown = placed & (kept | old)
    pieces = _pieces(curve, placed & kept, apart=False)
    tails = _pieces(curve, placed & old, apart=True)
    hung = [_hung(curve, tail, placed & kept) for tail in tails]
    window = _window(clean.y, pieces) if curve.role == "line" else 0
    return Trace(
        label=curve.label,
        style=style,
        role=curve.role,
        kept=_strand(clean, pieces, pieces, window, buckets),
        old=_strand(clean, tails, hung, window, buckets),
        window=window,
        values=curve.y[shown & drawable],
        beyond=bool(np.any(shown & ~drawable & np.isfinite(curve.y))),
        unplaced=int(np.count_nonzero((kept | old) & ~placed)),
    )


def _strand(
    curve: Curve, pieces: Sequence[Places], lines: Sequence[Places], window: int, buckets: int
) -> Strand:
    """Thin the pieces, and the lines through them, to what a figure can show."""
    places = np.concatenate([np.empty(0, np.intp), *pieces])
    dots = _thinned(curve, pieces, buckets)
    if curve.role == "line" and len(places) > _SPARSE:
        dots = _alone(dots)
    return Strand(
        count=len(places),
        line=_thinned(curve, lines, buckets),
        dots=dots,
        median=_smoothed(curve, pieces, window, buckets) if window else None,
        holes=curve.x[places[np.isnan(curve.y[places])]],
    )


def _drawable(values: Floats) -> Flags:
    """Tell which values the arithmetic of the axes can take."""
    flags: Flags = np.abs(values) <= LARGEST  # False for NaN
    return flags


def _pieces(curve: Curve, mask: Flags, *, apart: bool) -> list[Places]:
    """Order points by attempt and axis; a piece ends where the next attempt goes back.

    Where attempts are to stay apart, each is a piece.
    """
    places = np.flatnonzero(mask)
    places = places[np.lexsort((curve.x[places], curve.segment[places]))]
    cuts = np.diff(curve.segment[places]) > 0 if apart else np.diff(curve.x[places]) < 0
    return [piece for piece in np.split(places, np.flatnonzero(cuts) + 1) if len(piece)]


def _hung(curve: Curve, tail: Places, kept: Flags) -> Places:
    """Hang a tail to the last point of its attempt that was kept."""
    x, first = curve.x, tail[0]
    before = np.flatnonzero(kept & (curve.segment == curve.segment[first]) & (x < x[first]))
    return np.concatenate([before[[np.argmax(x[before])]], tail]) if len(before) else tail


def _thinned(curve: Curve, pieces: Sequence[Places], buckets: int) -> Line:
    """Thin the pieces out, each to its share of the axis, and put them one after the other."""
    x, y = curve.x, curve.y
    whole = float(np.ptp(x[_drawable(x)])) if pieces else 0.0
    parts = []
    for piece in pieces:
        share = float(np.ptp(x[piece])) / whole if whole else 1.0
        thin = piece[minmax(x[piece], y[piece], max(20, ceil(buckets * share)))]
        parts.append((x[thin], y[thin]))
    return _joined(parts)


def _smoothed(curve: Curve, pieces: Sequence[Places], window: int, buckets: int) -> Line | None:
    """Take the running median of each piece; None if all are too short or too full of holes."""
    parts = []
    for piece in pieces:
        centres, medians = running_median(curve.y[piece], window, buckets)
        parts.append((curve.x[piece][centres], medians))
    line = _joined(parts)
    return line if np.isfinite(line[1]).any() else None


def _joined(parts: Sequence[Line]) -> Line:
    """Join pieces to one line with a gap after each."""
    gap = np.array([np.nan])
    return (
        np.concatenate([gap, *(part for x, _ in parts for part in (x, gap))]),
        np.concatenate([gap, *(part for _, y in parts for part in (y, gap))]),
    )


def _window(y: Floats, pieces: Sequence[Places]) -> int:
    """Choose how many points a running median spans; 0 where none is needed."""
    if not any(_noisy(y[piece]) for piece in pieces):
        return 0
    return min(1001, max(15, sum(map(len, pieces)) // 40)) | 1


def _noisy(y: Floats) -> bool:
    """Tell a curve whose trend hides in its noise from a schedule, however many its points."""
    values = y[np.isfinite(y)]
    if len(values) <= _DENSE:
        return False
    moves = np.diff(values)
    turns = np.count_nonzero(np.sign(moves[1:]) * np.sign(moves[:-1]) < 0)
    low, high = bulk(values)
    return bool(turns > 0.3 * len(moves) and np.mean(np.abs(moves)) > 0.004 * (high - low))


def bulk(values: Floats) -> tuple[float, float]:
    """Find the range of all but the outermost hundredths (of a sample of a long series)."""
    sample = values[:: max(1, len(values) // 20_000)]
    low, high = np.quantile(sample, [0.01, 0.99])
    return float(low), float(high)


def _alone(line: Line) -> Line:
    """Find the points that have no neighbour to be joined with."""
    x, y = line
    there = np.isfinite(y)
    alone = there & ~np.append(there[1:], [False]) & ~np.insert(there[:-1], 0, [False])
    return x[alone], y[alone]
