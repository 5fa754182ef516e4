"""Tables of what the audit says of runs, and the comparison with what it does say.

A table is written by a person who looked into the run: each entry says why it is right.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archiver.model.findings import Finding, RunFindings, Severity
from archiver.policy import Policy
from archiver.workflows import validating

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
"""Long after every run."""


@dataclass(frozen=True, slots=True)
class Told:
    """An error or a warning."""

    severity: str
    rule: str
    path: str
    """Of another scope than the run: `scope:path`."""
    place: str
    part: str
    """Of the message, what tells it from others."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What is to be said of a run: errors and warnings in order, and the rules of its notes."""

    told: tuple[Told, ...] = ()
    notes: str = ""


def error(rule: str, path: str, place: str, part: str) -> Told:
    """Something that cannot be relied upon."""
    return Told("error", rule, path, place, part)


def warning(rule: str, path: str, place: str, part: str) -> Told:
    """Something that a person should look at."""
    return Told("warning", rule, path, place, part)


def runs_of(directory: Path, root: Path) -> dict[str, RunFindings]:
    """All rules' findings on the runs below a directory, by the runs' paths below `root`.

    Runs that share a directory are told apart by their ids.
    """
    options = validating.ValidateOptions(Policy(select=("*",)))
    verdict = validating.validate([directory], options, NOW)
    assert (verdict.failures, verdict.crashed) == ((), ())
    named = [(Path(run.path).relative_to(root).as_posix(), run) for run in verdict.report.runs]
    shared = Counter(path for path, _ in named)
    found = {path if shared[path] == 1 else f"{path}#{run.run_id}": run for path, run in named}
    assert len(found) == len(named)
    return found


def compare(found: Mapping[str, RunFindings], table: Mapping[str, Audited]) -> None:
    """Assert that each run's findings are those of the table: none more, none less."""
    assert sorted(found) == sorted(table)
    for name, run in found.items():
        expected = table[name]
        grave = [item for item in run.findings if item.severity is not Severity.NOTE]
        assert [_key(item) for item in grave] == [
            (item.severity, item.rule, item.path, item.place) for item in expected.told
        ], name
        for item, told in zip(grave, expected.told, strict=True):
            assert told.part in item.message, name
        notes = sorted({item.rule for item in run.findings if item.severity is Severity.NOTE})
        assert notes == sorted(expected.notes.split()), name
        _assert_sound(run)


def _key(item: Finding) -> tuple[str, str, str, str]:
    scope = "" if item.at.scope == "run" else f"{item.at.scope}:"
    return str(item.severity), item.rule, f"{scope}{item.at.path}", item.at.place


def _assert_sound(run: RunFindings) -> None:
    """What holds of every finding: it is told once, and no rule was left out."""
    assert run.rules_not_run == {}
    prints = Counter(item.fingerprint for item in run.findings)
    assert [item for item, count in prints.items() if count > 1] == []
