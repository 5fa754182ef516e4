"""Rows of the Trainer on their way to columns."""

from dataclasses import dataclass, field

import pytest

from archiver.model.points import Batch
from archiver.producers.trainer_rows import Layout, RowTable, duration_seconds, row_kind


@dataclass
class Sink:
    """Keeps what it is given."""

    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        self.batches.append(batch)

    def points(self, key, split="train"):
        return [
            (step, value)
            for batch in self.batches
            if (batch.spec.key, batch.spec.split) == (key, split)
            for step, value in zip(batch.steps, batch.values, strict=True)
        ]


def added(*rows, steps=None):
    sink = Sink()
    table = RowTable(Layout("log", "log"), sink)
    table.add(rows, steps or [row["step"] for row in rows], 0)
    return sink


def test_rows_with_other_keys_keep_their_place_in_the_file():
    """Of two rows of one step the later one counts, whichever keys they have."""
    sink = added(
        {"loss": 3.0, "step": 1},
        {"loss": 2.0, "extra": 1.0, "step": 1},
        {"loss": 1.0, "step": 1},
    )
    assert sink.points("loss") == [(1, 3.0), (1, 2.0), (1, 1.0)]
    assert sink.points("extra") == [(1, 1.0)]


def test_eval_rows_and_end_rows_are_no_points_of_training():
    """The kind of a row decides the split of all its keys."""
    sink = added(
        {"loss": 3.0, "epoch": 0.5, "memory(GiB)": 1.0, "step": 5},
        {"eval_loss": 2.0, "epoch": 0.5, "memory(GiB)": 2.0, "step": 5},
        {"train_runtime": 9.0, "train_loss": 2.5, "memory(GiB)": 3.0, "step": 5},
    )
    assert sink.points("memory(GiB)") == [(5, 1.0)]
    assert sink.points("memory(GiB)", "eval") == [(5, 2.0)]
    assert sink.points("train_loss", None) == [(5, 2.5)]


def test_values_that_are_no_numbers_are_counted():
    """Null, text and true are none; the good values of the column are used."""
    sink = added(*({"loss": value, "step": n} for n, value in enumerate([1.0, None, "x", True])))
    (batch,) = sink.batches
    assert (list(batch.values), batch.non_numeric) == ([1.0], 3)


def test_training_speed_on_an_evaluation_row_is_no_speed_of_evaluation():
    """ms-swift repeats its progress keys on every row."""
    sink = added({"eval_loss": 1.0, "train_speed(iter/s)": 3.0, "step": 1})
    told = {batch.spec.key: batch.spec.canonical for batch in sink.batches}
    assert told == {"eval_loss": "eval_loss", "train_speed(iter/s)": None}


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["loss", "epoch"], "train"),
        (["eval_loss"], "eval"),
        (["eval/detection/mAP"], "eval"),
        (["train_runtime", "train_loss"], "end"),
        (["log_history", "global_step"], "state"),
        (["epoch", "step"], "other"),
        (["grad_norm", "step"], "train"),
    ],
)
def test_kinds_of_rows(keys, kind):
    """Told by the keys alone."""
    assert row_kind(keys) == kind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7s", 7),
        ("2m 6s", 126),
        ("1h 2m 3s", 3723),
        ("1d 0h 4m 9s", 86649),
        ("12", None),
        ("", None),
        ("9x", None),
    ],
)
def test_durations(text, seconds):
    """As ms-swift spells them."""
    assert duration_seconds(text) == seconds
