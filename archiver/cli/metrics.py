"""`runarchive metrics`."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archiver.cli.terminal import ProgressLine, tell
from archiver.codecs import columns
from archiver.codecs.visible import safe
from archiver.errors import ExitCode

if TYPE_CHECKING:
    from archiver.summaries import Row, RunMetrics


class Format(StrEnum):
    """How the table is printed."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


def command(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_OR_ARCHIVE",
            help="A run directory, a directory with runs below it, or an archive. "
            "It is never written to.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="Form of the table.")] = Format.TEXT,
) -> int:
    """Sum up every series: counts, ends, extremes, mean, best value, and what became of points.

    The first 18 columns of CSV and JSON have the names and the order of `codex-ndjson summarize`.
    """
    from archiver.workflows import summarising

    progress = ProgressLine(sys.stderr)
    try:
        found = summarising.metrics(place, progress)
    finally:
        progress.close()
    forms = {Format.TEXT: _text, Format.CSV: _csv, Format.JSON: _json}
    tell(forms[form](found))
    return ExitCode.OK


def _json(found: Sequence[RunMetrics]) -> str:
    runs = [
        {
            "run_id": item.record.run.run_id,
            "experiment": item.record.run.experiment,
            "producers": list(item.record.run.producers),
            "series": [asdict(row) for row in item.rows],
        }
        for item in found
    ]
    return json.dumps({"runs": runs}, indent=1, allow_nan=False)


def _csv(found: Sequence[RunMetrics]) -> str:
    """RFC 4180; the last line end is the printer's."""
    from archiver.summaries import COLUMNS

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for item in found:
        for row in item.rows:
            writer.writerow([_cell(value) for value in asdict(row).values()])
    return text.getvalue().removesuffix("\n")


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return safe(json.dumps(value, sort_keys=True, ensure_ascii=False)) if value else ""
    if not isinstance(value, str):
        return value
    formula = value.startswith(_FORMULA) and value != "-Infinity"
    return safe(f"'{value}" if formula else value)


_FORMULA = ("=", "+", "-", "@")
"""What makes a spreadsheet take a text for a formula."""


_HEADS = ("metric", "split", "count", "steps", "first", "last", "min", "max", "mean", "best")
_RIGHT = frozenset({"count", "first", "last", "min", "max", "mean"})
_LEAST = ("mean", "first", "max", "min", "steps", "split")
"""Columns that are left out, one after the other, where the terminal is too narrow."""
_NAME, _VALUE = 32, 12
_PIPE = 120
"""Columns of a terminal that is none."""


def _text(found: Sequence[RunMetrics]) -> str:
    width = max(shutil.get_terminal_size((_PIPE, 24)).columns, 60)
    return "\n\n".join("\n".join(_run_lines(item, width)) for item in found)


def _run_lines(item: RunMetrics, width: int) -> Iterator[str]:
    run = item.record.run
    producers = ", ".join(run.producers)
    yield safe(f"{run.experiment}/{run.run_id}" + (f"  ({producers})" if producers else ""))
    if not item.rows:
        yield "  no metric was recorded"
    ordered = sorted(item.rows, key=lambda row: row.source)
    for source, rows in groupby(ordered, key=lambda row: row.source):
        group = list(rows)
        lost = f"  ({group[0].dropped} of its rows gave nothing)" if group[0].dropped else ""
        yield ""
        yield safe(source) + lost
        yield from _table(group, width)


def _table(rows: Sequence[Row], width: int) -> Iterator[str]:
    cells = [_cells(row) for row in rows]
    heads = [
        head for head in _HEADS if head in ("metric", "count") or any(line[head] for line in cells)
    ]
    widths = {
        head: max(len(head), *(columns.width(line[head]) for line in cells)) for head in heads
    }
    for head in _LEAST:
        if sum(widths[name] + 2 for name in heads) > width and head in heads:
            heads.remove(head)
    yield _line({head: head for head in heads}, heads, widths)
    for row, line in zip(rows, cells, strict=True):
        yield _line(line, heads, widths)
        notes = ", ".join(_notes(row))
        if notes:
            yield safe(f"    {notes}")


def _line(cells: dict[str, str], heads: Iterable[str], widths: dict[str, int]) -> str:
    parts = (
        (columns.right if head in _RIGHT else columns.left)(cells[head], widths[head])
        for head in heads
    )
    return ("  " + "  ".join(parts)).rstrip()


def _cells(row: Row) -> dict[str, str]:
    best = "" if row.best_value is None else _number(row.best_value)
    at = "" if row.best_step is None else f" @ {row.best_step}"
    return {
        "metric": _name(row),
        "split": columns.beginning(safe(row.split), _VALUE),
        "count": str(row.count),
        "steps": _steps(row),
        "first": _number(row.first_value),
        "last": _number(row.last_value),
        "min": _number(row.min_value),
        "max": _number(row.max_value),
        "mean": _number(row.mean_value),
        "best": best + at if best else "",
    }


def _name(row: Row) -> str:
    """Key, labels and unit; a long key is cut before what tells it from others of its name."""
    labels = ",".join(f"{name}={value}" for name, value in row.labels.items())
    tail = safe((f" [{labels}]" if labels else "") + (f" ({row.unit})" if row.unit else ""))
    key = safe(row.metric)
    if columns.fits(key + tail, _NAME):
        return key + tail
    if columns.fits(tail, _NAME // 2 - 1):
        return f"{columns.beginning(key, _NAME - 1 - columns.width(tail))}…{tail}"
    return f"{columns.beginning(key + tail, _NAME - 1)}…"


def _steps(row: Row) -> str:
    if row.first_step is None:
        return ""
    if row.last_step in (None, row.first_step):
        return str(row.first_step)
    return f"{row.first_step}-{row.last_step}"


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None:
        return ""
    text = safe(str(value))
    return text if columns.fits(text, _VALUE) else f"{columns.beginning(text, _VALUE - 1)}…"


def _notes(row: Row) -> Iterator[str]:
    """What became of points that are not simply there."""
    counts = (
        (row.non_finite, "not finite"),
        (row.non_numeric, "no numbers"),
        (row.duplicate, "duplicates"),
        (row.overwritten, "overwritten"),
        (row.superseded, "superseded by a resume"),
    )
    told = [f"{count} {word}" for count, word in counts if count]
    if row.non_numeric == row.count:
        told = [note for note in told if not note.endswith("no numbers")]
    yield from told
    if row.shadow_of is not None:
        yield f"the same measurement as in {row.shadow_of}"
