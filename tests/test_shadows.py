"""Sources of one measurement against each other; `test_series` has those that are joined."""

from __future__ import annotations

from functools import partial

import numpy as np

from archiver.model.claims import Location
from archiver.model.points import SeriesSpec
from archiver.model.record import Series
from archiver.shadows import Candidate, Kept, shadows


def candidate(source: str, values: list[float], loaded: list[str], **spec: object) -> Candidate:
    """A series over steps 1, 2, ...; each time its points are loaded is noted."""

    def load() -> Kept:
        loaded.append(source)
        return np.arange(1, len(values) + 1), np.asarray(values)

    own = SeriesSpec("loss", source, "loss", "train", **spec)
    summary = Series(
        at=Location(source),
        key="loss",
        source=source,
        points=len(values),
        mean=sum(values) / len(values),
    )
    return Candidate(own, summary, load)


def test_the_source_with_most_points_is_preferred() -> None:
    """Of the same number, the finer one; what differs is nobody's shadow."""
    one = partial(candidate, loaded=[])
    coarse = one("coarse", [1.25, 2.25], absolute_error=0.005)
    fine = one("fine", [1.2512, 2.2487])
    long = one("long", [1.2512, 2.2487, 3.5])
    other = one("other", [1.5, 2.25], absolute_error=0.005)
    assert shadows([coarse, fine]) == {coarse.spec: "fine"}
    assert shadows([coarse, fine, long, other]) == {coarse.spec: "long", fine.spec: "long"}


def test_many_different_sources_are_compared_with_a_few() -> None:
    """Each comparison reads the points of both: all with all would take hours."""
    loaded: list[str] = []
    series = [candidate(f"f{number}", [float(number)], loaded) for number in range(120)]
    assert shadows(series) == {}
    assert len(loaded) < 2 * 120 * 50
