"""The shapes a document is made of: bullets, tables, blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archiver.codecs import columns
from archiver.model.values import nonfinite
from archiver.render.escape import Markdown, cell, fence, indent, inline, prose, shorten, visible

LONGEST_CELL = 100
"""Characters of a table's cell; longer values stand in full beneath the table."""
_LONGEST_SENTENCE = 160
_CUT_CELL = 48
_WIDEST_PADDING = 60
"""Columns are aligned up to this width."""

Cell = str | int | float | bool | None
"""A value of a run, or `Markdown`; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Bullet:
    """One list entry: `label: text`, a block beneath it, further entries below."""

    label: str
    text: Markdown
    block: Markdown | None = None
    below: tuple[Bullet, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    always: int = 0
    """So many columns are shown even where every cell is empty."""


def bullets(items: Iterable[Bullet], depth: int = 0) -> Markdown:
    """A list, nested two blanks per level."""
    return Markdown("\n".join(_bullet(item, depth) for item in items))


def _bullet(item: Bullet, depth: int) -> str:
    margin = "  " * depth
    label = f"{item.label}: " if item.label else ""
    lines = [f"{margin}- {label}{item.text}".rstrip()]
    if item.block is not None:
        lines += ["", indent(item.block, 2 * depth + 2), ""]
    if item.below:
        lines.append(bullets(item.below, depth + 1))
    return "\n".join(lines)


def table(shape: Table) -> Markdown:
    """A GFM table with aligned columns; columns without any value are left out."""
    kept = [
        number
        for number in range(len(shape.columns))
        if number < shape.always or any(row[number] not in (None, "") for row in shape.rows)
    ]
    long: dict[str, int] = {}
    grid = [[cell(_cell(row[number], long)) for number in kept] for row in shape.rows]
    numeric = [_is_numeric(row[number] for row in shape.rows) for number in kept]
    header = [shape.columns[number] for number in kept]
    widths = [
        max(3, len(name), *(_width(row[index]) for row in grid))
        for index, name in enumerate(header)
    ]
    rule = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(widths, numeric, strict=True)
    ]
    lines = [_line(header, widths, numeric), f"| {' | '.join(rule)} |"]
    lines += [_line(row, widths, numeric) for row in grid]
    for text, which in long.items():
        lines += ["", f"Value {which} in full:", "", fence(text, "text")]
    return Markdown("\n".join(lines))


def _is_numeric(cells: Iterable[Cell]) -> bool:
    there = [item for item in cells if item is not None]
    return bool(there) and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in there
    )


def _width(text: str) -> int:
    return columns.width(text) if columns.fits(text, _WIDEST_PADDING) else 0


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = (
        (columns.right if right else columns.left)(text, width)
        for text, width, right in zip(cells, widths, numeric, strict=True)
    )
    return f"| {' | '.join(padded)} |"


def _cell(value: Cell, long: dict[str, int]) -> Markdown:
    if isinstance(value, Markdown):
        return value
    if value is None or value == "":
        return Markdown("")
    if not isinstance(value, str):
        return Markdown(number(value))
    if len(visible(value)) <= LONGEST_CELL:
        return inline(value)
    which = long.setdefault(value, len(long) + 1)
    return Markdown(f"{inline(shorten(value, _CUT_CELL))} (value {which} below)")


def listed(items: Iterable[str]) -> Markdown:
    """Several values in one cell."""
    return Markdown(", ".join(map(inline, items)))


def sentence(text: str) -> Cell:
    """A sentence in a cell; a long one goes beneath the table."""
    return text if len(text) > _LONGEST_SENTENCE or not text else prose(text)


def number(value: float) -> str:
    """A number in six significant digits; integers and booleans as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return f"{value:.6g}" if math.isfinite(value) else nonfinite(value)
