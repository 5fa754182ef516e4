"""Dataclasses that share their methods act as those of `dataclasses` do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from math import nan
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.plain import dataclass

VALUES = st.none() | st.integers(0, 2) | st.sampled_from(["", "a", nan, (1,), 1.0, True])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values, the second with a default."""

    left: object
    right: object = "r"


@dataclass(frozen=True, slots=True)
class One:
    """A single value."""

    only: object


@dataclass(frozen=True)
class Nothing:
    """No value at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Values by name alone."""

    items: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A class that says itself how it is shown and compared."""

    word: str

    def __repr__(self) -> str:
        return f"<{self.word}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spoken) and other.word.lower() == self.word.lower()

    def __hash__(self) -> int:
        return 7


@dataclass
class Loose:
    """A class that is not frozen."""

    value: int = 0


@dataclass(frozen=True, order=True)
class Ranked:
    """A frozen class whose values have an order."""

    rank: int
    name: str = ""


@dataclass
class Counting:
    """A class with something that is no field."""

    kinds: ClassVar[int] = 3
    value: int = 0


@dataclass(slots=True)
class Worked:
    """A class that works out what it holds."""

    width: int
    self: int = 2
    area: int = field(init=False)
    seen: list[int] = field(init=False, default_factory=list)
    hidden: str = field(default="h", repr=False, compare=False)

    def __post_init__(self) -> None:
        self.area = self.width * self.self


@dataclass(frozen=True, slots=True, kw_only=True)
class Further(Named):
    """A class whose values have what those of another have, and more."""

    name: str
    more: tuple[int, ...] = ()


def fresh() -> tuple[type, type]:
    """A class of which no value was built, and one of the same shape made by `dataclasses`."""

    def shape() -> type:
        class Shape:
            """One of everything."""

            first: int
            second: int = 2
            third: list[int] = field(default_factory=list)
            named: int = field(kw_only=True)
            told: int = field(kw_only=True, default=5)

        return Shape

    options = {"frozen": True, "slots": True}
    return dataclass(**options)(shape()), dataclasses.dataclass(**options)(shape())


def outcome(cls: type, args: list[int], given: dict[str, int]) -> str:
    """What comes of building a value: how it is shown, or the complaint."""
    try:
        return repr(cls(*args, **given))
    except TypeError as error:
        return str(error)


def usual(cls: type, names: list[str]) -> type:
    """A class of the same shape, made by `dataclasses` itself."""
    made = dataclasses.make_dataclass(cls.__name__, names, frozen=True, slots=True)
    made.__qualname__ = cls.__qualname__
    return made


USUAL_PAIR, USUAL_ONE = usual(Pair, ["left", "right"]), usual(One, ["only"])


@given(VALUES, VALUES, VALUES, VALUES)
def test_pairs_compare_hash_and_show_as_usual(a: object, b: object, c: object, d: object) -> None:
    """Equality, hash and text are those that `dataclasses` gives."""
    assert (Pair(a, b) == Pair(c, d)) is (USUAL_PAIR(a, b) == USUAL_PAIR(c, d))
    assert hash(Pair(a, b)) == hash(USUAL_PAIR(a, b))
    assert repr(Pair(a, b)) == repr(USUAL_PAIR(a, b))


@given(VALUES, VALUES)
def test_single_values_compare_hash_and_show_as_usual(a: object, b: object) -> None:
    """A class with one field is compared by that field, as a tuple would be."""
    assert (One(a) == One(b)) is (USUAL_ONE(a) == USUAL_ONE(b))
    assert hash(One(a)) == hash(USUAL_ONE(a))
    assert repr(One(a)) == repr(USUAL_ONE(a))


NAMES = ["first", "second", "third", "named", "told", "strange"]


@given(
    st.lists(st.integers(0, 3), max_size=5),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3)),
)
def test_values_are_built_as_usual(args: list[int], given: dict[str, int]) -> None:
    """The first and the later ones, and what does not fit is refused in the same words."""
    ours, usual = fresh()
    expected = outcome(usual, args, given)
    assert outcome(ours, args, given) == expected
    for _ in range(60):
        ours(1, named=4)
    assert outcome(ours, args, given) == expected


def test_every_value_has_a_default_of_its_own() -> None:
    """Before and after what builds them is compiled."""
    for cls in (Named, Further):
        made = [cls(name="n") if cls is Further else cls() for _ in range(60)]
        assert len({id(value.items) for value in made}) == 60


def test_what_a_value_works_out_is_there_from_the_first_on() -> None:
    """Fields that nobody gives, and those that are neither shown nor compared."""
    for width in range(60):
        value = Worked(width, 3, hidden=str(width))
        assert (value.area, value.seen, value.hidden) == (3 * width, [], str(width))
        assert value == Worked(width, 3)
        assert repr(value) == f"Worked(width={width}, self=3, area={3 * width}, seen=[])"


def test_classes_that_add_fields_keep_those_they_got() -> None:
    """They are built, compared and hashed by all of them."""
    value = Further(name="n", more=(1,))
    assert value == Further(items=[], name="n", more=(1,))
    assert value != Further(items=[], name="n", more=(2,))
    assert Named() != value
    assert repr(value) == "Further(items=[], name='n', more=(1,))"
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Further()  # type: ignore[call-arg]


def test_other_classes_are_never_equal() -> None:
    """Not even those of the same shape, or tuples."""
    assert One((1,)) != USUAL_ONE((1,))
    assert Pair(1, 2) != (1, 2)
    assert One.__eq__(One(1), 1) is NotImplemented


def test_empty_classes_are_equal() -> None:
    """Without fields there is nothing to differ in."""
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())
    assert repr(Nothing()) == "Nothing()"


def test_values_stay_frozen_and_slotted() -> None:
    """No field can be set or deleted, and none added."""
    value = Pair(1)
    with pytest.raises(FrozenInstanceError):
        value.left = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del value.left
    assert not hasattr(value, "__dict__")


def test_the_tools_of_dataclasses_work() -> None:
    """`replace`, `fields`, `asdict` and copies."""
    value = Pair(One(1), [2])
    assert dataclasses.replace(value, right=3) == Pair(One(1), 3)
    assert [item.name for item in dataclasses.fields(Pair)] == ["left", "right"]
    assert dataclasses.asdict(value) == {"left": {"only": 1}, "right": [2]}
    for twin in (copy.deepcopy(value), copy.copy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301
        assert twin == value
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)


def test_a_value_that_holds_itself_is_shown() -> None:
    """As `dataclasses` does, the inner one is left out."""
    value = Named()
    value.items.append(value)
    assert repr(value) == "Named(items=[...])"


def test_own_methods_are_kept() -> None:
    """What a class defines itself is not replaced."""
    assert repr(Spoken("a")) == "<a>"
    assert Spoken("a") == Spoken("A")
    assert hash(Spoken("a")) == 7


def test_other_wishes_are_granted_as_usual() -> None:
    """Classes that are not frozen, or that ask for more, are plain dataclasses."""
    loose = Loose()
    loose.value = 1
    assert loose == Loose(1)
    assert Loose.__hash__ is None
    assert Ranked(1, "b") < Ranked(2, "a")
    assert not Ranked(1) < Ranked(1) <= Ranked(1) >= Ranked(1)
    assert sorted([Ranked(2), Ranked(1, "b"), Ranked(1)]) == [Ranked(1), Ranked(1, "b"), Ranked(2)]
    assert Ranked(2) > Ranked(1) != Ranked(2)
    with pytest.raises(TypeError, match="not supported between instances of 'Ranked' and 'int'"):
        Ranked(1) < 1  # type: ignore[operator]  # noqa: B015
    assert Counting(2) == Counting(value=2)
    assert [item.name for item in dataclasses.fields(Counting)] == ["value"]
