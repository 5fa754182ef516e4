"""`dataclass` for values that many commands define and few compare: the same, defined faster.

Python compiles each method of each dataclass by itself, and for a hundred classes that is most of
what a short command costs. Here frozen classes share the code that compares, hashes and shows
them, so that only what builds a value and guards it is compiled for each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, TypeVar

Defined = TypeVar("Defined")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  so type checkers know it
else:

    def dataclass(
        cls: type[Defined] | None = None, /, **options: bool
    ) -> type[Defined] | Callable[[type[Defined]], type[Defined]]:
        """`dataclasses.dataclass`; frozen classes without other wishes get the shared methods."""

        def define(cls: type[Defined]) -> type[Defined]:
            if not options.get("frozen") or options.keys() - {"frozen", "slots", "kw_only"}:
                return dataclasses.dataclass(**options)(cls)
            return _sharing(dataclasses.dataclass(**options, eq=False, repr=False)(cls))

        return define if cls is None else define(cls)


def _sharing(cls: type[Defined]) -> type[Defined]:
    """The class with the methods that `dataclass` was told not to compile; all fields take part."""
    values = _values(_names(cls))

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is cls else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    for name, method in {"__eq__": equal, "__hash__": hashed, "__repr__": _shown}.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    return cls


def _values(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    """Gets what a value holds, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


@recursive_repr()
def _shown(value: object) -> str:
    shown = (f"{name}={getattr(value, name)!r}" for name in _names(type(value)))
    return f"{type(value).__qualname__}({', '.join(shown)})"


def _names(cls: type[object]) -> tuple[str, ...]:
    fields: tuple[dataclasses.Field[object], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]
    return tuple(field.name for field in fields)
