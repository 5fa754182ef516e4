"""What the audit found: findings, and the report that every output renders.

`schemas/validate.v1.json` describes the report's JSON, `schemas/findings.v1.json` the list that
an archive holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from archiver.model.claims import Location
from archiver.model.plain import dataclass
from archiver.model.values import Value

_LINES = re.compile(r"L(\d{1,18})(?:-\d+|:(\d{1,18}))?(?:!/.*)?\Z", re.DOTALL)


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The run, or an artifact that its contract requires, cannot be relied upon."""
    WARNING = "warning"
    """Something contradicts or misleads; a person should look."""
    NOTE = "note"
    """Worth knowing; often merely something that nobody wrote down."""

    @property
    def rank(self) -> int:
        """Larger is graver."""
        return {"error": 3, "warning": 2, "note": 1}[self.value]


class Fact(StrEnum):
    """What a rule may need that not every audit has."""

    RUN = "a whole run"
    """Missing where a single artifact is looked at."""
    FILES = "the list of the run's files"
    POINTS = "the metric points"
    HASHES = "digests of checkpoints and other large files"
    CLOCK = "the present time"
    """Missing while archiving: the same run gives the same archive, whenever it is made."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text, both from 1; columns count characters."""

    line: int
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Another place that a finding speaks of."""

    at: Location
    message: str
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that one rule found."""

    rule: str
    """The rule's id, such as `RA101`."""
    name: str
    """The rule's name, such as `truncated-artifact`."""
    severity: Severity
    message: str
    at: Location
    """A path, and where it helps a place in it; an empty path is the run itself."""
    position: Position | None = None
    related: tuple[Place, ...] = ()
    hint: str = ""
    fingerprint: str = ""
    """Equal for the same fault of the same run at another time; 32 hex digits."""

    @property
    def line(self) -> int | None:
        """Line in the file, from 1, where it is known."""
        found = position_of(self.at, self.position)
        return found.line if found is not None else None

    @property
    def column(self) -> int | None:
        """Column in that line, from 1, where it is known."""
        found = position_of(self.at, self.position)
        return found.column if found is not None else None

    @property
    def pointer(self) -> str | None:
        """JSON pointer of the value; in a stream of rows, within its row."""
        return pointer_of(self.at)


def pointer_of(at: Location) -> str | None:
    """The JSON pointer that a location names, None where it names none."""
    if at.place.startswith("/"):
        return at.place
    _, mark, inner = at.place.partition("!")
    return inner if mark and inner.startswith("/") else None


def detail_of(at: Location) -> str:
    """What a location names beyond its line, for people: a JSON pointer, or as it stands."""
    if _LINES.match(at.place):
        return pointer_of(at) or ""
    return at.place


def position_of(at: Location, known: Position | None) -> Position | None:
    """The position that was looked up, else the one that the location names (`L12`, `L12:3`)."""
    if known is not None:
        return known
    matched = _LINES.match(at.place)
    if matched is None:
        return None
    return Position(int(matched[1]), int(matched[2]) if matched[2] else None)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that the policy or the baseline keeps quiet, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Reproducibility:
    """Whether a run could be done again from what is recorded."""

    answer: str
    """`yes`, `partly` or `no`."""
    known: tuple[str, ...]
    """What is there, in words."""
    missing: tuple[str, ...]
    """What is not, in words, gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFindings:
    """What was found in one run, or in one artifact that was looked at by itself."""

    path: str
    """As given, or below what was given; POSIX."""
    run_id: str
    producers: tuple[str, ...] = ()
    status: str | None = None
    """The run's; None for a single artifact."""
    findings: tuple[Finding, ...] = ()
    """Gravest first, then by place."""
    suppressed: tuple[Suppressed, ...] = ()
    known: tuple[Finding, ...] = ()
    """What the baseline holds already."""
    rules_not_run: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> reason."""
    artifacts: int = 0
    """Artifacts that were read."""
    roots: Mapping[str, str] = field(default_factory=dict)
    """Scope -> the directory that its paths are relative to, as a path like `path`."""
    reproducibility: Reproducibility | None = None

    def file(self, at: Location) -> str:
        """Path of a location's file, on the same footing as `path`."""
        root = self.roots.get(at.scope, self.path)
        return "/".join(part for part in (root.rstrip("/"), at.path) if part) or "."


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Accepted(RunFindings):
    """A single file that was accepted at once: nothing is told of it but where it is.

    There may be thousands in a report, so what is the same of all is not kept in each.
    """

    __slots__ = ()
    producers = ()
    status = None
    findings = ()
    suppressed = ()
    known = ()
    rules_not_run = _NOTHING
    artifacts = 1
    roots = _NOTHING
    reproducibility = None

    def __init__(self, path: str) -> None:
        object.__setattr__(self, "path", path)

    @property
    def run_id(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `validate` found."""

    runs: tuple[RunFindings, ...]
    rules: int
    """Rules that ran for at least one of the runs."""
    tool_version: str = ""

    @property
    def findings(self) -> Iterable[Finding]:
        """Every finding of every run."""
        return (finding for run in self.runs for finding in run.findings)

    @property
    def artifacts(self) -> int:
        """Artifacts that were read, over all runs."""
        return sum(run.artifacts for run in self.runs)

    def summary(self) -> dict[str, int]:
        """Findings by severity; all three are always named."""
        return counted(self.findings)


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Findings by severity; all three are always named."""
    counts = Counter(finding.severity.value for finding in findings)
    return {severity.value: counts[severity.value] for severity in Severity}


def well_formed(text: str) -> str:
    r"""Text that every JSON parser takes: half a surrogate pair becomes the letters `\udc80`."""
    return text.encode("utf-8", "backslashreplace").decode()


def encoded(finding: Finding) -> dict[str, Value]:
    """A finding as JSON; its paths are relative to the run (or to the tree of their scope)."""
    related: list[Value] = [
        {"message": well_formed(place.message), **_place(place.at, place.position)}
        for place in finding.related
    ]
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": well_formed(finding.message),
        **_place(finding.at, finding.position),
        "related": related,
        "hint": well_formed(finding.hint),
        "fingerprint": finding.fingerprint,
    }


def _place(at: Location, known: Position | None) -> dict[str, Value]:
    position = position_of(at, known)
    pointer = pointer_of(at)
    return {
        "path": well_formed(at.path),
        **({"scope": at.scope} if at.scope != "run" else {}),
        "line": position.line if position is not None else None,
        "column": position.column if position is not None else None,
        "pointer": well_formed(pointer) if pointer is not None else None,
        **_further(at, position),
    }


def _further(at: Location, position: Position | None) -> dict[str, Value]:
    """What line, column and pointer do not say of a place, such as `byte 8562` or `L3-7`."""
    line = position.line if position is not None else None
    said = at.place == _spoken(line, pointer_of(at))
    return {} if said else {"place": well_formed(at.place)}


def _spoken(line: int | None, pointer: str | None) -> str:
    """The place that a line and a pointer speak of, unless something else is said."""
    if pointer is not None:
        return pointer
    return f"L{line}" if line is not None else ""


def decoded(data: Mapping[str, Any]) -> Finding:
    """The finding of a JSON that `encoded` made.

    Raises:
        KeyError, TypeError, ValueError: when it is none.
    """
    at, position = _placed(data)
    return Finding(
        rule=data["rule"],
        name=data["name"],
        severity=Severity(data["severity"]),
        message=data["message"],
        at=at,
        position=position,
        related=tuple(Place(*_spread(item)) for item in data["related"]),
        hint=data["hint"],
        fingerprint=data["fingerprint"],
    )


def _spread(data: Mapping[str, Any]) -> tuple[Location, str, Position | None]:
    at, position = _placed(data)
    return at, data["message"], position


def _placed(data: Mapping[str, Any]) -> tuple[Location, Position | None]:
    line = data["line"]
    place = data.get("place", _spoken(line, data["pointer"]))
    position = Position(line, data["column"]) if line is not None else None
    at = Location(data["path"], place, data.get("scope", "run"))
    # What the place itself says was not looked up.
    return at, None if position == position_of(at, None) else position
