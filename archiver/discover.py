"""Contracts, and the run directories below a tree that satisfy one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from archiver.artifact import Artifact, Match
from archiver.extension import Reader
from archiver.limits import Limits
from archiver.rundir import ReadFault, RunDir, Tree, natural


@dataclass(frozen=True, slots=True)
class Marker:
    """An artifact whose presence makes a directory a run."""

    kind: str
    under: tuple[str, ...]
    """Directories below the run that may hold it (shell patterns); empty: the run itself."""


@dataclass(frozen=True, slots=True)
class Era:
    """What a producer wrote from some release on."""

    name: str
    evidence: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """Which artifacts make a run of one producer."""

    name: str
    title: str
    markers: tuple[Marker, ...]
    eras: tuple[Era, ...]
    """Newest first."""
    provenance: tuple[str, ...]
    """Kinds in the order in which the producer writes them."""
    not_applicable: frozenset[str]
    """Template fields that runs of this producer cannot have."""
    stage: str | None
    """Stage of its training steps, where the producer knows only one."""

    def era(self, kinds: Iterable[str]) -> Era | None:
        """The run's era, or None when the artifacts satisfy none."""
        present = set(kinds)
        return next((era for era in self.eras if present & set(era.evidence)), None)


@cache
def contracts() -> tuple[Contract, ...]:
    """Every contract, in name order."""
    folder = package_files("archiver.contracts")
    documents = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".toml")),
        key=lambda item: item.name,
    )
    return tuple(_contract(tomllib.loads(item.read_text("utf-8"))) for item in documents)


def _contract(document: dict[str, Any]) -> Contract:
    return Contract(
        document["name"],
        document["title"],
        tuple(Marker(item["kind"], tuple(item["under"])) for item in document["markers"]),
        tuple(
            Era(
                item["name"],
                tuple(item["evidence"]),
                tuple(item["required"]),
                tuple(item["optional"]),
            )
            for item in document["eras"]
        ),
        tuple(document["provenance"]),
        frozenset(document["not_applicable"]),
        document.get("stage"),
    )


def provenance() -> tuple[str, ...]:
    """Kinds that identify a run, earliest written first, one contract after the other."""
    return tuple(dict.fromkeys(kind for contract in contracts() for kind in contract.provenance))


def producers(kinds: Iterable[str]) -> dict[str, str]:
    """Producer -> era, for every contract that the artifacts satisfy."""
    present = tuple(kinds)
    eras = {contract.name: contract.era(present) for contract in contracts()}
    return {name: era.name for name, era in eras.items() if era is not None}


def stage(names: Iterable[str]) -> str | None:
    """Stage of the training steps of these producers, where one of them knows only one."""
    known = (item.stage for item in contracts() if item.name in set(names))
    return next((word for word in known if word), None)


def not_applicable(names: Iterable[str]) -> frozenset[str]:
    """Template fields that none of these producers can have."""
    sets = [contract.not_applicable for contract in contracts() if contract.name in set(names)]
    return frozenset.intersection(*sets) if sets else frozenset()


def run_roots(run: RunDir, tree: Tree, readers: Iterable[Reader[Any]], limits: Limits) -> list[str]:
    """Directories (relative, "" is the tree itself) that are runs; the topmost wins."""
    by_kind = {reader.kind: reader for reader in readers}
    found: list[str] = []
    for root, candidates in _candidates(tree, by_kind):
        inside = any(root == known or not known or root.startswith(known + "/") for known in found)
        if not inside and any(_confirmed(run, tree, item, limits) for item in candidates):
            found.append(root)
    return sorted(found, key=natural)


_Candidate = tuple[Reader[Any], Any]


def _candidates(
    tree: Tree, by_kind: dict[str, Reader[Any]]
) -> Iterator[tuple[str, list[_Candidate]]]:
    """Directories that hold something named like a marker, topmost first."""
    roots: dict[str, list[_Candidate]] = {}
    for contract in contracts():
        for marker in contract.markers:
            reader = by_kind.get(marker.kind)
            for selection in reader.select(tree) if reader else ():
                root = _root_of(selection.path.rpartition("/")[0], marker.under)
                if reader is not None and root is not None:
                    roots.setdefault(root, []).append((reader, selection))
    for root in sorted(roots, key=lambda path: (path.count("/") + bool(path), natural(path))):
        yield root, roots[root]


def _root_of(directory: str, under: tuple[str, ...]) -> str | None:
    for pattern in under:
        if not pattern:
            return directory
        head, _, last = directory.rpartition("/")
        if fnmatchcase(last, pattern) and last:
            return head
    return None


def _confirmed(run: RunDir, tree: Tree, candidate: _Candidate, limits: Limits) -> bool:
    reader, selection = candidate
    artifact = Artifact(run, tree, selection.files, selection.path, limits)
    try:
        return bool(reader.detect(artifact) is Match.YES)
    except ReadFault:
        return False
    finally:
        artifact.close()
