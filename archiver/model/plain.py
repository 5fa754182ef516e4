"""`dataclass` for values that many commands define and few build: the same, defined faster.

For each dataclass, Python writes the text of its methods and compiles each by itself; for the
hundred classes that a short command imports, that is most of what it costs. Here a class is defined
without compiling anything: how values are compared, hashed, shown and guarded is code that all
share, and what builds a value is compiled once it is clear that many will be built.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from functools import cache
from operator import attrgetter, ge, gt, le, lt
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar

Defined = TypeVar("Defined")
Getter: TypeAlias = Callable[[object], tuple[object, ...]]
_SHARED = frozenset(("frozen", "slots", "kw_only", "order"))
_FEW = 50
"""To compile what builds a value pays off for the values of a class that come after these."""

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  so type checkers know it
else:

    def dataclass(
        cls: type[Defined] | None = None, /, **options: bool
    ) -> type[Defined] | Callable[[type[Defined]], type[Defined]]:
        """`dataclasses.dataclass`; it is asked itself for what is rarely wished."""

        def define(cls: type[Defined]) -> type[Defined]:
            if options.keys() <= _SHARED and not _has_pseudo_fields(cls):
                return _sharing(cls, **options)
            return dataclasses.dataclass(**options)(cls)

        return define if cls is None else define(cls)


def _has_pseudo_fields(cls: type[Any]) -> bool:
    """Whether a `ClassVar` or an `InitVar` may stand among the fields."""
    return any("Var" in str(kind) for kind in vars(cls).get("__annotations__", {}).values())


def _sharing(
    cls: type[Defined],
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    order: bool = False,
) -> type[Defined]:
    """The class with the methods that `dataclasses` is told not to compile."""
    own = vars(cls)
    # Python itself enters None for a class that says how its values are compared.
    is_hashed = own.get("__hash__") is not None or ("__hash__" in own and "__eq__" not in own)
    methods: dict[str, object] = {"__repr__": _shown, "__eq__": _equal}
    methods |= _ORDER if order else {}
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        methods |= {"__getstate__": _state, "__setstate__": _restore} if slots else {}
    methods = {name: method for name, method in methods.items() if name not in own}
    if not is_hashed:
        methods["__hash__"] = _hash if frozen else None
    define = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
    made = define(cls)
    methods["__init__"] = _late(made, frozen=frozen)
    for name, method in methods.items():
        setattr(made, name, method)
    return made


def _late(cls: type[Any], *, frozen: bool) -> Callable[..., None]:
    """The `__init__` of a class of which few values have been built."""
    built = 0

    def __init__(self: object, /, *args: object, **given: object) -> None:  # noqa: N807
        nonlocal built
        built += 1
        if built <= _FEW and _fill(cls, self, args, given):
            return
        compiled = _compiled(cls, frozen=frozen)
        if built > _FEW:
            cls.__init__ = compiled
        compiled(self, *args, **given)

    return __init__


def _fill(cls: type[Any], self: object, args: tuple[object, ...], given: dict[str, object]) -> bool:
    """Build one value without anything compiled; false where the arguments do not fit."""
    fields = _fields(cls)
    places = [item.name for item in fields if item.init and not item.kw_only]
    left = dict(zip(places, args, strict=False))
    if len(args) > len(places) or not left.keys().isdisjoint(given):
        return False
    left |= given
    filled: dict[str, object] = {}
    for item in fields:
        if item.init and item.name in left:
            filled[item.name] = left.pop(item.name)
        elif item.default_factory is not MISSING:
            filled[item.name] = item.default_factory()
        elif item.default is not MISSING:
            filled[item.name] = item.default
        elif item.init:
            return False
    if left:
        return False
    for name, value in filled.items():
        object.__setattr__(self, name, value)
    if hasattr(cls, "__post_init__"):
        cls.__post_init__(self)
    return True


def _compiled(cls: type[Any], *, frozen: bool) -> Callable[..., None]:
    """The `__init__` that `dataclasses` makes for a class of these fields."""
    fields = _fields(cls)
    after = getattr(cls, "__post_init__", None)
    alike = dataclasses.make_dataclass(
        cls.__name__,
        [(item.name, object, _copied(item)) for item in fields],
        namespace={"__post_init__": after} if after is not None else {},
        repr=False,
        eq=False,
        frozen=frozen,
    )
    made: Callable[..., None] = vars(alike)["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _copied(item: Field[Any]) -> Any:  # noqa: ANN401
    if item.default_factory is not MISSING:
        return field(default_factory=item.default_factory, init=item.init, kw_only=item.kw_only)
    return field(default=item.default, init=item.init, kw_only=item.kw_only)


def _fields(holder: Any) -> tuple[Field[Any], ...]:  # noqa: ANN401
    return dataclasses.fields(holder)


def _getter(cls: type[Any]) -> Getter:
    """Gets what a value of the class is compared by, as a tuple."""
    fields = _fields(cls)
    names = [item.name for item in fields if item.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


_values: Callable[[Any], Getter] = cache(_getter)


def _equal(self: object, other: object) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    values = _values(type(self))
    alike: bool = values(self) == values(other)
    return alike


def _hash(self: object) -> int:
    return hash(_values(type(self))(self))


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    """A comparison by all fields, the first one first."""

    def method(self: object, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented  # type: ignore[no-any-return]
        values = _values(type(self))
        return holds(values(self), values(other))

    return method


_ORDER = {f"__{holds.__name__}__": _ordered(holds) for holds in (lt, le, gt, ge)}


@recursive_repr()
def _shown(self: object) -> str:
    fields = _fields(self)
    shown = (f"{item.name}={getattr(self, item.name)!r}" for item in fields if item.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: object) -> list[object]:
    """What is copied and pickled of a frozen value with slots."""
    fields = _fields(self)
    return [getattr(self, item.name) for item in fields]


def _restore(self: object, state: Iterable[object]) -> None:
    fields = _fields(self)
    for item, value in zip(fields, state, strict=True):
        object.__setattr__(self, item.name, value)
