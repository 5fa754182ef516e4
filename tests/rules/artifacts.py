"""Small cases for the rules about artifacts and safety."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from archiver import registry
from archiver.case import Case, Expected, Hit
from archiver.extension import Rule
from archiver.model.claims import Location, Problem
from archiver.model.findings import Fact, Finding, RunFindings
from archiver.model.record import Coverage, FileEntry, RunIdentity, RunRecord

CASES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

_RUN = RunIdentity("r", "e", ("tiny",), {"tiny": "1"}, "run-1", "0" * 64)
_NOTHING = Coverage(0, 0, 0, 0, 0, 0, {})
_MUST = (Expected("tiny", "Tiny", "1", "tiny.must", required=True, since="1"),)
FILES = (
    FileEntry("run", "must.json", "file", kind="tiny.must"),
    FileEntry("run", "may.json", "file", kind="tiny.may"),
)
"""One artifact that the contract requires and one that it does not."""


def rule(name: str) -> Rule:
    """The rule of a name."""
    return next(item for item in registry.rules() if item.name == name)


def problem(code: str, path: str = "may.json", place: str = "", message: str = "m") -> Problem:
    """A problem as a reader would tell it."""
    return Problem(code, message, Location(path, place))


def hits(
    name: str,
    *problems: Problem,
    files: Iterable[FileEntry] = FILES,
    facts: frozenset[Fact] = frozenset(Fact),
) -> list[Hit]:
    """What a rule finds in a run of these problems and files."""
    record = RunRecord(_RUN, _NOTHING, problems=problems)
    case = Case(record=record, files=tuple(files), expected=_MUST, facts=facts)
    return list(rule(name).check(case))


def weights(name: str, code: str) -> tuple[str, str]:
    """Severity of a code in a required artifact and in another one."""
    found = [hits(name, problem(code, path)) for path in ("must.json", "may.json")]
    assert [len(one) for one in found] == [1, 1]
    (must,), (may,) = found
    return str(must.severity), str(may.severity)


def copies(case: str, home: Path) -> tuple[Path, Path]:
    """A run twice: as it is, and to be changed."""
    found = []
    for name in ("before", "after"):
        target = home / name / "input"
        shutil.copytree(CASES / case / "input", target, symlinks=True)
        found.append(target)
    return found[0], found[1]
