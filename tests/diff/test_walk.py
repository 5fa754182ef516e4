"""The walk over two values: strict in types, linear, without recursion."""

from __future__ import annotations

import math
import random

import pytest

from archiver.diff.interning import Interner
from archiver.diff.walk import Leaf, Walk
from archiver.model.differences import MISSING
from archiver.model.values import Tagged, Value


def leaves(a: Value, b: Value) -> list[tuple[str, object, object]]:
    """Each leaf as its path and sides."""
    return [(".".join(leaf.path), leaf.a, leaf.b) for leaf in Walk().leaves(a, b)]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (1, True),
        (1.0, True),
        (0.0, -0.0),
        ("1", 1),
        (None, False),
        (None, ""),
        ([], {}),
        (Tagged("bytes", "x"), "x"),
        (2**53, float(2**53)),
    ],
)
def test_unlike_types_are_unlike(a: Value, b: Value) -> None:
    """What Python's `==` calls equal is not the same where it is of another type."""
    assert leaves({"k": a}, {"k": b}) == [("k", a, b)]
    interner = Interner()
    assert interner.number([a]) != interner.number([b])


@pytest.mark.parametrize(
    "value", [math.nan, -0.0, 10**400, "", None, [], {}, [{}], Tagged("a", "b")]
)
def test_same_is_pruned(value: Value) -> None:
    """A value is the same as itself and as its equal; NaN too."""
    again = float("nan") if isinstance(value, float) and math.isnan(value) else value
    assert leaves({"k": [value, {"l": value}]}, {"k": [again, {"l": again}]}) == []


def test_one_sided_objects_are_given_leaf_by_leaf() -> None:
    """Of an object that only one side has, its leaves; an empty one is a leaf."""
    a: Value = {"x": {"y": {"z": 1, "w": []}}, "e": {}}
    assert leaves(a, {}) == [("x.y.z", 1, MISSING), ("x.y.w", [], MISSING), ("e", {}, MISSING)]
    assert leaves({}, a) == [("x.y.z", MISSING, 1), ("x.y.w", MISSING, []), ("e", MISSING, {})]


def test_deep_values_do_not_recurse() -> None:
    """Ten thousand levels."""
    deep: list[Value] = [1, 2]
    for value in range(2):
        nested: Value = value
        for _ in range(10_000):
            nested = {"k": nested}
        deep[value] = nested
    (leaf,) = Walk().leaves(deep[0], deep[1])
    assert (len(leaf.path), leaf.a, leaf.b) == (10_000, 0, 1)
    listed: list[Value] = []
    for value in range(2):
        nested = value
        for _ in range(10_000):
            nested = [nested]
        listed.append(nested)
    assert len(list(Walk().leaves(listed[0], listed[1]))) == 1


def test_cost_is_linear_in_what_differs() -> None:
    """Equal subtrees that are one object are not entered, and every pair is looked at once."""
    shared: Value = {str(n): n for n in range(1000)}
    walk = Walk()
    assert list(walk.leaves({"s": shared, "x": 1}, {"s": shared, "x": 2})) == [Leaf(("x",), 1, 2)]
    assert walk.visited == 2
    a: Value = {str(n): {"v": n} for n in range(1000)}
    b: Value = {str(n): {"v": n + (n == 7)} for n in range(1000)}
    walk = Walk()
    assert list(walk.leaves(a, b)) == [Leaf(("7", "v"), 7, 8)]
    assert walk.visited <= 1002


def test_objects_go_by_what_identifies_them() -> None:
    """A list of named objects is compared name by name, whatever their places."""
    a: Value = [{"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "c", "v": 3}]
    b: Value = [{"name": "c", "v": 3}, {"name": "d", "v": 4}, {"name": "a", "v": 5}]
    found = list(Walk().leaves({"l": a}, {"l": b}))
    assert [(leaf.path, leaf.a, leaf.b) for leaf in found if not leaf.reordered] == [
        (("l", "b"), {"name": "b", "v": 2}, MISSING),
        (("l", "d"), MISSING, {"name": "d", "v": 4}),
        (("l", "a", "v"), 1, 5),
    ]
    assert [leaf.path for leaf in found if leaf.reordered] == [("l",)]


def test_a_name_that_stands_twice_identifies_nothing() -> None:
    """Then equality and position decide."""
    a: Value = [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
    b: Value = [{"name": "a", "v": 2}, {"name": "a", "v": 3}]
    assert leaves(a, b) == [("0.v", 1, 3)]


def test_nameless_objects_go_by_likeness() -> None:
    """What is most alike belongs together, wherever it stands."""
    a: Value = [{"q": 1, "w": {"z": 3, "k": 4}}, {"q": 5, "w": {"z": 9, "k": 8}}]
    b: Value = [{"q": 5, "w": {"z": 9, "k": 7}}, {"q": 1, "w": {"z": 3, "k": 4.5}}, {"q": 7}]
    assert leaves(a, b) == [("2", MISSING, {"q": 7}), ("0.w.k", 4, 4.5), ("1.w.k", 8, 7)]


def test_shuffled_items_are_only_in_another_order() -> None:
    """Ten thousand of them, without names, at linear cost."""
    items: list[Value] = [{"weight": n, "source": [n, str(n)]} for n in range(10_000)]
    others = [*items]
    random.Random(3).shuffle(others)  # noqa: S311 - the same order every time
    walk = Walk()
    (leaf,) = walk.leaves(items, others)
    assert leaf.reordered
    assert walk.visited == 1
    # Each of them changed, too.
    changed: list[Value] = [{"weight": n, "source": [n]} for n in range(10_000)]
    walk = Walk()
    assert sum(1 for _ in walk.leaves(items, changed)) == 10_000
    assert walk.visited < 50_000


def test_items_that_share_an_identity_number_are_equal() -> None:
    """Numbers outlive the values that they were given to."""
    interner = Interner()
    numbers = [interner.number([n, {"k": n}]) for n in range(1000)]
    assert len(set(numbers)) == 1000
    assert [interner.number([n, {"k": n}]) for n in range(1000)] == numbers


def test_unlike_items_belong_together_either_way_round() -> None:
    """Which of several unnamed items answers which does not depend on the side it is on."""
    a: list[Value] = [[1, 22, 0.5, 0.25], [[]], {}, {}]
    b: list[Value] = [[None, False, 0], [], []]
    forth = [(repr(leaf.a), repr(leaf.b)) for leaf in Walk().leaves({"id": a}, {"id": b})]
    back = [(repr(leaf.b), repr(leaf.a)) for leaf in Walk().leaves({"id": b}, {"id": a})]
    assert sorted(forth) == sorted(back)
