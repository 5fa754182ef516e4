"""Loss curves as SVG and PNG: the same bytes for the same points, on any machine.

Only matplotlib's object interface is used, under a pinned rc: neither a user's `matplotlibrc`
nor one that lies in a run directory has a say. Whatever text comes from a run is drawn
literally, never as mathtext. Points that a resume superseded, points that are not finite and
points without a place on the axis stay visible or are counted in the legend.

matplotlib is imported by the first `draw`, for only some commands plot.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from math import ceil, floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from archiver.model.points import PointStatus
from archiver.package.downsample import minmax, running_median

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]
Ticks: TypeAlias = tuple[list[float], list[str]]
Entry: TypeAlias = "tuple[Line2D, str]"

FIGURE_WIDTH = 6.4
"""Inches; a single column of an appendix."""
PNG_DPI = 180
LARGEST = 1e300
"""Beyond this the arithmetic of the axes overflows; such values are drawn as non-finite ones."""
DENSE = 300
"""Points from which a noisy curve gets a running median."""
VERTICES = 6_000
"""Vertices of all curves together: keeps the SVG below some 400 kB."""
SPARSE = 40
"""Points up to which each point of a line gets a dot."""
LEGEND_ENTRIES = 24

# Okabe and Ito's palette, without black (axes) and yellow (invisible on paper), ordered so that
# neighbours differ in lightness as well; lines and markers differ for prints without colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.2, 1.2)))
MARKERS = ("o", "s", "D", "^", "P", "X")
ALARM = "#A50026"
OLD = "#8A8A8A"
BOUNDARY = "#404040"

PAPER: dict[str, Any] = {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6}
"""What keeps a text readable on top of lines."""

SUPERSEDED = "superseded by resume"

RAW: dict[str, Any] = {"lw": 0.5, "alpha": 0.5}
"""A noisy curve under its median."""

HOLE: dict[str, Any] = {"ls": "", "marker": "v", "ms": 3.8, "mew": 0.6, "mec": ALARM}
"""The mark of a value that is not finite."""

START: dict[str, Any] = {"color": BOUNDARY, "lw": 0.7, "ls": (0, (4, 2.5))}
"""The line where an attempt begins."""

RC: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#404040",
    "axes.grid": False,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8,
    "figure.dpi": PNG_DPI,
    "figure.titlesize": 9.5,
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "grid.color": "#E0E0E0",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "lines.dash_capstyle": "butt",
    "lines.solid_joinstyle": "round",
    "path.simplify": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "runarchive",
    "text.parse_math": False,
    "text.usetex": False,
    "timezone": "UTC",
    "xtick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.labelsize": 7,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
}


@dataclass(frozen=True, slots=True)
class Curve:
    """One series for plotting: arrays of equal length, in axis order as read."""

    label: str
    """For the legend, such as `train`."""
    x: Floats
    """Axis values: step, epoch, ..."""
    y: Floats
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
    log_y: bool = False
    """Ask for a logarithmic axis; granted if every value is positive."""


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
class _Trace:
    """What is drawn of one curve; NaN parts what no line may join."""

    label: str
    style: int
    role: str
    x: Floats
    y: Floats
    kept: int
    median_x: Floats
    median_y: Floats
    window: int
    """Points under the running median; 0 without one."""
    old_x: Floats
    old_y: Floats
    old_dot_x: Floats
    old_dot_y: Floats
    """Superseded points that get a mark of their own."""
    old_median_x: Floats
    old_median_y: Floats
    old_window: int
    superseded: int
    holes: Floats
    """Places of kept points that have no finite value."""
    old_holes: Floats
    beyond: bool
    """Whether a finite value is too large to draw."""
    unplaced: int
    """Points without a finite place on the axis."""


@dataclass(frozen=True, slots=True)
class _View:
    """One panel that has something to show."""

    panel: Panel
    traces: tuple[_Trace, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """The row above a panel: its title to the left, its legend to the right."""

    title: str
    entries: list[Entry]
    columns: int

    @property
    def rows(self) -> int:
        """Lines of text that it takes."""
        return max(ceil(len(self.entries) / self.columns), 1 if self.title else 0)


def draw(spec: PlotSpec) -> dict[str, bytes]:
    """Draw one figure.

    Returns:
        `NAME.svg` and `NAME.png` with their bytes; empty where no panel has a point to show.
    """
    with _out_of_reach_of_matplotlibrc():
        import matplotlib as mpl
    views = _views(spec)
    if not views:
        return {}
    # Setting `backend` would load pyplot's machinery.
    pinned: Any = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    pinned.update(RC)
    with mpl.rc_context(pinned):
        figure = _figure(spec, views)
        return _saved(spec, views, figure)


@contextmanager
def _out_of_reach_of_matplotlibrc() -> Iterator[None]:
    """Keep matplotlib's import from reading a `matplotlibrc` of the current directory.

    That directory may be a run. matplotlib looks there before anywhere else, and has no option
    against it.
    """
    if "matplotlib" in sys.modules or not os.path.lexists("matplotlibrc"):
        yield
        return
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.chdir(os.sep)
        yield
    finally:
        os.fchdir(here)
        os.close(here)


# --- text -------------------------------------------------------------------------------------


def literal(text: str, most: int) -> str:
    """Make a run's text fit for a figure: visible characters only, at most `most` of them.

    Controls, bidi marks, surrogates and other invisible characters are written as escapes,
    spaces of any kind as one space, characters that the font lacks as U+FFFD. Combining marks
    that no composed character takes up are left out: stacked, they would push the axes away.
    """
    known = _glyphs()
    # Whatever its length, what the reader sees comes from either end.
    if len(text) > 4 * most:
        text = f"{text[: 2 * most]}…{text[-2 * most :]}"
    shown = "".join(_visible(char, known) for char in unicodedata.normalize("NFC", text))
    return _shortened(" ".join(shown.split()) or "(no name)", most)


def _visible(char: str, known: frozenset[int]) -> str:
    """Write one character so that it is seen."""
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        escaped = char.encode("ascii", "backslashreplace").decode()
        return escaped if escaped != char else f"\\x{ord(char):02x}"
    if category in {"Mn", "Me"}:
        return ""
    return char if ord(char) in known else "\ufffd"


def _shortened(text: str, most: int) -> str:
    """Leave out the middle of a long text."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def _fitted(text: str, room: float, size: float) -> str:
    """Make a run's text fit into `room` points."""
    most = 120
    shown = literal(text, most)
    while (width := _width(shown, size)) > room and most > 5:
        most = max(5, min(most - 1, int(len(shown) * room / width)))
        shown = literal(text, most)
    return shown


def _width(text: str, size: float) -> float:
    """Measure a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family=RC["font.family"], size=size)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


@cache
def _glyphs() -> frozenset[int]:
    """Read which characters the font that matplotlib brings along can draw."""
    import matplotlib as mpl
    from matplotlib.ft2font import FT2Font

    font = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return frozenset(FT2Font(str(font)).get_charmap())


# --- points -----------------------------------------------------------------------------------


def _views(spec: PlotSpec) -> tuple[_View, ...]:
    """Prepare the panels that have a point to show; a label keeps its style in all of them."""
    styles: dict[tuple[str, int], int] = {}
    lines = sum(len(panel.curves) for panel in spec.panels)
    # A bucket has about two vertices, and the median takes as many as half a curve.
    buckets = min(600, max(50, VERTICES // (3 * max(1, lines))))
    views = []
    for panel in spec.panels:
        labels = [curve.label for curve in panel.curves]
        traces = []
        for number, curve in enumerate(panel.curves):
            # Two curves of one panel differ even if their labels do not.
            style = styles.setdefault(
                (curve.label, labels[:number].count(curve.label)), len(styles)
            )
            traces.append(_trace(curve, style, buckets))
        if any(t.kept or t.superseded for t in traces):
            shown = tuple(t for t in traces if t.kept or t.superseded or t.unplaced)
            views.append(_View(panel, shown))
    return tuple(views)


def _trace(curve: Curve, style: int, buckets: int) -> _Trace:
    """Sort out what is drawn of one curve, and how."""
    drawable, placed = _drawable(curve.y), _drawable(curve.x)
    x, y = curve.x, np.where(drawable, curve.y, np.nan)
    kept = placed & (curve.status == PointStatus.KEPT)
    old = placed & (curve.status == PointStatus.SUPERSEDED)
    pieces = _pieces(x, curve.segment, kept)
    tails = _tails(x, curve.segment, old)
    hung = [_hung(tail, x, curve.segment, kept) for tail in tails]
    window, old_window = 0, 0
    if curve.role == "line":
        window = _window(y, pieces)
        old_window = _window(y, tails)
        # One legend entry suffices if both medians span the same number of points.
        old_window = window if window and old_window else old_window
    line_x, line_y = _thinned(x, y, pieces, buckets)
    old_x, old_y = _thinned(x, y, hung, buckets)
    old_dot_x, old_dot_y = _thinned(x, y, tails, buckets)
    if curve.role == "line" and np.count_nonzero(old) > SPARSE:
        old_dot_x, old_dot_y = _alone(old_dot_x, old_dot_y)
    median_x, median_y = _smoothed(x, y, pieces, window, buckets)
    old_median_x, old_median_y = _smoothed(x, y, tails, old_window, buckets)
    shown = (curve.status == PointStatus.KEPT) | (curve.status == PointStatus.SUPERSEDED)
    return _Trace(
        label=curve.label,
        style=style,
        role=curve.role,
        x=line_x,
        y=line_y,
        kept=int(np.count_nonzero(kept)),
        median_x=median_x,
        median_y=median_y,
        window=window if np.isfinite(median_y).any() else 0,
        old_x=old_x,
        old_y=old_y,
        old_dot_x=old_dot_x,
        old_dot_y=old_dot_y,
        old_median_x=old_median_x,
        old_median_y=old_median_y,
        old_window=old_window if np.isfinite(old_median_y).any() else 0,
        superseded=int(np.count_nonzero(old)),
        holes=x[kept & ~drawable],
        old_holes=x[old & ~drawable],
        beyond=bool(np.any((kept | old) & ~drawable & np.isfinite(curve.y))),
        unplaced=int(np.count_nonzero(shown & ~placed)),
    )


def _drawable(values: Floats) -> Flags:
    """Tell which values the arithmetic of the axes can take."""
    flags: Flags = np.abs(values) <= LARGEST  # False for NaN
    return flags


def _pieces(x: Floats, segment: npt.NDArray[np.int16], mask: Flags) -> list[Places]:
    """Order points by attempt and axis; a new piece begins where an attempt goes back."""
    places = np.flatnonzero(mask)
    places = places[np.lexsort((x[places], segment[places]))]
    back = np.flatnonzero(np.diff(x[places]) < 0) + 1
    return [piece for piece in np.split(places, back) if len(piece)]


def _tails(x: Floats, segment: npt.NDArray[np.int16], old: Flags) -> list[Places]:
    """Order superseded points by attempt and axis."""
    tails = [np.flatnonzero(old & (segment == attempt)) for attempt in np.unique(segment[old])]
    return [tail[np.argsort(x[tail], kind="stable")] for tail in tails]


def _hung(tail: Places, x: Floats, segment: npt.NDArray[np.int16], kept: Flags) -> Places:
    """Hang a tail to the last point of its attempt that was kept."""
    before = np.flatnonzero(kept & (segment == segment[tail[0]]) & (x < x[tail[0]]))
    return np.concatenate([before[[np.argmax(x[before])]], tail]) if len(before) else tail


def _thinned(x: Floats, y: Floats, pieces: Sequence[Places], buckets: int) -> tuple[Floats, Floats]:
    """Thin the pieces out, each to its share of the axis, and put them one after the other."""
    whole = float(np.ptp(x[_drawable(x)])) if pieces else 0.0
    parts = []
    for piece in pieces:
        share = float(np.ptp(x[piece])) / whole if whole else 1.0
        thin = piece[minmax(x[piece], y[piece], max(20, ceil(buckets * share)))]
        parts.append((x[thin], y[thin]))
    return _joined(parts)


def _smoothed(
    x: Floats, y: Floats, pieces: Sequence[Places], window: int, buckets: int
) -> tuple[Floats, Floats]:
    """Take the running median of each piece; none for a window of 0."""
    parts = []
    for piece in pieces if window else ():
        centres, medians = running_median(y[piece], window, buckets)
        parts.append((x[piece][centres], medians))
    return _joined(parts)


def _joined(pieces: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Join pieces to one line with a gap after each."""
    gap = np.array([np.nan])
    empty = np.empty(0)
    return (
        np.concatenate([empty, *(part for x, _ in pieces for part in (x, gap))]),
        np.concatenate([empty, *(part for _, y in pieces for part in (y, gap))]),
    )


def _window(y: Floats, pieces: Sequence[Places]) -> int:
    """Choose how many points a running median spans; 0 where none is needed."""
    if not any(_noisy(y[piece]) for piece in pieces):
        return 0
    return min(1001, max(15, sum(map(len, pieces)) // 40)) | 1


def _noisy(y: Floats) -> bool:
    """Tell a curve whose trend hides in its noise from a schedule, however many its points."""
    values = y[np.isfinite(y)]
    if len(values) <= DENSE:
        return False
    moves = np.diff(values)
    turns = np.count_nonzero(np.sign(moves[1:]) * np.sign(moves[:-1]) < 0)
    low, high = _bulk(values)
    return bool(turns > 0.3 * len(moves) and np.mean(np.abs(moves)) > 0.004 * (high - low))


def _bulk(values: Floats) -> tuple[float, float]:
    """Find the range of all but the outermost hundredths (of a sample of a long series)."""
    sample = values[:: max(1, len(values) // 20_000)]
    low, high = np.quantile(sample, [0.01, 0.99])
    return float(low), float(high)


def _alone(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Find the points that have no neighbour to be joined with."""
    there = np.isfinite(y)
    alone = there & ~np.append(there[1:], [False]) & ~np.insert(there[:-1], 0, [False])
    return x[alone], y[alone]


# --- axes -------------------------------------------------------------------------------------


def tick_labels(values: Sequence[float]) -> list[str]:
    """Write ticks alike: `0`, `20k`, `40k`; `0.5`, `1.0`; `1e−5`, `2e−5`."""
    ticks = np.asarray(values, dtype=np.float64)
    top = float(np.max(np.abs(ticks), initial=0.0))
    if top == 0:
        return ["0"] * len(ticks)
    steps = np.diff(np.unique(ticks))
    step = float(np.min(steps)) if len(steps) else top
    scale, suffix, most = 1.0, "", 12
    if 1e4 <= top < 1e15:
        thousands = min(12, 3 * floor(log10(top) / 3))
        if _decimals(ticks, step, 10.0**thousands, 2) <= 2:
            scale, suffix = 10.0**thousands, "kMBT"[thousands // 3 - 1]
    power = floor(log10(top))
    if top < 1e-3 or top >= 1e17 or (top >= 1e15 and _decimals(ticks, step, 10.0**power, 5) < 6):
        scale, suffix, most = 10.0**power, f"e{power}", 16
    places = _decimals(ticks, step, scale, most)
    texts = [f"{tick / scale:.{places}f}{suffix}" if tick else "0" for tick in ticks]
    return [text.replace("-", "\u2212") for text in texts]


def _decimals(ticks: Floats, step: float, scale: float, most: int) -> int:
    """Count the decimals that tell the ticks apart exactly; `most` + 1 where that takes more."""
    for places in range(most + 1):
        exact = np.round(ticks / scale, places) - ticks / scale
        if np.all(np.abs(exact) <= step / scale * 1e-3):
            return places
    return most + 1


def _origin(low: float, high: float) -> float:
    """Choose a round number to count from where an axis is far from 0 for its length.

    Drawn as they are, points at 10^15 that are 1 apart would lie beside their ticks.
    """
    if max(abs(low), abs(high)) < 1e6 * (high - low):
        return 0.0
    unit = 10.0 ** ceil(log10(high - low))
    return floor(low / unit) * unit


def _ticks(low: float, high: float, origin: float, bins: int, *, whole: bool = False) -> Ticks:
    """Choose round places, as counted from the origin, and write their values."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10], integer=whole)
    places = [float(t) for t in found.tick_values(low, high) if low <= t <= high]
    return places, tick_labels([place + origin for place in places])


def _x_limits(spec: PlotSpec, views: Sequence[_View]) -> tuple[float, float]:
    """Span everything that has a place on the shared axis."""
    parts = [np.array([x for x, _ in spec.boundaries if abs(x) <= LARGEST])]
    parts += [
        part for v in views for t in v.traces for part in (t.x, t.old_x, t.holes, t.old_holes)
    ]
    places = np.concatenate(parts)
    places = places[np.isfinite(places)]
    low, high = float(np.min(places, initial=LARGEST)), float(np.max(places, initial=-LARGEST))
    if low > high:
        return 0.0, 1.0
    pad = 0.015 * (high - low) or max(1.0, 0.01 * abs(high))
    return low - pad, high + pad


def _y_values(panel: Panel) -> Floats:
    """Gather every finite value that the panel shows."""
    parts = []
    for curve in panel.curves:
        shown = (curve.status == PointStatus.KEPT) | (curve.status == PointStatus.SUPERSEDED)
        parts.append(curve.y[shown & _drawable(curve.x) & _drawable(curve.y)])
    return np.concatenate(parts)


def _wants_log(panel: Panel, values: Floats) -> bool:
    """Whether a logarithmic axis is asked for, or is the only way to see beside the spikes."""
    if not len(values) or float(values.min()) < 1 / LARGEST:
        return False
    if panel.log_y:
        return True
    low, high = _bulk(values)
    least, most = float(values.min()), float(values.max())
    return most - least > 50 * (high - low) and most > 10 * least


def _y_limits(values: Floats, *, log: bool, room: float) -> tuple[float, float]:
    """Span every value; nothing is clipped. The margin above is `room` times that below."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if log:
        pad = min(max(0.05 * (log10(high) - log10(low)), 0.05), 2.0)
        return 10 ** (log10(low) - pad), 10 ** (log10(high) + pad * room)
    pad = 0.06 * (high - low)
    if pad <= 1e-9 * abs(high):
        pad = 0.1 * abs(high)
    pad = max(pad, 1e-290) if high or low else 1.0
    return low - pad, high + pad * room


def _log_ticks(low: float, high: float) -> list[float]:
    """Choose decades, with 2 and 5 between them where they are few."""
    first, last = floor(log10(low)), ceil(log10(high))
    digits = (1, 2, 5) if last - first <= 3 else (1,)
    stride = ceil((last - first) / 7)
    powers = [power for power in range(first, last + 1) if power % stride == 0]
    ticks = [digit * 10.0**power for power in powers for digit in digits]
    return [tick for tick in ticks if low <= tick <= high]


def _set_y(axes: Axes, view: _View, height: float) -> None:
    """Scale and label the vertical axis."""
    from matplotlib.ticker import NullFormatter, NullLocator

    values = _y_values(view.panel)
    log = _wants_log(view.panel, values)
    marked = any(len(t.holes) or len(t.old_holes) for t in view.traces)
    low, high = _y_limits(values, log=log, room=2.0 / height if marked else 1.0)
    ticks, labels = _ticks(low, high, 0.0, max(4, round(3.6 * height)))
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        decades = _log_ticks(low, high)
        if len(decades) > 1:
            ticks, labels = decades, [tick_labels([tick])[0] for tick in decades]
        if log10(high) - log10(low) > 8:
            axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low, high)
    axes.set_yticks(ticks if len(values) else [], labels=labels if len(values) else [])
    if not len(values):
        middle: Any = {"transform": axes.transAxes, "ha": "center", "va": "center", "zorder": 4}
        axes.text(0.5, 0.5, "no finite values", bbox={**PAPER, "alpha": 1.0}, **middle)
    label = _fitted(view.panel.ylabel, 72 * height, 8)
    axes.set_ylabel(f"{label}\n(log scale)" if log else label)


def _set_x(axes: Axes, spec: PlotSpec, views: Sequence[_View]) -> float:
    """Scale and label the shared axis.

    Returns:
        Where places on the axis are counted from.
    """
    low, high = _x_limits(spec, views)
    origin = _origin(low, high)
    whole = all(
        bool(np.all(part[np.isfinite(part)] % 1 == 0))
        for v in views
        for t in v.traces
        for part in (t.x, t.old_x, t.holes)
    )
    low, high = low - origin, high - origin
    ticks, labels = _ticks(low, high, origin, 2 if origin else 7, whole=whole)
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, labels=labels)
    axes.set_xlabel(_fitted(spec.xlabel, 72 * (FIGURE_WIDTH - 1.5), 8))
    return origin


def _counted_from(origin: float, trace: _Trace) -> _Trace:
    """Move a curve along the axis."""
    return replace(
        trace,
        x=trace.x - origin,
        median_x=trace.median_x - origin,
        old_x=trace.old_x - origin,
        old_dot_x=trace.old_dot_x - origin,
        old_median_x=trace.old_median_x - origin,
        holes=trace.holes - origin,
        old_holes=trace.old_holes - origin,
    )


# --- figure -----------------------------------------------------------------------------------


def _figure(spec: PlotSpec, views: Sequence[_View]) -> Figure:
    """Lay the panels out and fill them."""
    from matplotlib.figure import Figure

    headers = _headers(spec, views)
    ratios = [2.1, *[0.95] * (len(views) - 1)]
    height = 0.8 + sum(ratios) + 0.16 * sum(header.rows for header in headers)
    figure = Figure(figsize=(FIGURE_WIDTH, round(height, 2)), layout="constrained")
    figure.suptitle(_fitted(spec.title, 72 * (FIGURE_WIDTH - 0.3), 9.5))
    grid = figure.subplots(
        len(views), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios}
    )[:, 0]
    origin = _set_x(grid[-1], spec, views)
    starts = [(x - origin, text) for x, text in spec.boundaries if abs(x) <= LARGEST]
    for number, (axes, view, header) in enumerate(zip(grid, views, headers, strict=True)):
        axes.grid(visible=True)
        _set_y(axes, view, ratios[number])
        traces = [_counted_from(origin, trace) for trace in view.traces]
        for trace in traces:
            _draw_trace(axes, trace)
        _draw_holes(figure, axes, traces)
        _draw_boundaries(axes, starts, labelled=number == 0)
        _draw_header(axes, header)
    figure.align_ylabels()
    return figure


def _saved(spec: PlotSpec, views: Sequence[_View], figure: Figure) -> dict[str, bytes]:
    """Write both files; the layout is computed once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    # `savefig` would draw each file twice.
    agg: Any = FigureCanvasAgg(figure)
    vector: Any = FigureCanvasSVG(figure)
    figure.set_canvas(agg)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    about = {"Title": literal(spec.title, 200), "Description": _description(spec, views)}
    png, svg = BytesIO(), BytesIO()
    # Level 6 takes twice the time for 3 % of the bytes.
    agg.print_png(png, metadata={**about, "Software": None}, pil_kwargs={"compress_level": 4})
    figure.set_canvas(vector)
    vector.print_svg(svg, metadata={**about, "Creator": "runarchive", "Date": None})
    return {f"{spec.name}.svg": svg.getvalue(), f"{spec.name}.png": png.getvalue()}


def _description(spec: PlotSpec, views: Sequence[_View]) -> str:
    """Say in words what the figure shows, for readers who do not see it."""
    sentences = []
    for view in views:
        curves = []
        for trace in view.traces:
            counts = [f"{trace.kept} points"]
            counts += [f"{trace.superseded} {SUPERSEDED}"] if trace.superseded else []
            holes = len(trace.holes) + len(trace.old_holes)
            counts += [f"{holes} non-finite"] if holes else []
            counts += [f"{trace.unplaced} without a place on the axis"] if trace.unplaced else []
            curves.append(f"{literal(trace.label, 80)} ({', '.join(counts)})")
        sentences.append(f"{literal(view.panel.ylabel, 80)}: {', '.join(curves)}.")
    sentences += [f"Horizontal axis: {literal(spec.xlabel, 80)}."]
    sentences += [f"Resumes: {len(spec.boundaries)}."] if spec.boundaries else []
    return " ".join(sentences)


def _draw_trace(axes: Axes, trace: _Trace) -> None:
    """Draw one curve, what a resume superseded of it behind it."""
    colour, line, marker = _look(trace)
    sparse = trace.kept <= SPARSE
    if trace.superseded:
        _draw_superseded(axes, trace)
    if trace.window:
        axes.plot(trace.x, trace.y, color=colour, zorder=2, **RAW)
        axes.plot(trace.median_x, trace.median_y, color=colour, lw=1.4, ls=line, zorder=2.5)
    else:
        axes.plot(trace.x, trace.y, color=colour, lw=1.2, ls=line, zorder=2.2)
    if trace.role == "markers":
        axes.plot(trace.x, trace.y, zorder=3, **_marks(colour, marker, trace.kept))
    else:
        x, y = (trace.x, trace.y) if sparse else _alone(trace.x, trace.y)
        size = 2.5 if trace.kept > 3 else 4
        axes.plot(x, y, color=colour, ls="", marker="o", ms=size, mew=0, zorder=2.6)


def _draw_superseded(axes: Axes, trace: _Trace) -> None:
    """Draw what an attempt measured beyond the point that the next one started from."""
    if trace.old_window:
        axes.plot(trace.old_x, trace.old_y, color=OLD, zorder=1.5, **RAW)
        axes.plot(trace.old_median_x, trace.old_median_y, color=OLD, zorder=2.4, lw=1.4, ls=":")
        return
    axes.plot(trace.old_x, trace.old_y, color=OLD, lw=1.0, ls=":", zorder=1.5)
    marker = _look(trace)[2] if trace.role == "markers" else "."
    rim: dict[str, Any] = {"marker": marker, "ms": 3, "mfc": "white", "mew": 0.7}
    axes.plot(trace.old_dot_x, trace.old_dot_y, color=OLD, ls="", zorder=1.6, **rim)


def _look(trace: _Trace) -> tuple[str, Any, str]:
    """Choose colour, line and marker of a curve; no two of the first twelve look the same."""
    number = trace.style
    line = LINES[(number // (1 if trace.role == "line" else 2)) % len(LINES)]
    return COLOURS[number % len(COLOURS)], line, MARKERS[number % len(MARKERS)]


def _marks(colour: str, marker: str, count: int) -> dict[str, Any]:
    """Style the markers of sparse points; white rims keep them apart from what they lie on."""
    size = 4.5 if count <= 60 else 3.0
    return {"color": colour, "ls": "", "marker": marker, "ms": size, "mec": "white", "mew": 0.5}


def _draw_holes(figure: Figure, axes: Axes, traces: Sequence[_Trace]) -> None:
    """Mark below the upper edge where values are not finite."""
    from matplotlib.transforms import offset_copy

    edge = offset_copy(axes.get_xaxis_transform(), figure, y=-2.4, units="points")
    for holes, face in (
        ([t.old_holes for t in traces], "white"),
        ([t.holes for t in traces], ALARM),
    ):
        spots = _apart(np.sort(np.concatenate(holes)), axes.get_xlim(), 100)
        axes.plot(spots, np.ones(len(spots)), transform=edge, mfc=face, zorder=3.5, **HOLE)


def _apart(places: Floats, limits: tuple[float, float], columns: int) -> Floats:
    """Thin sorted places out to one per column of the figure."""
    if not len(places):
        return places
    low, high = limits
    column = np.floor((places - low) / (high - low) * columns)
    return places[np.diff(column, prepend=column[0] - 1) > 0]


def _draw_boundaries(
    axes: Axes, boundaries: Sequence[tuple[float, str]], *, labelled: bool
) -> None:
    """Draw where attempts begin; crowded labels give way, lines do not."""
    low, high = axes.get_xlim()
    free = -np.inf
    alpha = 1.0 if len(boundaries) <= 12 else 0.5
    for x, text in sorted(boundaries):
        axes.axvline(x, alpha=alpha, zorder=2.8, **START)
        place = (x - low) / (high - low)
        if not labelled or place < free:
            continue
        free = place + 0.03
        left = place > 0.97
        axes.annotate(
            _fitted(text, 80, 6.5),
            (x, 1.0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-2.5 if left else 2.5, -6),
            textcoords="offset points",
            rotation=90,
            ha="right" if left else "left",
            va="top",
            fontsize=6.5,
            color=BOUNDARY,
            zorder=4,
            bbox=PAPER,
        ).set_in_layout(False)


# --- legend -----------------------------------------------------------------------------------


def _headers(spec: PlotSpec, views: Sequence[_View]) -> list[_Header]:
    """Write what stands above each panel."""
    from matplotlib.lines import Line2D

    headers = []
    told: set[str] = set()
    for number, view in enumerate(views):
        entries = _curve_entries(view.traces)
        entries += _superseded_entries(view.traces)
        fresh = [entry for entry in entries if entry[1] not in told]
        told.update(text for _, text in entries)
        entries = fresh + _fault_entries(view.traces)
        if number == 0 and len(spec.boundaries) > 1:
            entries.append((Line2D([], [], **START), f"resumes ({len(spec.boundaries)})"))
        if len(entries) > LEGEND_ENTRIES:
            rest = f"… and {len(entries) - LEGEND_ENTRIES + 1} more"
            entries = [*entries[: LEGEND_ENTRIES - 1], (Line2D([], [], ls=""), rest)]
        title = view.panel.title
        redundant = title.strip().casefold() in {"", view.panel.ylabel.strip().casefold()}
        title = "" if redundant else _fitted(title, 170, 8)
        headers.append(_Header(title, entries, _columns(title, entries)))
    return headers


def _curve_entries(traces: Sequence[_Trace]) -> list[Entry]:
    """Name the curves, and what lies over the noisy ones."""
    from matplotlib.lines import Line2D

    entries: list[Entry] = []
    for trace in traces:
        colour, line, marker = _look(trace)
        name = _fitted(trace.label, 190, 7)
        if trace.window:
            entries.append((Line2D([], [], color=colour, **{**RAW, "lw": 2.5}), name))
            smooth = Line2D([], [], color=colour, lw=1.4, ls=line)
            entries.append((smooth, f"{name}, median of {trace.window}"))
        elif trace.role == "markers":
            marks = _marks(colour, marker, 1) | {"lw": 1.2, "ls": line}
            entries.append((Line2D([], [], **marks), name))
        else:
            entries.append((Line2D([], [], color=colour, lw=1.2, ls=line), name))
    return entries


def _superseded_entries(traces: Sequence[_Trace]) -> list[Entry]:
    """Name the tails that a resume left behind."""
    from matplotlib.lines import Line2D

    entries: list[Entry] = []
    if any(np.isfinite(t.old_y).any() for t in traces):
        rough = max(t.old_window for t in traces)
        dots = Line2D([], [], color=OLD, lw=1.2, ls=":")
        haze = Line2D([], [], color=OLD, **{**RAW, "lw": 2.5})
        entries.append((haze if rough else dots, SUPERSEDED))
        if rough:
            entries.append((dots, f"superseded, median of {rough}"))
    return entries


def _fault_entries(traces: Sequence[_Trace]) -> list[Entry]:
    """Count what cannot be drawn."""
    from matplotlib.lines import Line2D

    entries: list[Entry] = []
    word = "non-finite or beyond 1e300" if any(t.beyond for t in traces) else "non-finite"
    holes = sum(len(t.holes) for t in traces)
    if holes:
        entries.append((Line2D([], [], mfc=ALARM, **HOLE), f"{word} ({holes})"))
    holes = sum(len(t.old_holes) for t in traces)
    if holes:
        entries.append((Line2D([], [], mfc="white", **HOLE), f"{word}, superseded ({holes})"))
    unplaced = sum(t.unplaced for t in traces)
    if unplaced:
        text = f"not shown: {unplaced} without a place on the axis"
        entries.append((Line2D([], [], ls=""), text))
    return entries


def _columns(title: str, entries: Sequence[Entry]) -> int:
    """Count the legend's columns that fit beside the panel's title."""
    room = 72 * (FIGURE_WIDTH - 0.9) - (_width(title, 8) + 14 if title else 0)
    widths = [_width(text, 7) + 32 for _, text in entries]
    for columns in range(len(entries), 1, -1):
        parts = np.array_split(np.asarray(widths), columns)
        if sum(float(part.max()) for part in parts) <= room:
            return columns
    return 1


def _draw_header(axes: Axes, header: _Header) -> None:
    """Put title and legend above the axes, where they hide no point."""
    if header.title:
        axes.set_title(header.title, loc="left", pad=4)
    if not header.entries:
        return
    # A label that begins with an underscore would be left out: texts are set afterwards.
    legend = axes.legend(
        [handle for handle, _ in header.entries],
        ["x"] * len(header.entries),
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.25,
        borderpad=0.0,
        columnspacing=1.2,
        frameon=False,
        handlelength=2.0,
        handletextpad=0.5,
        labelspacing=0.3,
        ncols=header.columns,
        numpoints=1,
    )
    for text, (_, label) in zip(legend.get_texts(), header.entries, strict=True):
        text.set_text(label)
