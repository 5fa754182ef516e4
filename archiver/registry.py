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
from archiver.extension import Encoder, Reader, Rule

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Descriptor = TypeVar("Descriptor", "Reader[Any]", Rule, Encoder)


@cache
def readers() -> tuple[Reader[Any], ...]:
    """Every reader, in name order."""
    return _found("readers", Reader, "READER")


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in name order."""
    return _found("rules", Rule, "RULE")


@cache
def outputs() -> tuple[Encoder, ...]:
    """Every output format, in name order."""
    return _found("outputs", Encoder, "ENCODER")


@cache
def output(name: str) -> Encoder:
    """One output format by its name; of our own, none but the one that is asked for is imported.

    Raises:
        ArchiverError: when there is no such format.
    """
    home = importlib.import_module("archiver.outputs")
    if name in {module.name for module in pkgutil.iter_modules(home.__path__)}:
        encoder: Encoder = importlib.import_module(f"{home.__name__}.{name}").ENCODER
        return encoder
    known = {encoder.name: encoder for encoder in outputs()}
    if name not in known:
        raise ArchiverError(f"--format {name}", "is no format", f"there are {', '.join(known)}")
    return known[name]


def _found(package: str, kind: type[Descriptor], constant: str) -> tuple[Descriptor, ...]:
    home = importlib.import_module(f"archiver.{package}")
    found: dict[str, Descriptor] = {}
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda item: item.name):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"{home.__name__}.{module.name}")
            descriptor = getattr(loaded, constant)
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


def _offered(group: str) -> list[EntryPoint]:
    """Entry points of a group, in name order."""
    groups = resources.extension_groups()
    if groups is not None and group not in groups:
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group), key=lambda item: item.name)
