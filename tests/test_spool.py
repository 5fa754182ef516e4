"""Points in waiting."""

from array import array
from dataclasses import replace

from archiver.limits import DEFAULT
from archiver.model.points import Batch, SeriesSpec
from archiver.spool import PointSpool

SMALL = replace(DEFAULT, spool_memory_bytes=200)


def batch(key, steps, values, epochs=None):
    spec = SeriesSpec(key, "f")
    return Batch(spec, "f", array("q", steps), array("d", values), epochs)


def test_points_come_back_as_they_went_in_from_memory_and_from_disk():
    """Above the memory limit columns go to a file and come back unchanged."""
    for limits in (DEFAULT, SMALL):
        spool = PointSpool(limits)
        for start in range(0, 100, 10):
            steps = range(start, start + 10)
            spool.add(batch("loss", steps, [step / 3 for step in steps], array("d", steps)))
        found = [
            point
            for part in spool.batches(SeriesSpec("loss", "f"))
            for point in zip(part.steps, part.values, part.epochs, strict=True)
        ]
        assert found == [(step, step / 3, float(step)) for step in range(100)]
        spool.close()


def test_shared_columns_are_held_once():
    """A block of rows gives all its series the same steps."""
    spool = PointSpool(replace(DEFAULT, spool_memory_bytes=8 * 11))
    steps = array("q", range(10))
    spool.add(Batch(SeriesSpec("a", "f"), "f", steps, array("d", [0.5])))
    spool.add(Batch(SeriesSpec("b", "f"), "f", steps, array("d", [])))
    assert next(spool.batches(SeriesSpec("a", "f"))).steps is steps
    spool.close()


def test_points_over_a_limit_are_counted():
    """Nothing is lost silently."""
    spool = PointSpool(replace(DEFAULT, points=3, series=1))
    spool.add(batch("a", [1, 2], [0.0, 0.0]))
    spool.add(batch("b", [1], [0.0]))
    spool.add(batch("a", [3, 4], [0.0, 0.0]))
    assert (spool.points, spool.refused) == (2, 3)
    spool.close()
