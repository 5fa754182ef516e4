"""A run that was read, made into what the rules are given."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from archiver import audit, registry
from archiver.audit import Audit, Setting
from archiver.case import Case, Points
from archiver.model.findings import Fact
from archiver.model.points import PointStatus
from archiver.model.record import FileEntry, RunRecord, Series
from archiver.policy import Policy
from archiver.series import Joined


def case_of(
    record: RunRecord,
    files: Sequence[FileEntry],
    points: Callable[[Series], Points | None] | None,
    *,
    required: Sequence[str] = (),
    now: dt.datetime | None = None,
) -> Case:
    """One run before the audit; without a time, what needs the present is not judged."""
    facts = {Fact.RUN, Fact.FILES}
    facts |= {Fact.POINTS} if points is not None else set()
    facts |= {Fact.HASHES} if any(entry.sha256 for entry in files) else set()
    facts |= {Fact.CLOCK} if now is not None else set()
    plain = Case(
        record=record,
        files=tuple(files),
        expected=audit.expected(record.run.eras),
        required_fields=tuple(required),
        facts=frozenset(facts),
        now=now,
    )
    return plain if points is None else dataclasses.replace(plain, points=points)


def unconditional(
    record: RunRecord, files: Sequence[FileEntry], points: Callable[[Series], Points | None]
) -> Audit:
    """The audit that goes into an archive: no policy of anybody's, and no present time."""
    case = case_of(record, files, points)
    return audit.audit(case, Setting(registry.rules(), Policy()))


def spooled(record: RunRecord, series: Sequence[Joined]) -> Callable[[Series], Points | None]:
    """The points of a run that was just read; its record lists the series in the same order."""
    known = {id(item): joined for item, joined in zip(record.series, series, strict=True)}

    def points(item: Series) -> Points | None:
        joined = known.get(id(item))
        if joined is None or item.type != "number":
            return None
        import numpy as np

        found = joined.points()
        return Points(
            found.steps,
            found.times if joined.spec.clock else np.full(len(found.times), np.nan),
            np.asarray(found.values, np.float64),
            found.attempts.astype(np.int64),
            joined.status == PointStatus.KEPT,
            found.epochs,
        )

    return points


def archived(archive: Path, record: RunRecord) -> Callable[[Series], Points | None]:
    """The points of an archive, loaded when a rule first asks for any."""
    from archiver.package import loading

    table: list[loading.PointTable] = []

    def points(item: Series) -> Points | None:
        if not table:
            table.append(loading.PointTable(archive, record.series))
        return table[0].of(item)

    return points
