"""Points of a Megatron log on their way to the sink."""

from __future__ import annotations

from archiver.codecs.megatron_lines import Figure
from archiver.producers.megatron_curves import CurveColumns
from archiver.producers.megatron_walk import Labels


class Sink(list):
    """Keeps the batches."""

    add = list.append


def put(curves: CurveColumns, key: str, group: str, step: int, labels: Labels = ()) -> None:
    """Add a point."""
    curves.point(Figure(key, 1.5, "1.5"), group, step, None, labels)


def test_each_series_is_a_batch_and_each_job_its_own():
    """Points of one job are handed over before those of the next one are taken."""
    sink = Sink()
    curves = CurveColumns("train.log", None, sink, "train.log")
    for step in (1, 2):
        put(curves, "lm loss", "train", step)
    put(curves, "allocated", "memory", 2, (("rank", "0"),))
    curves.begin(1)
    put(curves, "lm loss", "train", 3)
    curves.flush()
    assert [(b.spec.key, b.spec.split, list(b.steps), b.attempt) for b in sink] == [
        ("lm loss", "train", [1, 2], 0),
        ("allocated", None, [2], 0),
        ("lm loss", "train", [3], 1),
    ]


def test_columns_are_bounded():
    """Points do not wait for the end of the log."""
    sink = Sink()
    curves = CurveColumns("train.log", None, sink, "train.log")
    for step in range(10_000):
        put(curves, "lm loss", "train", step)
    assert len(sink) == 2
    curves.flush()
    assert [step for batch in sink for step in batch.steps] == list(range(10_000))


def test_a_capped_perplexity_has_no_standard_name():
    """It says only that the loss was 20 or more."""
    sink = Sink()
    curves = CurveColumns("train.log", None, sink, "train.log")
    put(curves, "lm loss PPL", "val", 1)
    put(curves, "lm loss PPL", "capped-val", 2)
    curves.flush()
    named = [(b.spec.canonical, b.spec.split) for b in sink]
    assert named == [
        ("perplexity", "val"),
        (None, "val"),
    ]
