"""Curves over epochs and tokens: where a point lies, and when nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archiver.case import Points
from archiver.diff.alignment import Curve, Curves, shared_place
from archiver.model.claims import Location
from archiver.model.points import NO_STEP
from archiver.model.record import Series

Make = Callable[..., Any]
NAN = float("nan")
Columns = tuple[list[int], list[float], list[float]]
"""Steps, values and epochs."""


def series(key: str, **facts: Any) -> Series:
    given = {"at": Location("log"), "source": "log", "points": 3}
    return Series(key=key, **(given | facts))


def points(steps: list[int], values: list[float], epochs: list[float]) -> Points:
    size = len(steps)
    return Points(
        np.array(steps, np.int64), np.full(size, np.nan), np.array(values, np.float64),
        np.zeros(size, np.int64), np.ones(size, np.bool_), np.array(epochs, np.float64),
    )  # fmt: skip


@pytest.fixture
def placed(record: Make, data: Make) -> Callable[..., Any]:
    """Places and values of the first of some series over an axis; None where it has none."""

    def call(align: Any, *given: tuple[Series, Columns]) -> Any:
        known = {id(item): points(*columns) for item, columns in given}
        run = data(
            record(series=tuple(item for item, _ in given)), points=lambda item: known[id(item)]
        )
        curve = Curves(run, align).of(given[0][0])
        return (curve.places.tolist(), curve.values.tolist()) if curve is not None else None

    return call


def test_rows_say_their_own_epochs(placed: Make) -> None:
    """Before any series does; points without an epoch stand at the end, without a place."""
    loss = series("loss"), ([1, 2, 3], [9.0, 8.0, 7.0], [0.5, NAN, 1.5])
    other = series("epoch"), ([1, 2, 3], [70.0, 80.0, 90.0], [NAN] * 3)
    places, values = placed("epoch", loss, other)
    assert places[:2] == [0.5, 1.5]
    assert np.isnan(places[2])
    assert values == [9.0, 7.0, 8.0]


def test_another_source_of_the_measurement_says_the_epochs(placed: Make) -> None:
    """What it says of two steps holds between them, and not outside of them."""
    loss = series("loss", source="events"), ([10, 20, 25, 40], [4.0, 3.0, 2.5, 1.0], [NAN] * 4)
    twin = series("loss", shadow_of="events"), ([10, 20, 30], [4.0, 3.0, 2.0], [1.0, 2.0, 3.0])
    places, values = placed("epoch", loss, twin)
    assert places[:3] == [1.0, 2.0, 2.5]
    assert np.isnan(places[3])
    assert values == [4.0, 3.0, 2.5, 1.0]


def test_tokens_are_counted_in_their_unit(placed: Make) -> None:
    """A series of tokens tells them of each step; of another training's steps it does not."""
    loss = series("loss", step_id="2"), ([1, 3], [4.0, 2.0], [NAN] * 2)
    seen = {"canonical": "tokens_seen", "unit": "billion tokens"}
    counted = [1, 2, 3], [0.5, 1.0, 1.5], [NAN] * 3
    assert placed("tokens", loss, (series("Tokens", step_id="2", **seen), counted)) == (
        [5e8, 1.5e9],
        [4.0, 2.0],
    )
    assert placed("tokens", loss, (series("Tokens", step_id="1", **seen), counted)) is None


def test_a_series_over_tokens_needs_nobody(placed: Make) -> None:
    """Its own counter is the axis; it says nothing of epochs."""
    loss = series("loss", axis="tokens"), ([1000, 2000], [4.0, 2.0], [NAN] * 2)
    assert placed("tokens", loss) == ([1000.0, 2000.0], [4.0, 2.0])
    assert placed("epoch", loss, (series("epoch"), ([1000], [1.0], [NAN]))) is None


@pytest.mark.parametrize("align", ["epoch", "tokens"])
def test_what_goes_back_tells_nothing(placed: Make, align: str) -> None:
    """A counter that a resume set back to its beginning does not order the points."""
    loss = series("loss"), ([1, 2, 3], [9.0, 8.0, 7.0], [1.0, 2.0, 0.5])
    name = {"epoch": "train/epoch", "tokens": "num_input_tokens_seen"}[align]
    counter = series(name), ([1, 2, 3], [10.0, 20.0, 5.0], [NAN] * 3)
    assert placed(align, loss, counter) is None


def test_two_points_of_a_source_whose_epochs_go_back(placed: Make) -> None:
    """They look in order, and the long series beside them shows that they are not."""
    evaluated = series("eval_loss", points=2), ([2, 4], [9.0, 8.0], [1.0, 1.0])
    loss = series("loss", points=4), ([1, 2, 3, 4], [9.0, 8.0, 7.0, 6.0], [0.5, 1.0, 0.5, 1.0])
    assert placed("epoch", evaluated) is not None
    assert placed("epoch", evaluated, loss) is None


def test_a_counter_without_steps_tells_nothing(placed: Make) -> None:
    """Nor does one without a finite value."""
    loss = series("loss"), ([1, 2], [9.0, 8.0], [NAN] * 2)
    for counter in (
        ([NO_STEP, NO_STEP], [1.0, 2.0], [NAN] * 2),
        ([1, 2], [NAN, float("inf")], [NAN] * 2),
    ):
        assert placed("epoch", loss, (series("epoch"), counter)) is None


def curve(places: list[float]) -> Curve:
    """Values are the places themselves."""
    return Curve(np.array(places, np.float64), np.array(places, np.float64))


@pytest.mark.parametrize(
    ("one", "other", "align", "expected"),
    [
        ([1, 2, 3], [1, 2], "step", ("step 2", 2, 2)),
        ([1, 2, 3], [1.5, 2.5], "epoch", ("epoch 2.5", 2, 2.5)),
        ([1, 2, 3], [1, 2, 3], "epoch", None),
        ([1, 2, 3], [5, 6], "epoch", None),
        ([1, 2, 3], [5, 6], "step", None),
        ([0.5, 5 / 6, 1], [0.5, 0.8333333134651184], "epoch", ("epoch 0.833333", 5 / 6, 5 / 6)),
        ([0.5, 5 / 6], [0.5, 0.8333333134651184], "epoch", None),
        ([1e6, 1234567, 2e6], [1e6, 1234567], "tokens", ("tokens 1234567", 1234567, 1234567)),
        ([1, 2, NAN], [1, 2, 3], "epoch", ("epoch 2", 2, 2)),
    ],
)
def test_the_last_place_of_both(
    one: list[float], other: list[float], align: Any, expected: tuple[str, float, float] | None
) -> None:
    """Which both have reached, unless both end there, in single or in double precision."""
    found = shared_place((curve(one), curve(other)), align)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.name == expected[0]
    assert found.values == pytest.approx(expected[1:], rel=1e-6)
