"""Text of a figure: whatever comes from a run is made literal, visible and short."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from math import floor, log10

import numpy as np

from archiver.package.downsample import Floats
from archiver.package.plots import fonts


def literal(text: str, most: int) -> str:
    """Make a run's text fit for a figure: visible characters only, at most `most` of them.

    Controls, bidi marks, surrogates and other invisible characters are written as escapes,
    spaces of any kind as one space, characters that the font lacks as U+FFFD. Combining marks
    that no composed character takes up are left out: stacked, they would push the axes away.
    """
    known = fonts.glyphs()
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


def fitted(text: str, room: float, size: float) -> str:
    """Make a run's text fit into `room` points."""
    most = 120
    shown = literal(text, most)
    while (taken := width(shown, size)) > room and most > 5:
        most = max(5, min(most - 1, int(len(shown) * room / taken)))
        shown = literal(text, most)
    return shown


def width(text: str, size: float) -> float:
    """Measure a text in points."""
    from matplotlib.textpath import text_to_path

    font = fonts.of_size(size)
    across, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(across)


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
