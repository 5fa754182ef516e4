"""Packages were not those that are locked.

What it finds
    A package that a lockfile of the run pins to one version and that the run had in another one,
    by its list of installed packages or by what the program itself reported; and one that the
    program reported in another version than the list of installed packages. Versions are compared
    as PEP 440 does; a local part (`+cu124`) counts only where both have one. A lockfile that pins
    several versions, each for some platform, is satisfied by any of them. What a plain
    requirements file pins without a condition, and a complete list of installed packages lacks,
    is counted, too.

Why it matters
    Who builds the environment from the lockfile gets another one than the run's. Versions of
    numerical libraries change results.

Example
    warning wandb/files/requirements.txt:31 [RA702 package-drift]
            2 of 13 locked packages differ from what was installed: numpy 2.4.6 (locked:
            2.3.4), certifi 2026.1.1 (locked: 2025.10.5)

What to do
    Rebuild from what was installed, not from the lockfile, and start runs from an environment
    that was synchronised with it (`uv sync`, `pip-sync`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Origin
from archiver.model.findings import Place
from archiver.model.plain import dataclass
from archiver.model.record import Dependency
from archiver.wording import cut, listed

if TYPE_CHECKING:
    from packaging.version import Version

_SEPARATORS = re.compile(r"[-_.]+")
_LONGEST = 100
"""Characters of a version that are compared as one."""
_PLAIN = ("requirements.txt", "lock.txt")
"""Lockfiles whose every line is meant to be installed."""
_UNDECIDED = ("only where ", "editable", "virtual", "directory", "path")
"""How the notes begin of what is pinned under a condition that may not have held on the training
machine, and of the project itself."""
_MOST_VERSIONS = 20
"""Versions of one package that are compared in all spellings."""
_PRESENT = ("installed", "imported")
_SHOWN = 5
_FEW = 10
"""A list of fewer packages is not one of an environment."""

Versions = dict[str, list[Dependency]]


@dataclass(slots=True)
class _Drift:
    """Packages of two kinds that do not go together."""

    pairs: list[tuple[Dependency, Dependency]] = field(default_factory=list)
    """As it was, and as it should have been."""
    absent: list[Dependency] = field(default_factory=list)
    compared: int = 0


def check(case: Case) -> Iterator[Hit]:
    """Locked against what was there; imported against installed."""
    locked, installed, imported = (
        _by_name(case.record.dependencies, kind) for kind in ("locked", "installed", "imported")
    )
    drift = _Drift()
    _compare(drift, {**imported, **installed}, locked)
    drift.absent = _absent(case, locked, installed)
    if drift.pairs or drift.absent:
        yield _against_lock(drift)
    drift = _Drift()
    _compare(drift, imported, installed)
    if drift.pairs:
        yield _against_installed(drift)


def _by_name(dependencies: Iterable[Dependency], kind: str) -> Versions:
    """Packages with a version, by their normalised names."""
    found: Versions = {}
    for item in dependencies:
        # What is only derived is of the program that made a file, not of the run.
        if item.kind == kind and item.version and item.origin is not Origin.DERIVED:
            found.setdefault(_normal(item.name), []).append(item)
    return found


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _compare(drift: _Drift, there: Mapping[str, list[Dependency]], wanted: Versions) -> None:
    for name, items in there.items():
        asked = wanted.get(name)
        if asked is None:
            continue
        if any((item.note or "").startswith(_UNDECIDED) for item in asked):
            continue
        drift.compared += 1
        # Where several lists disagree among themselves, one of them that fits is enough.
        if not _fits(items, asked):
            drift.pairs.append((items[0], asked[0]))


def _fits(there: Sequence[Dependency], wanted: Sequence[Dependency]) -> bool:
    first, meant = there[0].version or "", wanted[0].version or ""
    if first == meant or len(there) == len(wanted) == 1:
        return first == meant or _equal(first, meant)
    had, asked = _versions(there), _versions(wanted)
    if had.keys() & asked.keys():
        return True
    few = tuple(islice(asked, _MOST_VERSIONS))
    return any(_equal(one, other) for one in islice(had, _MOST_VERSIONS) for other in few)


def _versions(items: Iterable[Dependency]) -> dict[str, None]:
    return dict.fromkeys(item.version or "" for item in items)


def _equal(left: str, right: str) -> bool:
    """Whether two spellings are one version; texts that are none are compared as they are."""
    if max(len(left), len(right)) > _LONGEST:
        return False
    one, other = _parsed(left), _parsed(right)
    if one is None or other is None or one[0] != other[0]:
        return False
    return one[1] is None or other[1] is None or one[1] == other[1]


@lru_cache(maxsize=4096)  # Many packages of one collection have the same version.
def _parsed(text: str) -> tuple[Version, str | None] | None:
    """A version without its local part, and that part; None where it is no version."""
    from packaging.version import InvalidVersion, Version

    try:
        whole = Version(text)
    except (InvalidVersion, ValueError):
        return None
    return (whole if whole.local is None else Version(whole.public)), whole.local


def _absent(case: Case, locked: Versions, installed: Versions) -> list[Dependency]:
    """What a plain list pins and a complete list of installed packages lacks."""
    whole = {
        (book.scope, book.path)
        for book in case.record.accounting
        if book.read >= _FEW and not book.dropped and not book.corrupt
    }
    if not any(
        (item.at.scope, item.at.path) in whole for items in installed.values() for item in items
    ):
        return []
    names = {_normal(item.name) for item in case.record.dependencies if item.kind in _PRESENT}
    return [
        items[0]
        for name, items in locked.items()
        if name not in names
        and all(item.at.path.rpartition("/")[2] in _PLAIN and not item.note for item in items)
    ]


def _against_lock(drift: _Drift) -> Hit:
    parts = []
    if drift.pairs:
        verb = "differs" if len(drift.pairs) == 1 else "differ"
        told = _told(drift.pairs, "locked")
        parts.append(
            f"{len(drift.pairs)} of {drift.compared} locked packages {verb} from what was there: "
            + told
        )
    if drift.absent:
        names = listed((cut(item.name) for item in drift.absent), _SHOWN, len(drift.absent))
        parts.append(f"{len(drift.absent)} locked packages were not installed: {names}")
    first = drift.pairs[0] if drift.pairs else None
    at = first[0].at if first is not None else drift.absent[0].at
    related = (Place(first[1].at, "locked here"),) if first is not None else ()
    return Hit("; ".join(parts), at, related)


def _against_installed(drift: _Drift) -> Hit:
    verb = "is" if len(drift.pairs) == 1 else "are"
    noun = "package" if len(drift.pairs) == 1 else "packages"
    told = _told(drift.pairs, "installed")
    message = f"{len(drift.pairs)} {noun} that the program reported {verb} of another version: "
    reported, held = drift.pairs[0]
    return Hit(message + told, reported.at, (Place(held.at, "installed here"),))


def _told(pairs: Sequence[tuple[Dependency, Dependency]], word: str) -> str:
    names = (
        f"{cut(was.name)} {cut(was.version or '')} ({word}: {cut(meant.version or '')})"
        for was, meant in pairs
    )
    return listed(names, _SHOWN, len(pairs))


RULE = Rule(
    id="RA702",
    name="package-drift",
    summary="Packages were not those that are locked",
    severity=Severity.WARNING,
    check=check,
)
