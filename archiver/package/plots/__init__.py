"""Figures of a run's series."""

from archiver.package.plots.figure import draw
from archiver.package.plots.specs import Curve, Panel, PlotSpec

__all__ = ["Curve", "Panel", "PlotSpec", "draw"]
