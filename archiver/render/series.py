"""The series of the record as tables."""

from __future__ import annotations

import json
from collections.abc import Sequence

from archiver.model.record import Event, RunRecord, Series
from archiver.model.values import Value, to_json
from archiver.render.escape import Markdown, fence, visible
from archiver.render.shapes import Cell, Table, listed, number, sentence
from archiver.render.values import origin, place

MOST_EVENTS = 200
"""More events than this stand in a folded block."""
_COLUMNS = (
    "key", "split", "canonical", "points", "first", "last", "min @ step", "max @ step", "mean",
    "non-finite", "duplicates", "superseded", "source", "shadow_of",
    "unit", "dataset", "labels", "step_id", "attempt", "axis", "attributes", "non-numeric",
    "overwritten", "segments", "type",
)  # fmt: skip
_ALWAYS = 13


def preferred(record: RunRecord) -> list[Series]:
    """Numbers that no other source gives in a better way."""
    return [item for item in record.series if item.shadow_of is None and item.type == "number"]


def shadows(record: RunRecord) -> list[Series]:
    """Numbers that another source gives too."""
    return [item for item in record.series if item.shadow_of is not None and item.type == "number"]


def others(record: RunRecord) -> list[Series]:
    """Series of texts, histograms and objects."""
    return [item for item in record.series if item.type != "number"]


def numbers(items: Sequence[Series]) -> Table:
    """One row per series."""
    return Table(_COLUMNS, [_row(item) for item in items], always=_ALWAYS)


def texts(items: Sequence[Series]) -> Table:
    """One row per series whose values are no numbers."""
    columns = (
        "key", "type", "points", "first", "last", "split", "non-numeric", "duplicates",
        "superseded", "overwritten", "segments", "source", "shadow_of", "dataset", "labels",
        "step_id", "attempt", "axis", "unit", "attributes", "canonical", "min @ step", "max @ step",
        "mean", "non-finite",
    )  # fmt: skip
    cells = []
    for item in items:
        known = dict(zip(_COLUMNS, _row(item), strict=True))
        cells.append(tuple(known[name] or None for name in columns))
    return Table(columns, cells, always=5)


def _row(item: Series) -> tuple[Cell, ...]:
    return (
        item.key,
        item.split,
        item.canonical,
        item.points,
        _cell(item.first),
        _cell(item.last),
        _at(item.min, item.step_of_min),
        _at(item.max, item.step_of_max),
        item.mean,
        item.non_finite,
        item.duplicates,
        item.superseded,
        item.source,
        item.shadow_of,
        item.unit,
        item.dataset,
        _pairs(item.labels),
        item.step_id,
        item.attempt,
        item.axis if item.axis != "step" else None,
        _pairs(item.attributes),
        item.non_numeric or None,
        item.overwritten or None,
        item.segments if item.segments != 1 else None,
        item.type if item.type != "number" else None,
    )


def _at(value: float | None, step: int | None) -> Markdown | None:
    if value is None:
        return None
    return Markdown(number(value) + ("" if step is None else f" @ {step}"))


def _cell(value: Value) -> Cell:
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(to_json(value), ensure_ascii=False)


def _pairs(labels: dict[str, str]) -> Markdown | None:
    return listed(f"{name}={value}" for name, value in labels.items()) if labels else None


def sources(record: RunRecord) -> Table:
    """Where the series were read, by which reader, and the time that they span."""
    groups: dict[tuple[str, str, str, str], list[Series]] = {}
    for item in record.series:
        key = item.source, str(place(item.at)), item.reader, item.origin.value
        groups.setdefault(key, []).append(item)
    rows: list[tuple[Cell, ...]] = []
    for (source, at, reader, kind), members in groups.items():
        first = min((item.first_time for item in members if item.first_time), default=None)
        last = max((item.last_time for item in members if item.last_time), default=None)
        steps = [n for item in members for n in (item.first_step, item.last_step) if n is not None]
        low, high = min(steps, default=None), max(steps, default=None)
        rows.append((source, len(members), low, high, first, last, Markdown(at), kind, reader))
    columns = (
        "source", "series", "first step", "last step", "first time", "last time", "at", "origin",
        "reader",
    )  # fmt: skip
    return Table(columns, rows, always=2)


def events(items: Sequence[Event]) -> Table:
    """The timeline."""
    rows = [
        (
            item.time,
            item.clock,
            item.kind,
            item.subject,
            sentence(item.detail),
            origin(item.origin, item.at),
        )
        for item in items
    ]
    return Table(("time", "clock", "event", "subject", "detail", "origin"), rows, always=4)


def event_lines(items: Sequence[Event]) -> Markdown:
    """A long timeline, one line per event."""
    lines = [
        "  ".join(
            visible(part)
            for part in (
                item.time or "-", item.clock or "-", item.kind, item.subject, item.detail,
                f"({item.origin.value}, {item.at})",
            )
            if part
        )
        for item in items
    ]  # fmt: skip
    return fence("\n".join(lines), "text")


def status_lines(items: Sequence[str]) -> Markdown:
    """Entries of a recorded `git status`."""
    return fence("\n".join(map(visible, items)), "text")
