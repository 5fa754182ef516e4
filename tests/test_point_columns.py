"""Columns that a text log is gathered into."""

from __future__ import annotations

from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.point_columns import Columns


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)


def test_a_column_per_series_file_and_attempt():
    """Another file or attempt begins new columns; columns nobody filled are None."""
    sink = Sink()
    columns = Columns(sink)
    loss, rate = SeriesSpec("loss", "log"), SeriesSpec("lr", "log")
    columns.begin("a")
    columns.add(loss, 2.5, 1, epoch=1.0)
    columns.add(rate, 0.1)
    columns.add(loss, None, 2)
    columns.begin("b", 1, "log")
    columns.add(loss, 2.0, 3)
    columns.flush()
    told = [
        (b.spec.key, b.path, b.attempt, b.family, list(b.steps), list(b.values), b.non_numeric)
        for b in sink.batches
    ]
    assert told == [
        ("loss", "a", 0, "", [1], [2.5], 1),
        ("lr", "a", 0, "", [NO_STEP], [0.1], 0),
        ("loss", "b", 1, "log", [3], [2.0], 0),
    ]
    assert [batch.epochs is None for batch in sink.batches] == [False, True, True]


def test_values_that_are_all_no_numbers_give_no_batch():
    """A series without a point is none."""
    sink = Sink()
    columns = Columns(sink)
    columns.add(SeriesSpec("a", "log"), None)
    columns.flush()
    assert sink.batches == []


def test_memory_is_bounded():
    """Long logs go to the sink in pieces, in order."""
    sink = Sink()
    columns = Columns(sink)
    spec = SeriesSpec("a", "log")
    for step in range(250_000):
        columns.add(spec, 0.5, step)
    columns.flush()
    assert [len(batch.values) for batch in sink.batches] == [100_000, 100_000, 50_000]


def test_series_without_numbers_are_bounded():
    """A hostile log names a new series in each line, and no number."""
    columns = Columns(Sink())
    for number in range(25_000):
        columns.add(SeriesSpec(f"k{number}", "log"), None)
    assert len(columns._held) <= 10_000
