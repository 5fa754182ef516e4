"""Readers, rules and outputs: found by listing their packages, never listed by hand.

Third parties add their own through the entry points `runarchive.readers`, `runarchive.rules`
and `runarchive.outputs`, each naming one descriptor.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from archiver import resources
from archiver.errors import ArchiverError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from archiver.encoder import Encoder
    from archiver.extension import Reader, Rule

Descriptor = TypeVar("Descriptor", "Reader[Any]", "Rule", "Encoder")


@cache
def readers() -> tuple[Reader[Any], ...]:
    """Every reader, in name order."""
    from archiver.extension import Reader

    return _found("readers", Reader, "READER")


@cache
def reader_of(kind: str) -> Reader[Any] | None:
    """One of our own readers, found by the name of its module; no other is imported.

    A module is called like its reader's kind, `producer_artifact`. The producer may be cut at an
    underscore (`codex_ml.config` is read by `codex_config`) or left out. None where no module is
    called so, or where it reads another kind.
    """
    producer, _, artifact = kind.partition(".")
    known = _modules("readers")
    for name in (f"{producer}_{artifact}", f"{producer.partition('_')[0]}_{artifact}", artifact):
        if name in known:
            reader: Reader[Any] = importlib.import_module(known[name]).READER
            if reader.kind == kind:
                return reader
    return None


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in name order."""
    from archiver.extension import Rule

    return _found("rules", Rule, "RULE")


@cache
def outputs() -> tuple[Encoder, ...]:
    """Every output format, in name order."""
    from archiver.encoder import Encoder

    return _found("outputs", Encoder, "ENCODER")


@cache
def output(name: str) -> Encoder:
    """One output format by its name; of our own, none but the one that is asked for is imported.

    Raises:
        ArchiverError: when there is no such format.
    """
    module = _modules("outputs").get(name)
    if module is not None:
        encoder: Encoder = importlib.import_module(module).ENCODER
        return encoder
    known = {encoder.name: encoder for encoder in outputs()}
    if name not in known:
        raise ArchiverError(f"--format {name}", "is no format", f"there are {', '.join(known)}")
    return known[name]


def _found(package: str, kind: type[Descriptor], constant: str) -> tuple[Descriptor, ...]:
    found: dict[str, Descriptor] = {}
    for module in _modules(package).values():
        descriptor = getattr(importlib.import_module(module), constant)
        found[descriptor.name] = descriptor
    for point in _offered(f"runarchive.{package}"):
        descriptor = point.load()
        if not isinstance(descriptor, kind) or descriptor.name in found:
            raise ArchiverError(
                point.value,
                f"is no {kind.__name__} of a name of its own",
                f"uninstall or mend the distribution that offers it under runarchive.{package}",
            )
        found[descriptor.name] = descriptor
    return tuple(found[name] for name in sorted(found))


@cache
def _modules(package: str) -> dict[str, str]:
    """The modules of one of our own packages by name, in order; none of them is imported."""
    home = importlib.import_module(f"archiver.{package}")
    names = sorted(module.name for module in pkgutil.iter_modules(home.__path__))
    return {name: f"{home.__name__}.{name}" for name in names if not name.startswith("_")}


def offers(package: str) -> bool:
    """Whether installed distributions offer readers, rules or outputs."""
    return bool(_offered(f"runarchive.{package}"))


def _offered(group: str) -> list[EntryPoint]:
    """Entry points of a group, in name order."""
    groups = resources.extension_groups()
    if groups is not None and group not in groups:
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group), key=lambda item: item.name)
