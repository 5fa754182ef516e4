"""Loss curves as SVG and PNG: the same bytes for the same points, on any machine.

Only matplotlib's object interface is used, under a pinned rc and with a font named by its file:
neither a user's `matplotlibrc`, nor one that lies in a run directory, nor the fonts of the machine
have a say. Whatever text comes from a run is drawn literally, never as mathtext. Points that a
resume superseded, points that are not finite and points without a place on the axis stay visible
or are counted in the legend.

numpy and matplotlib are imported by the first `draw`, for only some commands plot.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

from archiver.package.plots.specs import PlotSpec, TimelineSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from archiver.package.plots.traces import View

_RC: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#404040",
    # Ticks are written by ourselves. Unless told so, each new axis looks the font up by its name.
    "axes.formatter.use_mathtext": True,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8,
    "figure.dpi": 180,
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "grid.color": "#E0E0E0",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "svg.hashsalt": "runarchive",
    "text.parse_math": False,
    "xtick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.labelsize": 7,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
}
"""Beyond matplotlib's own defaults."""


def draw(spec: PlotSpec | TimelineSpec) -> dict[str, bytes]:
    """Draw one figure.

    Returns:
        `NAME.svg` and `NAME.png` with their bytes; empty where there is nothing to show.
    """
    if isinstance(spec, TimelineSpec):
        return _draw_timeline(spec) if spec.bars else {}
    from archiver.package.plots.traces import views

    shown = views(spec)
    if not shown:
        return {}
    with _pinned():
        from archiver.package.plots.layout import laid_out

        return _saved(spec.name, spec.title, _description(spec, shown), laid_out(spec, shown))


def _draw_timeline(spec: TimelineSpec) -> dict[str, bytes]:
    with _pinned():
        from archiver.package.plots.labels import literal
        from archiver.package.plots.timeline import MOST_BARS, laid_out

        jobs = [f"{literal(bar.label, 80)}: {literal(bar.status, 20)}" for bar in spec.bars]
        words = "; ".join(jobs[:MOST_BARS])
        return _saved(spec.name, spec.title, f"Jobs over time. {words}.", laid_out(spec))


@contextmanager
def _pinned() -> Iterator[None]:
    """Pin matplotlib to settings of our own, whatever the user's or a run's are."""
    _load_matplotlib()
    import matplotlib as mpl

    # Setting `backend` would load pyplot's machinery.
    pinned: Any = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    with mpl.rc_context(pinned | _RC):
        yield


def _load_matplotlib() -> None:
    """Import matplotlib without the `matplotlibrc` of the current directory.

    That directory may be a run. matplotlib looks there before anywhere else, and has no option
    against it.
    """
    if "matplotlib" not in sys.modules and os.path.lexists("matplotlibrc"):
        with chdir(os.sep):
            __import__("matplotlib")


def _saved(name: str, title: str, description: str, figure: Figure) -> dict[str, bytes]:
    """Write both files."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from archiver.package.plots import fonts
    from archiver.package.plots.labels import literal

    fonts.pin(figure)
    about = {"Title": literal(title, 200), "Description": description}
    png, svg = BytesIO(), BytesIO()
    # `savefig` would draw each file twice.
    agg: Any = FigureCanvasAgg(figure)
    # Level 6 takes twice the time for 3 % of the bytes.
    agg.print_png(png, metadata={**about, "Software": None}, pil_kwargs={"compress_level": 4})
    vector: Any = FigureCanvasSVG(figure)
    vector.print_svg(svg, metadata={**about, "Creator": "runarchive", "Date": None})
    return {f"{name}.svg": svg.getvalue(), f"{name}.png": png.getvalue()}


def _description(spec: PlotSpec, views: Sequence[View]) -> str:
    """Say in words what the figure shows, for readers who do not see it."""
    from archiver.package.plots.labels import literal

    sentences = []
    for view in views:
        curves = []
        for trace in view.traces:
            counts = [f"{trace.kept.count} points"]
            for count, what in (
                (trace.old.count, "superseded by resume"),
                (len(trace.kept.holes) + len(trace.old.holes), "non-finite"),
                (trace.unplaced, "without a place on the axis"),
            ):
                counts += [f"{count} {what}"] if count else []
            curves.append(f"{literal(trace.label, 80)} ({', '.join(counts)})")
        sentences.append(f"{literal(view.panel.ylabel, 80)}: {', '.join(curves)}.")
    sentences += [f"Horizontal axis: {literal(spec.xlabel, 80)}."]
    sentences += [f"Resumes: {len(spec.boundaries)}."] if spec.boundaries else []
    return " ".join(sentences)
