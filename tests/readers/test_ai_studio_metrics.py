"""Metrics per epoch: the skew of one epoch, resumes, odd values."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_metrics", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_metrics")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_metrics")


RECORDS = [
    {"epoch": 1, "lr-Adam": 0.01, "val_loss": 2.0, "lr": 0.02},
    {"epoch": 2, "lr-Adam": 0.02, "val_loss": 1.5, "val_mae": 0.5, "train_loss": 3.0, "lr": 0.04},
]


def specs(found):
    """Key -> spec of a source's series."""
    return {batch.spec.key: batch.spec for batch in found.batches}


def test_late_metrics_keep_their_name_where_nothing_else_has_them(read_one):
    """Without Lightning's log the late values are the best there are; they are marked."""
    found = specs(read_one("metrics.json", {"epochs": RECORDS}))
    assert (found["train_loss"].canonical, found["train_loss"].attributes) == (
        "loss",
        (("skew", "1 epoch late"),),
    )
    assert (found["val_loss"].canonical, found["val_loss"].attributes) == ("eval_loss", ())
    assert found["val_loss"].axis == "epoch"


def test_late_metrics_leave_the_name_to_a_better_source(read):
    """Lightning's log below the same directory has them at their epoch; val_loss is not late."""
    files = {"metrics.json": json.dumps({"epochs": RECORDS})}
    for log in ("lightning_logs/version_0/metrics.csv", "tb/version_0/events.out.tfevents.1.h"):
        found = specs(read({**files, log: "x"})["metrics.json"])
        assert found["train_loss"].canonical is None
        assert found["val_loss"].canonical == "eval_loss"


def test_another_runs_log_is_no_better_source(read):
    """Only what lies below the list's own directory counts."""
    text = json.dumps({"epochs": RECORDS})
    found = read({"a/metrics.json": text, "b/lightning_logs/version_0/metrics.csv": "x"})
    assert specs(found["a/metrics.json"])["train_loss"].canonical == "loss"


def test_rate_of_the_next_epoch_is_not_the_rate(read_one):
    """`lr` is read after the scheduler stepped; the monitor's `lr-<Optimizer>` is the epoch's."""
    found = specs(read_one("metrics.json", {"epochs": RECORDS}))
    assert (found["lr"].canonical, found["lr"].attributes) == (None, (("skew", "1 epoch early"),))
    assert found["lr-Adam"].canonical == "learning_rate"
    assert (found["lr-Adam"].split, found["lr-Adam"].labels) == ("train", ())


def test_rate_alone_is_the_rate(read_one):
    """Without a monitor there is but one rate (the plan's form)."""
    records = [
        {"epoch": 1, "train_loss": 1.0, "lr": 0.1},
        {"epoch": 2, "train_loss": 0.5, "lr": 0.1},
    ]
    found = read_one("metrics.json", {"epochs": records})
    assert specs(found)["lr"].canonical == "learning_rate"
    assert found.codes == []


def test_groups_of_an_optimizer(read_one):
    """Several parameter groups are told apart by a label."""
    records = [{"epoch": 1, "lr-SGD-1/pg2": 0.1}]
    found = specs(read_one("metrics.json", {"epochs": records}))
    assert found["lr-SGD-1/pg2"].labels == (("n", "1"), ("group", "2"))


def test_bare_name_beside_step_and_epoch_is_the_last_batch(read_one):
    """Where a module logs both, the bare name is no epoch mean."""
    first = {"epoch": 1, "train_loss": 9.0, "train_loss_step": 9.0, "val_loss": 2.0}
    second = {**first, "epoch": 2, "train_loss_epoch": 5.0}
    found = specs(read_one("metrics.json", {"epochs": [first, second]}))
    assert (found["train_loss"].canonical, found["train_loss"].attributes) == (
        None,
        (("value", "last batch"),),
    )
    assert found["train_loss_step"].canonical is None
    assert found["train_loss_epoch"].canonical == "loss"
    assert found["train_loss_epoch"].attributes == (("skew", "1 epoch late"),)


def test_metric_of_every_second_epoch_is_not_late(read_one):
    """A metric that begins late says nothing, as long as no training metric does."""
    records = [{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.0, "val_loss": 1.5}]
    assert read_one("metrics.json", {"epochs": records}).codes == []


def test_one_record_shows_no_skew(read_one):
    """A run that was killed after one epoch has no late value at all."""
    found = read_one("metrics.json", {"epochs": RECORDS[:1]})
    assert (found.codes, found.reading.accounting.read) == ([], 1)


def test_early_stop_is_left_to_be_judged(read_one):
    """The records since the smallest val_loss are told, no verdict on them."""
    losses = [3.0, 1.0, 2.0, float("nan"), 2.5]
    records = [{"epoch": n, "val_loss": loss} for n, loss in enumerate(losses, 1)]
    found = read_one("metrics.json", json.dumps({"epochs": records}))
    assert found.reading.extras == {
        "val_loss_min": 1.0,
        "val_loss_min_epoch": 2.0,
        "records_since": 3,
    }


def test_records_without_an_epoch_are_told(read_one):
    """A record that does not say its epoch stands nowhere on the axis."""
    records = [{"epoch": 1, "val_loss": 1.0}, {"val_loss": 2.0}, {"epoch": "3", "val_loss": 3.0}]
    found = read_one("metrics.json", {"epochs": records})
    assert [e == e for batch in found.batches for e in batch.epochs] == [True, False, False]  # noqa: PLR0124
    assert found.codes == ["no-epoch"]


def test_many_keys_take_linear_time(read_one):
    """Each record may have keys of its own."""
    records = [{"epoch": n, **{f"k{n}-{m}": 1.0 for m in range(10)}} for n in range(2_000)]
    found = read_one("metrics.json", {"epochs": records})
    assert len(found.batches) == 20_000
