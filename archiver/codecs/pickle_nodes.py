"""What a pickle that was read as data consists of: values, names, objects it would make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from archiver.model.values import Tagged

_PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "__builtins__": "builtins"}
"""Modules that protocol 2 spells as Python 2 did."""

Node: TypeAlias = (
    "bool | int | float | str | bytes | Tagged | list[Node] | tuple[Node, ...] | Mapping | Items"
    " | Global | Call | Reference | None"
)


@dataclass(slots=True, eq=False)
class Mapping:
    """A dictionary: its pairs in the order in which they were set, keys of any kind."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    _known: dict[str, Node] = field(default_factory=dict, repr=False)
    _indexed: int = 0
    """Pairs that `_known` was made of; what is shared may be asked in many places."""

    def get(self, key: str) -> Node:
        """The value last set for a text key; None where there is none."""
        if self._indexed != len(self.pairs):
            self._known = {name: value for name, value in self.pairs if isinstance(name, str)}
            self._indexed = len(self.pairs)
        return self._known.get(key)


@dataclass(slots=True, eq=False)
class Items:
    """A set or frozenset."""

    items: list[Node]


@dataclass(frozen=True, slots=True)
class Global:
    """A name that unpickling would import."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """`module.name`, in Python 3's names."""
        return f"{_PYTHON_2.get(self.module, self.module)}.{self.name}"


@dataclass(slots=True, eq=False)
class Call:
    """An object that unpickling would make: what of, and what it would be given."""

    function: Node
    args: Node
    kwargs: Node = None
    state: Node = None
    items: list[Node] = field(default_factory=list)
    """What would be appended to it."""
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    """What would be set in it."""

    @property
    def path(self) -> str:
        """Name of what would be called; empty where that is no global."""
        return self.function.path if isinstance(self.function, Global) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Something outside of the pickle, such as the storage of a tensor."""

    id: Node
