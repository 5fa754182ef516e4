"""Figures of a run's series and jobs."""

from archiver.package.plots.figure import draw
from archiver.package.plots.specs import Bar, Curve, Panel, PlotSpec, TimelineSpec, time_unit

__all__ = ["Bar", "Curve", "Panel", "PlotSpec", "TimelineSpec", "draw", "time_unit"]
