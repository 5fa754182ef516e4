"""The row above a panel: its title to the left, its legend to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from archiver.package.plots.labels import fitted, width
from archiver.package.plots.specs import PlotSpec
from archiver.package.plots.style import (
    HOLE,
    OLD,
    OLD_HOLE,
    RAW,
    SMALL,
    START,
    TEXT,
    WIDTH,
    look,
    marks,
)
from archiver.package.plots.traces import Trace, View

Entry: TypeAlias = tuple[Line2D, str]

SUPERSEDED = "superseded by resume"
_MOST = 24
"""Entries of one legend."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above a panel."""

    title: str
    entries: list[Entry]
    columns: int

    @property
    def rows(self) -> int:
        """Lines of text that it takes."""
        return max(ceil(len(self.entries) / self.columns), 1 if self.title else 0)


def headers(spec: PlotSpec, views: Sequence[View]) -> list[Header]:
    """Write what stands above each panel; what one legend told, the next ones leave out."""
    found = []
    told: set[str] = set()
    for number, view in enumerate(views):
        entries = [entry for entry in _curve_entries(view.traces) if entry[1] not in told]
        told.update(text for _, text in entries)
        entries += _fault_entries(view.traces)
        if number == 0 and len(spec.boundaries) > 1:
            entries.append((_sample(**START), f"resumes ({len(spec.boundaries)})"))
        if len(entries) > _MOST:
            rest = f"… and {len(entries) - _MOST + 1} more"
            entries = [*entries[: _MOST - 1], (_sample(ls=""), rest)]
        title = view.panel.title
        redundant = title.strip().casefold() in {"", view.panel.ylabel.strip().casefold()}
        title = "" if redundant else fitted(title, 170, TEXT)
        found.append(Header(title, entries, _columns(title, entries)))
    return found


def _sample(**style: object) -> Line2D:
    """Draw a line as the legend shows it."""
    return Line2D([], [], **style)  # type: ignore[arg-type]


def _curve_entries(traces: Sequence[Trace]) -> list[Entry]:
    """Name the curves, what lies over the noisy ones, and what a resume left behind."""
    entries = []
    for trace in traces:
        colour, line, marker = look(trace.style, trace.role)
        name = fitted(trace.label, 190, SMALL)
        style = {"color": colour, "lw": 1.2, "ls": line}
        if trace.kept.median:
            entries.append((_sample(color=colour, **RAW | {"lw": 2.5}), name))
            name = f"{name}, median of {trace.window}"
        elif trace.role == "markers":
            style |= marks(colour, marker, 1)
        entries.append((_sample(**style), name))
    if any(np.isfinite(t.old.line[1]).any() for t in traces):
        entries.append((_sample(lw=1.2, **OLD), SUPERSEDED))
    return entries


def _fault_entries(traces: Sequence[Trace]) -> list[Entry]:
    """Count what cannot be drawn."""
    word = "non-finite or beyond 1e300" if any(t.beyond for t in traces) else "non-finite"
    unplaced = sum(t.unplaced for t in traces)
    counted = (
        (sum(len(t.kept.holes) for t in traces), HOLE, word + " ({})"),
        (sum(len(t.old.holes) for t in traces), OLD_HOLE, word + ", superseded ({})"),
        (unplaced, {"ls": ""}, "not shown: {} without a place on the axis"),
    )
    return [(_sample(**style), text.format(count)) for count, style, text in counted if count]


def _columns(title: str, entries: Sequence[Entry]) -> int:
    """Count the legend's columns that fit beside the panel's title."""
    room = 72 * (WIDTH - 0.9) - (width(title, TEXT) + 14 if title else 0)
    widths = np.array([width(text, SMALL) + 32 for _, text in entries])
    for columns in range(len(entries), 1, -1):
        if sum(float(part.max()) for part in np.array_split(widths, columns)) <= room:
            return columns
    return 1


def draw_header(axes: Axes, header: Header) -> None:
    """Put title and legend above the axes, where they hide no point."""
    if header.title:
        axes.set_title(header.title, loc="left", y=1.0, pad=4)
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
        handletextpad=0.5,
        labelspacing=0.3,
        ncols=header.columns,
    )
    for text, (_, label) in zip(legend.get_texts(), header.entries, strict=True):
        text.set_text(label)
