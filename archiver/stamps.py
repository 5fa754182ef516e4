"""When things happened, as far as a record tells it.

Stamps with a zone and stamps without one are never compared: nobody recorded in which zone a
training machine's clock ran.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.record import RunRecord
from archiver.model.times import Clock, Instant, parse_iso, utc_micros


@dataclass(frozen=True, slots=True)
class Stamp:
    """A point in time, and where it stands."""

    instant: Instant
    text: str
    """As the record has it."""
    at: Location


def of(value: object, at: Location) -> Stamp | None:
    """The stamp that a value is; None where it is none."""
    instant = parse_iso(value) if isinstance(value, str) else None
    return Stamp(instant, str(value), at) if instant is not None else None


def of_field(record: RunRecord, name: str) -> Stamp | None:
    """The stamp of a field; None where nobody recorded one."""
    field = record.fields.get(name)
    return of(field.value, field.at) if field is not None else None


def signs_of_life(record: RunRecord) -> Iterator[tuple[object, Location]]:
    """Every time at which something of the run is known to have happened; no file times."""
    for name in ("summary.started_at", "summary.finished_at"):
        field = record.fields.get(name)
        if field is not None:
            yield field.value, field.at
    for event in record.events:
        if event.clock != Clock.MTIME.value:
            yield event.time, event.at
    for series in record.series:
        yield series.last_time, series.at
    for step in record.steps:
        for attempt in step.attempts:
            yield attempt.started_at, step.at
            yield attempt.finished_at, step.at


def last(record: RunRecord) -> Stamp | None:
    """The last sign of life on the common time line; None where there is none."""
    first_told: dict[str, Location] = {}
    for value, at in signs_of_life(record):
        if isinstance(value, str):
            first_told.setdefault(value, at)
    latest, newest = None, ""
    for text in first_told:
        micros = utc_micros(text)
        if micros is not None and (latest is None or micros > latest):
            latest, newest = micros, text
    return of(newest, first_told[newest]) if latest is not None else None


def span(seconds: float) -> str:
    """A length of time for people: `3.2 s`, `14 min`, `5.0 h`, `12 days`."""
    size = abs(seconds)
    if size < 120:
        return f"{size:.3g} s"
    if size < 7200:
        return f"{size / 60:.0f} min"
    return f"{size / 3600:.1f} h" if size < 172_800 else f"{size / 86_400:.0f} days"
