"""Contracts: which artifacts make a run of which producer, one TOML file per producer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from typing import Any

from archiver import resources
from archiver.model.plain import dataclass


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
    store: bool = False
    """Whether it keeps many runs in one place, as a tracker does: several of them inside another
    producer's run are runs of their own, a single one belongs to it."""
    aliases: frozenset[str] = frozenset()
    """Names of directories that repeat a run that stands beside them."""
    folders: frozenset[str] = frozenset()
    """Names of directories that hold its runs wherever it writes; they name no experiment."""
    homes: tuple[str, ...] = ()
    """Names that it gives to its runs' directories (shell patterns) and nobody else does: in them
    a marker makes a run even where it is damaged."""

    def era(self, kinds: Iterable[str]) -> Era | None:
        """The run's era, or None when the artifacts satisfy none."""
        present = set(kinds)
        return next((era for era in self.eras if present & set(era.evidence)), None)


@cache
def every() -> tuple[Contract, ...]:
    """Every contract, in name order."""
    documents = resources.inside("contracts", ".toml")
    return tuple(_contract(tomllib.loads(text)) for text in documents)


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
        document.get("store", False),
        frozenset(document.get("aliases", ())),
        frozenset(document.get("folders", ())),
        tuple(document.get("homes", ())),
    )


def provenance() -> tuple[str, ...]:
    """Kinds that identify a run, earliest written first, one contract after the other."""
    return tuple(dict.fromkeys(kind for contract in every() for kind in contract.provenance))


def producers(kinds: Iterable[str]) -> dict[str, str]:
    """Producer -> era, for every contract that the artifacts satisfy."""
    present = tuple(kinds)
    eras = {contract.name: contract.era(present) for contract in every()}
    return {name: era.name for name, era in eras.items() if era is not None}


def stage(names: Iterable[str]) -> str | None:
    """Stage of the training steps of these producers, where one of them knows only one."""
    known = (item.stage for item in every() if item.name in set(names))
    return next((word for word in known if word), None)


def not_applicable(names: Iterable[str]) -> frozenset[str]:
    """Template fields that none of these producers can have."""
    sets = [contract.not_applicable for contract in every() if contract.name in set(names)]
    return frozenset.intersection(*sets) if sets else frozenset()
