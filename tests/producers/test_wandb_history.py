"""History rows as columns: which counter is the axis, what is no number, what a key means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from archiver.model.points import NO_STEP, Batch
from archiver.producers import wandb_history
from archiver.producers.wandb_history import History, flat, integer, meaning, number


@dataclass
class Sink:
    """A sink that keeps what it is given."""

    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Take a batch."""
        self.batches.append(batch)


@pytest.fixture
def history():
    """A history that goes to a sink of its own."""
    return History(Sink(), "run-a.wandb", "run-a.wandb")


@pytest.mark.parametrize(
    ("key", "canonical", "split"),
    [
        ("loss", "loss", "train"),
        ("train/loss", "loss", "train"),
        ("eval/loss", "eval_loss", "eval"),
        ("val_loss", "eval_loss", "eval"),
        ("test/loss", "test_loss", "test"),
        ("validation/perplexity", "perplexity", "eval"),
        ("lr", "learning_rate", "train"),
        ("tokens_per_second_per_gpu", "tokens_per_sec_per_gpu", "train"),
        ("train/my_metric", "", "train"),
        ("iter_loss", "", None),
        ("trainer/global_step", "", None),
    ],
)
def test_meaning_of_keys(key, canonical, split):
    """Programs choose their keys; a few forms are known, the rest has no standard name."""
    assert (meaning(key).canonical, meaning(key).split) == (canonical, split)


def test_numbers():
    """Booleans, texts and integers beyond doubles are none."""
    assert [number(value) for value in (1, 1.5, "NaN", "-Infinity")][:2] == [1.0, 1.5]
    assert math.isnan(number("NaN"))
    assert [number(value) for value in (True, "1", None, 10**400, [])] == [None] * 5
    assert [integer(value) for value in (3, 3.0, 3.5, True, 2**63, NO_STEP)] == [3, 3] + [None] * 4


def test_nested_objects_are_flat_and_media_whole():
    """Dotted names, in order; an object with `_type` is one value."""
    media = {"_type": "histogram", "values": [1]}
    items = {"a": {"b": 1, "c": {"d": 2}}, "m": media, "e": {}}.items()
    assert list(flat(items)) == [("a.b", 1), ("a.c.d", 2), ("m", media), ("e", {})]


def test_axis_stays_when_points_went_to_the_sink(history, monkeypatch):
    """After points have gone out, a metric keeps its counter; rows without it have no step."""
    monkeypatch.setattr(wandb_history, "PENDING_POINTS", 2)
    rows = [{"loss": 1.0, "step": 10}, {"loss": 2.0}, {"loss": 3.0, "step": 30}, {"loss": 4.0}]
    for index, row in enumerate(rows):
        history.add({**row, "_step": index}.items(), None)
    history.flush()
    found = [
        (step, value)
        for batch in history.sink.batches
        if batch.spec.key == "loss"
        for step, value in zip(batch.steps, batch.values, strict=True)
    ]
    assert found == [(10, 1.0), (NO_STEP, 2.0), (30, 3.0), (NO_STEP, 4.0)]
    assert history.unplaced == 2
    assert {dict(b.spec.attributes)["step_counter"] for b in history.sink.batches} == {
        "step",
        "_step",
    }


def test_extent_is_by_the_programs_counter(history):
    """Where the program counts its steps, those say how far it came."""
    history.add({"loss": 1.0, "step": 10, "_step": 0}.items(), None)
    history.add({"loss": 1.0, "step": 20, "_step": 1}.items(), None)
    history.flush()
    assert history.extent == (10, 20)


def test_row_number_serves_where_no_step_stands_in_it(history):
    """The row's own number is the step."""
    history.add({"loss": 1.0}.items(), 7)
    history.flush()
    assert list(history.sink.batches[0].steps) == [7]


def test_new_keys_in_every_row_are_bounded(history, monkeypatch):
    """Columns are handed over by what they take, not only by their points."""
    monkeypatch.setattr(wandb_history, "PENDING_POINTS", 1_000)
    monkeypatch.setattr(wandb_history, "_KEYS", 100)
    for number_ in range(500):
        history.add([(f"n{number_}", 1.5), (f"t{number_}", "text")], number_)
        assert len(history._columns) <= 1_000 // wandb_history.COLUMN_POINTS + 2
    history.flush()
    assert len(history.sink.batches) == 500
    assert len(history._settled) == 100
    assert len(history.other) == 101
    assert sum(history.other.values()) == 500


def test_a_counter_that_is_declared_for_many_metrics_is_looked_up_once(history):
    """W&B repeats the declaration of a pattern for each metric that it covers."""
    for name in map(str, range(300)):
        history.define(f"eval/{name}", "trainer/step")
    assert list(history._declared) == ["trainer/step"]
