"""Laws of the comparison, over generated values and records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archiver.diff.comparing import compare
from archiver.diff.interning import Interner
from archiver.diff.options import Options, RunData
from archiver.diff.walk import Leaf, Walk
from archiver.model.claims import Location
from archiver.model.differences import MISSING, Area, Compared, Difference, Direction, Kind, Missing
from archiver.model.record import Config, Coverage, Dependency, RunIdentity, RunRecord, Series
from archiver.model.values import Tagged, Value

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6),
    st.sampled_from(["1e-5", "true", "None", "/a/b", "[1, 2]", "[redacted:token:1]", "", "1.0"]),
    st.builds(
        Tagged, st.sampled_from(["redacted", "unresolved", "python/name"]), st.text(max_size=4)
    ),
)  # fmt: skip
KEYS = st.sampled_from(
    ["lr", "seed", "name", "path", "id", "optimizer", "learning_rate", "a.b", ""]
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)
TREES: st.SearchStrategy[dict[str, Value]] = st.recursive(
    st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
    lambda inner: st.dictionaries(KEYS, SCALARS | inner, max_size=4),
    max_leaves=12,
)
AT = Location("f")


def same(a: Value, b: Value) -> bool:
    """Equal, strict in types and signs."""
    interner = Interner()
    return interner.number([a]) == interner.number([b])


def record(*configs: Config) -> RunRecord:
    """A record of configurations."""
    identity = RunIdentity("run", "exp", (), {}, "run", "")
    return RunRecord(identity, Coverage(0, 0, 0, 0, 0, 0, {}), configs=configs)


def data(given_record: RunRecord) -> RunData:
    """A record, ready to be compared."""
    return RunData(compared=Compared("run", "run", "exp", (), ""), record=given_record)


@st.composite
def records(draw: Callable[..., Any]) -> RunRecord:
    """Records with some of everything that is compared."""
    roles = st.sampled_from(["authored", "resolved", "effective"])
    configs = tuple(
        Config(
            at=AT, id=f"c{n}", role=draw(roles), format="yaml", values=draw(OBJECTS),
            typed=draw(st.booleans()), reader=draw(st.sampled_from("rs")),
        )
        for n in range(draw(st.integers(0, 3)))
    )  # fmt: skip
    series = tuple(
        Series(
            at=AT, key=key, source="s", points=2, last=draw(SCALARS), canonical=key, last_step=2,
            min=draw(st.none() | st.floats()), max=draw(st.none() | st.floats()),
        )
        for key in draw(st.sets(st.sampled_from(["loss", "accuracy", "gpu_mem"])))
    )  # fmt: skip
    versions = st.sampled_from(["1.0", "1.0.0", "2.0+cpu", "x", None])
    kinds = st.sampled_from(["installed", "locked"])
    dependencies = tuple(
        Dependency(at=AT, name=name, version=draw(versions), kind=draw(kinds))
        for name in draw(st.sets(st.sampled_from(["torch", "numpy", "Foo_bar"])))
    )  # fmt: skip
    return replace(record(*configs), series=series, dependencies=dependencies)


@given(records())
def test_a_run_is_identical_to_itself(given_record: RunRecord) -> None:
    """And so it is to an equal record that is another object."""
    run = data(given_record)
    comparison = compare(run, run)
    assert comparison.identical
    assert comparison.cautions == ()


@given(records(), records())
def test_symmetric_up_to_direction(one: RunRecord, other: RunRecord) -> None:
    """The other way round, additions are removals, and what was better is worse."""
    forth, back = compare(data(one), data(other)), compare(data(other), data(one))
    assert forth.summary() == back.summary()
    turned = {
        Direction.BETTER: Direction.WORSE,
        Direction.WORSE: Direction.BETTER,
        Direction.UPGRADED: Direction.DOWNGRADED,
        Direction.DOWNGRADED: Direction.UPGRADED,
        Direction.NONE: Direction.NONE,
    }
    kinds = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}

    def plain(item: Difference) -> tuple[str, ...]:
        return (item.area, item.kind, item.significance, item.direction)

    def reverse(item: Difference) -> tuple[str, ...]:
        kind = kinds.get(item.kind, item.kind)
        return (item.area, kind, item.significance, turned[item.direction])

    assert sorted(map(plain, forth.differences)) == sorted(map(reverse, back.differences))


def applied(value: Value, leaves: list[Leaf]) -> Value:
    """A tree with each leaf's second side in the place of its first; lists as a whole."""
    found = value
    for leaf in leaves:
        found = _put(found, leaf.path, leaf.b)
    return found


def _put(value: Value, path: tuple[str, ...], item: Value | Missing) -> Value:
    if not path:
        assert not isinstance(item, Missing)
        return item
    inside = dict(value) if isinstance(value, dict) else {}
    if len(path) == 1 and isinstance(item, Missing):
        inside.pop(path[0], None)
    else:
        below = inside.get(path[0], {})
        inside[path[0]] = _put(below, path[1:], item)
    return inside


def emptied(value: Value) -> Value:
    """A tree without objects that hold nothing: their leaves are gone one by one."""
    if not isinstance(value, dict):
        return value
    inside = {key: emptied(item) for key, item in value.items()}
    return {key: item for key, item in inside.items() if item != {}}


@given(TREES, TREES)
def test_applied_to_the_first_they_give_the_second(
    a: dict[str, Value], b: dict[str, Value]
) -> None:
    """Nothing is missed and nothing made up."""
    leaves = list(Walk().leaves(a, b))
    assert same(emptied(applied(a, leaves)), emptied(b))
    assert all(leaf.a is not MISSING or leaf.b is not MISSING for leaf in leaves)


@given(VALUES, VALUES)
def test_leaves_are_there_where_values_differ(a: Value, b: Value) -> None:
    """None for the same, some for others, and every pair is looked at but once."""
    walk = Walk()
    assert bool(list(walk.leaves(a, b))) == (not same(a, b))
    assert walk.visited <= _size(a) + _size(b)


def _size(value: Value) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


@given(OBJECTS, OBJECTS, st.booleans(), st.sampled_from([0.0, 0.1]))
def test_any_values_are_compared(
    a: dict[str, Value], b: dict[str, Value], typed: bool, tolerance: float
) -> None:
    """Without an error; what is identical is the same, strict in types."""
    sides = [
        data(
            record(Config(at=AT, id="c", role="authored", format="json", values=item, typed=typed))
        )
        for item in (a, b)
    ]
    options = Options(areas=frozenset({Area.CONFIG}), tolerance=tolerance)
    comparison = compare(sides[0], sides[1], options)
    assert comparison.identical == same(a, b)
