"""Area `dependencies`: what was added, removed, upgraded and downgraded.

What was there (installed, or imported by the program) is compared with what was there, what is
locked with what is locked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archiver.diff.area import Told
from archiver.diff.facts import difference, joined, known, places
from archiver.diff.names import dotted
from archiver.diff.options import Options, RunData
from archiver.diff.versions import weigh
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Direction,
    Side,
    Significance,
)
from archiver.model.record import Dependency, Lockfile
from archiver.wording import counted

_SEPARATORS = re.compile(r"(?<=.)[-_.]+")
_FRAMEWORKS = (
    "torch", "pytorch-lightning", "lightning", "transformers", "accelerate", "deepspeed", "peft",
    "trl", "ms-swift", "swift", "torchtune", "megatron-core", "megatron", "flash-attn", "vllm",
    "datasets", "tokenizers", "numpy",
)  # fmt: skip
"""Packages that train; they are told first."""
_CHANGED, _LONE = len(_FRAMEWORKS), len(_FRAMEWORKS) + 1
"""Ranks of packages that both runs have, and of those that one has."""
_FEW = 2
"""Packages of a list that says more by their names than by their number."""
_ABSENT = "not installed"
_SHORTEST_COMMIT = 7

Versions = dict[str, list[Dependency]]


def compare(a: RunData, b: RunData, _options: Options) -> Told:
    """Packages by their normalised names, per role."""
    if not (a.record.dependencies or a.record.lockfiles) and not (
        b.record.dependencies or b.record.lockfiles
    ):
        return Told(not_compared="neither run records its dependencies")
    found: list[Difference] = []
    kinds = [
        {
            kind: _by_name(run.record.dependencies, kind)
            for kind in ("installed", "imported", "locked")
        }
        for run in (a, b)
    ]
    imports = any(kind["imported"] for kind in kinds)
    found += _lists("installed", kinds[0]["installed"], kinds[1]["installed"], whole=imports)
    found += _lists("locked", kinds[0]["locked"], kinds[1]["locked"])
    told_as_code = {
        item.commit for run in (a, b) for item in run.record.repositories if item.commit
    }
    # A program names what it imported; what another run had installed of it is as good.
    one, other = ({**kind["imported"], **kind["installed"]} for kind in kinds)
    told = {item.field for item in found if item.role == "installed"}
    whole = all(kind["installed"] for kind in kinds)
    if not one or not other:
        if not any(kind["installed"] for kind in kinds):
            found += _lists("imported", one, other)
        one, other = {}, {}
    for item in _packages("imported", *((one, other) if not whole else _only_imported(kinds))):
        lone = item.a is MISSING or item.b is MISSING
        if item.a in told_as_code or item.b in told_as_code or item.field.endswith(".dirty"):
            continue
        if item.field not in told and not (lone and any(kind["installed"] for kind in kinds)):
            found.append(item)
    found += _lockfiles(
        a.record.lockfiles, b.record.lockfiles, listed=kinds[0]["locked"], also=kinds[1]["locked"]
    )
    return Told(tuple(found))


def listed(run: RunData, kind: str) -> Side:
    """How many packages of a kind a run lists, as a list that the other run lacks is told."""
    found = _present(_by_name(run.record.dependencies, kind))
    return counted(len(found), "package") if found else MISSING


def _present(packages: Versions) -> Versions:
    return {
        name: entries
        for name, entries in packages.items()
        if any(_version(item) != _ABSENT for item in entries)
    }


def _only_imported(kinds: list[dict[str, Versions]]) -> tuple[Versions, Versions]:
    return kinds[0]["imported"], kinds[1]["imported"]


def _by_name(dependencies: Iterable[Dependency], kind: str) -> Versions:
    found: Versions = {}
    for item in dependencies:
        if item.kind == kind:
            found.setdefault(_SEPARATORS.sub("-", item.name).lower(), []).append(item)
    return found


def _lists(role: str, a: Versions, b: Versions, *, whole: bool = False) -> Iterator[Difference]:
    """Two lists package by package; a list that one run lacks is one difference.

    Unless it is short, and need not be told as a whole since its packages are told otherwise.
    """
    if a and b:
        yield from _packages(role, a, b)
        return
    items = _present(a or b)
    if len(items) <= _FEW and not whole:
        yield from _packages(role, *((items, {}) if a else ({}, items)))
    elif items:
        at = next(iter(items.values()))[0].at
        count = counted(len(items), "package")
        yield difference(
            Area.DEPENDENCIES,
            "*",
            count if a else MISSING,
            count if b else MISSING,
            role=role,
            note="the other run records no such list",
            at=(at if a else None, at if b else None),
        )


def _packages(role: str, a: Versions, b: Versions) -> Iterator[Difference]:
    for name, one, other in joined(a, b):
        left, right = one or [], other or []
        at = (left[0].at if left else None, right[0].at if right else None)
        rank = _FRAMEWORKS.index(name) if name in _FRAMEWORKS else _CHANGED
        if rank == _CHANGED and not (left and right):
            rank = _LONE
        if {_version(item) for item in left} & {_version(item) for item in right}:
            yield from _commits(role, name, left, right, rank)
            continue
        x = _version(left[0]) if left else MISSING
        y = _version(right[0]) if right else MISSING
        significance, direction, note = Significance.SIGNIFICANT, Direction.NONE, ""
        if isinstance(x, str) and isinstance(y, str):
            significance, direction, note = weigh(x, y)
        elif x is None or y is None:
            note = "the version is not recorded"
        elif _ABSENT in (x, y):
            significance = Significance.EQUIVALENT
        yield difference(
            Area.DEPENDENCIES,
            dotted((name,)),
            x,
            y,
            role=role,
            significance=significance,
            direction=direction,
            rank=rank,
            note=note,
            at=at,
        )


def _version(item: Dependency) -> str | None:
    return _ABSENT if item.state == "not_installed" else item.version


def _commits(
    role: str, name: str, left: list[Dependency], right: list[Dependency], rank: int
) -> Iterator[Difference]:
    """Commits and states of what was installed from a repository."""
    at = left[0].at, right[0].at
    one, other = (next((i.commit for i in side if i.commit), None) for side in (left, right))
    if one != other and not same_commit(one, other):
        yield difference(
            Area.DEPENDENCIES, dotted((name, "commit")), known(one), known(other),
            role=role, rank=rank, at=at,
        )  # fmt: skip
    states = [next((i.dirty for i in side if i.dirty is not None), None) for side in (left, right)]
    if states[0] is not states[1]:
        yield difference(
            Area.DEPENDENCIES, dotted((name, "dirty")), known(states[0]), known(states[1]),
            role=role, rank=rank, at=at,
        )  # fmt: skip


def same_commit(one: str | None, other: str | None) -> bool:
    """Whether two name one commit, one of them perhaps by its beginning."""
    if one is None or other is None:
        return one is other
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    return longer == shorter or (len(shorter) >= _SHORTEST_COMMIT and longer.startswith(shorter))


def _lockfiles(
    a: Iterable[Lockfile], b: Iterable[Lockfile], *, listed: Versions, also: Versions
) -> Iterator[Difference]:
    """Digests of lockfiles; where both list their packages, those say more."""
    one, other = ({item.path: item for item in side} for side in (a, b))
    for path, x, y in joined(one, other):
        left, right = _digest(x), _digest(y)
        if left == right:
            continue
        compared = bool(listed or also)
        yield difference(
            Area.DEPENDENCIES,
            dotted((path or "lockfile", "sha256")),
            left,
            right,
            role="locked",
            significance=Significance.EQUIVALENT if compared else Significance.SIGNIFICANT,
            rank=_LONE + 1,
            note="its packages are told" if compared else "",
            at=places(x, y),
        )


def _digest(item: Lockfile | None) -> Side:
    """What the run recorded when it started, else what the file is."""
    if item is None:
        return MISSING
    return known(item.recorded_sha256 or item.actual_sha256)
