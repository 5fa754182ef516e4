"""A symbolic link leads out of the run.

What it finds
    Symbolic links whose target, read as text, is absolute or climbs over the run's directory. A
    link to a place of the system or to somebody's keys (`/etc`, `/proc`, `/dev`, `/root`, `~/.ssh`)
    is a warning, any other a note. Links are listed and never followed. A link back into the run
    by the name of its directory is in order.

Why it matters
    What it leads to is no part of the run: it is not archived, it may change or vanish, and on
    another machine the link leads elsewhere. A tool that follows links would archive, or overwrite,
    files that have nothing to do with the run.

Example
    note    checkpoints/base [RA903 link-leaving-run]
            a link leads out of the run, to /mnt/models/base

What to do
    Nothing, if the target is recorded elsewhere, such as in a configuration. Else replace the link
    by what it leads to, or note its digest. A link to the system in a run from a stranger is best
    removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.paths import joined
from archiver.model.record import FileEntry

_SYSTEM = re.compile(
    r"(?:\.\./){0,128}/?(?:boot|dev(?!/shm/)|etc|proc|root|sys|var/run)(?:/|\Z)"
    r"|.{0,4096}/\.(?:aws|gnupg|kube|ssh)(?:/|\Z)",
    re.DOTALL,
)
"""Where no run has anything to look for."""
_MOST_RELATED = 20
_TOLD = 200


def check(case: Case) -> Iterator[Hit]:
    """Links to the system once, all others once."""
    found: dict[Severity, list[FileEntry]] = {}
    for entry in case.files:
        severity = _weight(entry, case.record.run.directory) if entry.type == "symlink" else None
        if severity is not None:
            found.setdefault(severity, []).append(entry)
    for severity, (first, *others) in found.items():
        told = others[:_MOST_RELATED]
        related = tuple(Place(_at(item), f"leads to {_target(item)}") for item in told)
        if others:
            message = (
                f"{len(others) + 1:,} links lead out of the run, the first to {_target(first)}"
            )
        else:
            message = f"a link leads out of the run, to {_target(first)}"
        yield Hit(message, _at(first), related, severity=severity)


def _weight(entry: FileEntry, home: str) -> Severity | None:
    """How much a link weighs in a run whose directory is named `home`; None where it stays."""
    target = entry.target or ""
    if joined(entry.path.rpartition("/")[0], target) is not None:
        return None
    if _SYSTEM.match(target):
        return Severity.WARNING
    # `../run/x` and `/data/exp/run/x` come back into a run that is named `run`.
    _, back, rest = f"{target}/".rpartition(f"/{home}/") if home else ("", "", "")
    return None if back and ".." not in rest.split("/") else Severity.NOTE


def _at(entry: FileEntry) -> Location:
    return Location(entry.path, "", entry.scope)


def _target(entry: FileEntry) -> str:
    text = entry.target or ""
    return text if len(text) <= _TOLD else text[:_TOLD] + "…"


RULE = Rule(
    id="RA903",
    name="link-leaving-run",
    summary="A symbolic link leads out of the run",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset({Fact.FILES}),
)
