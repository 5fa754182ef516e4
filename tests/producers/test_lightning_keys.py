"""Names that Lightning gives: split, loader, reduction and meaning read off them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.producers.lightning_keys import first_step, resumed_from, run_of, understand


@pytest.mark.parametrize(
    ("key", "canonical", "split"),
    [
        ("train_loss", "loss", "train"),
        ("train/loss", "loss", "train"),
        ("loss", "loss", "train"),
        ("loss/train", "loss", "train"),
        ("val_loss", "eval_loss", "eval"),
        ("Valid Loss", "eval_loss", "eval"),
        ("loss.val", "eval_loss", "eval"),
        ("test_loss", "test_loss", "test"),
        ("val_acc", "accuracy", "eval"),
        ("train_accuracy", "accuracy", "train"),
        ("val_perplexity", "perplexity", "eval"),
        ("lr-Adam", "learning_rate", "train"),
        ("lr-Adam-1/pg2", "learning_rate", "train"),
        ("lr-SGD-momentum", "", None),
        ("hp_metric", "", None),
        ("train_loss_cls", "", "train"),
        ("trainer", "", None),
        ("", "", None),
    ],
)
def test_meanings(key, canonical, split):
    """What is known of a name, and no more."""
    found = understand(key)
    assert (found.metric.canonical, found.split) == (canonical, split)


@pytest.mark.parametrize("name", ["train_loss", "val_loss", "train/acc", "val_f1"])
def test_training_stands_at_the_step_before_the_number_done(name):
    """Counted from 0: so many and one more steps are done."""
    assert first_step(understand(name)) == (("first_step", "0"),)


@pytest.mark.parametrize("name", ["test_loss", "hp_metric", "epoch", "lr-Adam", "test/acc", "f1"])
def test_what_stands_at_the_number_of_steps_done(name):
    """Rates when a step begins, tests when all are over; of other names it is not known."""
    assert first_step(understand(name)) == ()


def test_labels():
    """Loaders, and optimizers where there are several."""
    assert understand("val_loss/dataloader_idx_3").labels == (("dataloader", "3"),)
    assert understand("lr-Adam").labels == ()
    assert understand("lr-Adam-1/pg2").labels == (("n", "1"), ("group", "pg2"[2:]))


def test_two_reductions_of_one_metric():
    """The steps are the curve of training, the epochs that of an evaluation."""
    names = {"train_loss_step", "train_loss_epoch", "val_loss_step", "val_loss_epoch"}
    found = {name: understand(name, names).metric.canonical for name in names}
    assert found == {
        "train_loss_step": "loss",
        "train_loss_epoch": "mean_loss",
        "val_loss_step": "",
        "val_loss_epoch": "eval_loss",
    }
    assert understand("train_loss_epoch").metric.canonical == "loss"


def test_reductions_with_loaders():
    """The loader stands behind the reduction."""
    key, twin = "val_loss_epoch/dataloader_idx_0", "val_loss_step/dataloader_idx_0"
    assert understand(key, {key, twin}).metric.canonical == "eval_loss"
    assert understand(twin, {key, twin}).metric.canonical == ""
    assert understand(key).metric.attributes == (("reduction", "epoch"),)


@given(st.text(max_size=30))
def test_any_name_is_taken(name):
    """Nothing raises, and nothing takes long."""
    understand(name, {name})
    understand(name * 200)
    run_of(name * 200)


def test_the_run_of_a_checkpoint():
    """The directory above `checkpoints`."""
    assert run_of("/a/version_3/checkpoints/x=1/y.ckpt") == "version_3"
    assert run_of("version_3/checkpoints") == "version_3"
    assert run_of("/a/last.ckpt") is None
    assert resumed_from({"ckpt_path": "/a/v/checkpoints/l.ckpt"}) == "v"
    assert resumed_from({"ckpt_path": None, "resume_from_checkpoint": 3}) is None
