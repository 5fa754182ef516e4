"""Small records for the rules of status, times and metrics, and copies of runs to damage."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from archiver import registry
from archiver.case import Case, Hit, Points
from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.points import NO_STEP
from archiver.model.record import (
    Coverage,
    FileEntry,
    Resolved,
    RunIdentity,
    RunRecord,
    Series,
    Step,
)

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]
Change = Callable[[str], str]

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
AT = Location("log", "L1")
NOW = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def field(value: object, at: Location = AT, **more: object) -> Resolved:
    """A field that an artifact states."""
    facts = {"origin": Origin.RECORDED, "reader": "r", **more}
    return Resolved(value, at=at, **facts)


def status(value: str, **more: object) -> dict[str, Resolved]:
    """The fields of a run of that status."""
    return {"summary.status": field(value, **more)}


def step(**more: object) -> Step:
    """A training, unless it is told otherwise."""
    return Step(**{"at": AT, "step_id": "1", "name": "train", **more})


def series(**more: object) -> Series:
    """A training loss, unless it is told otherwise."""
    facts = {"at": Location("log"), "key": "loss", "source": "log", "canonical": "loss"}
    return Series(**{**facts, "split": "train", **more})


def points(
    values: Iterable[float],
    steps: Iterable[int | None] | None = None,
    times: Iterable[float] | None = None,
    attempts: Iterable[int] | None = None,
    kept: Iterable[bool] | None = None,
) -> Points:
    """Points of one attempt at steps from 1, unless it is told otherwise."""
    numbers = np.asarray([*values], np.float64)
    size = len(numbers)
    placed = range(1, size + 1) if steps is None else [NO_STEP if s is None else s for s in steps]
    return Points(
        np.asarray([*placed], np.int64),
        np.full(size, np.nan) if times is None else np.asarray([*times], np.float64),
        numbers,
        np.ones(size, np.int64) if attempts is None else np.asarray([*attempts], np.int64),
        np.ones(size, np.bool_) if kept is None else np.asarray([*kept], np.bool_),
        np.full(size, np.nan),
    )


def hits(
    name: str,
    *,
    table: Points | None = None,
    files: Iterable[FileEntry] = (),
    now: dt.datetime | None = NOW,
    thresholds: dict[str, float] | None = None,
    **parts: object,
) -> list[Hit]:
    """What a rule says of a run of these parts, every series of which has the same points."""
    rule = next(rule for rule in registry.rules() if rule.name == name)
    identity = RunIdentity("run-7", "exp", (), {}, "run-7", "0" * 64)
    record = RunRecord(run=identity, coverage=Coverage(0, 0, 0, 0, 0, 0, {}), **parts)
    usual = {key: known.default for key, known in rule.thresholds.items()}
    case = Case(
        record=record,
        files=tuple(files),
        now=now,
        points=lambda _series: table,
        thresholds=usual | (thresholds or {}),
    )
    return list(rule.check(case))


def told(found: Iterable[Hit]) -> list[str]:
    """The messages."""
    return [hit.message for hit in found]


def changed(case: str, into: Path, file: str, change: Change) -> tuple[Path, Path]:
    """Two copies of a fixture's run: as it is, and with one file changed."""
    copies = into / "before" / "input", into / "after" / "input"
    for copy in copies:
        shutil.copytree(FIXTURES / case / "input", copy)
    place = copies[1] / file
    place.write_text(change(place.read_text("utf-8")), "utf-8")
    return copies


def json_with(**more: object) -> Change:
    """The change of a JSON object's members."""
    return lambda text: json.dumps({**json.loads(text), **more}, indent=2) + "\n"


def mutated(
    audited: Audit, new_findings: Compare, copies: tuple[Path, Path]
) -> list[tuple[str, str, str]]:
    """Rule, path and place of what all rules find in the second copy and not in the first."""
    found = new_findings(audited(copies[0]), audited(copies[1]))
    return [(item.rule, item.at.path, item.at.place) for item in found]
