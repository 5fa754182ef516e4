"""Colours, lines and sizes that the parts of a figure share."""

from __future__ import annotations

from typing import Any

WIDTH = 6.4
"""Inches; a single column of an appendix."""
TEXT = 8
"""Points; names of axes and panels."""
SMALL = 7
"""Points; ticks and legends."""

# Okabe and Ito's palette, without black (axes) and yellow (invisible on paper), ordered so that
# neighbours differ in lightness as well; lines and markers differ for prints without colour.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.2, 1.2)))
_MARKERS = ("o", "s", "D", "^", "P", "X")

RAW: dict[str, Any] = {"lw": 0.5, "alpha": 0.5}
"""A noisy curve under its median."""
OLD: dict[str, Any] = {"color": "#8A8A8A", "ls": ":"}
"""What a resume superseded."""
START: dict[str, Any] = {"color": "#404040", "lw": 0.7, "ls": (0, (4, 2.5))}
"""The line where an attempt begins."""
_HOLE: dict[str, Any] = {"ls": "", "marker": "v", "ms": 3.8, "mew": 0.6, "mec": "#A50026"}
HOLE = _HOLE | {"mfc": "#A50026"}
"""The mark of a value that is not finite."""
OLD_HOLE = _HOLE | {"mfc": "white"}


def look(style: int, role: str) -> tuple[str, Any, str]:
    """Choose colour, line and marker of a curve; no two of the first twelve look the same."""
    line = _LINES[(style // (1 if role == "line" else 2)) % len(_LINES)]
    return _COLOURS[style % len(_COLOURS)], line, _MARKERS[style % len(_MARKERS)]


def marks(colour: str, marker: str, count: int) -> dict[str, Any]:
    """Style the markers of sparse points; white rims keep them apart from what they lie on."""
    size = 4.5 if count <= 60 else 3.0
    return {"color": colour, "marker": marker, "ms": size, "mec": "white", "mew": 0.5}
