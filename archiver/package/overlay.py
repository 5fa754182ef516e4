"""The losses of several runs over one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from archiver.model.points import NO_STEP, PointStatus
from archiver.model.record import RunRecord, Series
from archiver.package.plots import Curve, Panel, PlotSpec

if TYPE_CHECKING:
    from archiver.case import Points

Drawn = tuple[str, RunRecord, "Callable[[Series], Points | None]"]
"""Name for the legend, record, and the points of each of its series."""

_PANELS = (("Loss", "loss"), ("Evaluation loss", "eval_loss"))
"""Title and canonical name of what is compared."""
_SPARSE = 60
"""Curves with at most this many points get markers."""


def of_runs(runs: Sequence[Drawn]) -> PlotSpec | None:
    """Panels of the losses that at least two runs have; None where there is no such loss.

    What a resume superseded is left out: it would be taken for another run.
    """
    names = _names([name for name, _, _ in runs])
    panels = []
    for title, canonical in _PANELS:
        curves = [
            curve
            for name, (_, record, points) in zip(names, runs, strict=True)
            if (curve := _curve(name, record, points, canonical)) is not None
        ]
        if len(curves) > 1:
            panels.append(Panel(title, canonical.replace("_", " "), tuple(curves)))
    if not panels:
        return None
    title = " / ".join(names) if len(names) == 2 else f"{len(names)} runs"
    return PlotSpec("diff", title, "step", tuple(panels))


def _names(names: Sequence[str]) -> list[str]:
    """Names that tell the runs apart: equal ones are numbered."""
    counts = Counter(names)
    return [
        f"{name} ({names[: place + 1].count(name)})" if counts[name] > 1 else name
        for place, name in enumerate(names)
    ]


def _curve(
    name: str, record: RunRecord, points: Callable[[Series], Points | None], canonical: str
) -> Curve | None:
    """The longest series of that meaning over steps, of a run's last training."""
    import numpy as np

    chosen = [
        item
        for item in record.series
        if item.canonical == canonical
        and item.shadow_of is None
        and item.type == "number"
        and item.axis == "step"
        and item.points
    ]
    if not chosen:
        return None
    found = points(max(chosen, key=lambda item: item.points))
    if found is None:
        return None
    there = found.kept & (found.steps != NO_STEP)
    steps, values = found.steps[there], found.values[there]
    if not len(steps):
        return None
    order = np.argsort(steps, kind="stable")
    status = np.full(len(order), PointStatus.KEPT, np.int8)
    segment = np.zeros(len(order), np.int16)
    role = "markers" if canonical == "eval_loss" and len(order) <= _SPARSE else "line"
    return Curve(name, steps[order].astype(np.float64), values[order], status, segment, role)  # type: ignore[arg-type]
