"""Small records for the rules of checkpoints, packages, data and evaluations."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from archiver import registry
from archiver.case import Case, Hit
from archiver.model.claims import Location, Problem
from archiver.model.record import Accounting, Coverage, FileEntry, RunIdentity, RunRecord

CASES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"


def hits(name: str, files: Iterable[str | FileEntry] = (), **parts: object) -> list[Hit]:
    """What a rule says of the run `run-7`, of these parts and files."""
    rule = next(rule for rule in registry.rules() if rule.name == name)
    identity = RunIdentity("run-7", "exp", (), {}, "run-7", "0" * 64)
    record = RunRecord(run=identity, coverage=Coverage(0, 0, 0, 0, 0, 0, {}), **parts)
    entries = tuple(entry(file) if isinstance(file, str) else file for file in files)
    return list(rule.check(Case(record=record, files=entries)))


def told(found: Iterable[Hit]) -> list[str]:
    """The messages."""
    return [hit.message for hit in found]


def entry(path: str, **facts: object) -> FileEntry:
    """One file of the inventory."""
    return FileEntry("run", path, "file", **facts)


def book(path: str, kind: str, **counts: object) -> Accounting:
    """An artifact that was read."""
    return Accounting(path, kind, 1, **{"read": 1, **counts})


def problem(code: str, message: str, path: str, place: str = "") -> Problem:
    """What a reader met."""
    return Problem(code, message, Location(path, place))


def copied(case: str, into: Path) -> tuple[Path, Path]:
    """Two copies of a fixture's run: one to leave, one to damage."""
    copies = into / "before" / "input", into / "after" / "input"
    for copy in copies:
        shutil.copytree(CASES / case / "input", copy)
    return copies
