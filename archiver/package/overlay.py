"""The losses of several runs over one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from archiver.model.points import PointStatus
from archiver.model.record import RunRecord, Series
from archiver.package.plots import Curve, Panel, PlotSpec
from archiver.wording import listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Line: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64]]"
"""Places and values of the points that count, in order; a point without a place has NaN."""

STEP = "step"
_PANELS = (("Loss", "loss"), ("Evaluation loss", "eval_loss"))
"""Title and canonical name of what is compared."""
_COUNTED = {"epoch": "epochs"}
"""Axis -> what it counts, where that is not its name."""
_SPARSE = 60
"""Curves with at most this many points get markers."""
_MOST_NAMED = 3
"""Runs that are named."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One run as it is drawn."""

    name: str
    """For the legend."""
    record: RunRecord
    line: Callable[[Series, str], Line | None]
    """The points of a series over an axis; None where none of them has a place on it."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """The figure, and what is to be said of it."""

    spec: PlotSpec
    note: str = ""
    """Which runs have no places on the axis, and what was drawn instead; empty where all have."""


def of_runs(runs: Sequence[Drawn], axis: str = STEP) -> Overlay | None:
    """Panels of the losses that at least two runs have; None where there is no such loss.

    Where no loss of two runs has places on the axis, steps are drawn; the figure says so, as it
    does of a run that is left out. What a resume superseded is left out: it would be taken for
    another run.
    """
    names = _names([run.name for run in runs])
    label, note = axis, ""
    panels, lacking = _panels(names, runs, axis)
    if lacking:
        who = listed(lacking, _MOST_NAMED)
        unknown = f"the {_COUNTED.get(axis, axis)} of {who} are missing or go back"
        label = f"{axis} ({unknown}: left out)" if panels else f"{STEP} ({unknown})"
        note = f"{unknown}: {'left out of the plot' if panels else 'drawn over steps'}"
    if not panels:
        panels, _ = _panels(names, runs, STEP)
    if not panels:
        return None
    title = " / ".join(names) if len(names) == 2 else f"{len(names)} runs"
    return Overlay(PlotSpec("diff", title, label, panels), note)


def _names(names: Sequence[str]) -> list[str]:
    """Names that tell the runs apart: equal ones are numbered."""
    counts = Counter(names)
    return [
        f"{name} ({names[: place + 1].count(name)})" if counts[name] > 1 else name
        for place, name in enumerate(names)
    ]


def _panels(
    names: Sequence[str], runs: Sequence[Drawn], axis: str
) -> tuple[tuple[Panel, ...], list[str]]:
    """What can be drawn over an axis, and which runs have losses but no places on it."""
    panels: list[Panel] = []
    placed: set[str] = set()
    lacking: dict[str, list[str]] = {}
    for title, canonical in _PANELS:
        label = canonical.replace("_", " ")
        curves = []
        for name, run in zip(names, runs, strict=True):
            known = _losses(run.record, canonical, axis)
            curve = _curve(name, run, known, axis)
            if curve is not None:
                curves.append(curve)
                placed.add(name)
            elif known:
                lacking.setdefault(name, []).append(label)
        if len(curves) > 1:
            panels.append(Panel(title, label, tuple(curves)))
    told = [
        f"{name} ({', '.join(labels)})" if name in placed else name
        for name, labels in lacking.items()
    ]
    return tuple(panels), told


def _losses(record: RunRecord, canonical: str, axis: str) -> list[Series]:
    """The series of that meaning, the longest first."""
    found = [
        item
        for item in record.series
        if item.canonical == canonical
        and item.shadow_of is None
        and item.type == "number"
        and item.axis in (STEP, axis)
        and item.points
    ]
    return sorted(found, key=lambda item: -item.points)


def _curve(name: str, run: Drawn, losses: Sequence[Series], axis: str) -> Curve | None:
    """The longest of these series that has places on the axis."""
    import numpy as np

    for item in losses:
        line = run.line(item, axis)
        if line is not None:
            places, values = line
            status = np.full(len(places), PointStatus.KEPT, np.int8)
            segment = np.zeros(len(places), np.int16)
            sparse = item.canonical == "eval_loss" and len(places) <= _SPARSE
            return Curve(name, places, values, status, segment, "markers" if sparse else "line")
    return None
