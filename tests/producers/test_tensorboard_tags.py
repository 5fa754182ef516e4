"""Tags of TensorBoard."""

from __future__ import annotations

from archiver.model.points import Metric
from archiver.producers.lightning_keys import Key
from archiver.producers.tensorboard_tags import meaning_of


def test_only_the_prefix_is_rewritten():
    """A Stage-2 key `eval/detection/mAP` arrives as `train/eval/detection/mAP`."""
    assert meaning_of("train/eval/detection/mAP").split == "eval"
    assert meaning_of("train/loss").metric.canonical == "loss"
    assert meaning_of("eval/loss").metric.canonical == "eval_loss"
    assert meaning_of("train/train_loss").split is None


def test_a_result_beside_hyperparameters_is_no_curve():
    """`add_hparams` logs it once, at step 0; it must not stand for the loss."""
    assert meaning_of("hparam/loss") == Key(Metric(""))


def test_names_of_lightning():
    """Loaders become labels; the mean over an epoch is no curve beside the steps."""
    loader = meaning_of("val_loss/dataloader_idx_1")
    assert (loader.metric.canonical, loader.labels) == ("eval_loss", (("dataloader", "1"),))
    assert meaning_of("train_loss_epoch", {"train_loss_step"}).metric.canonical == "mean_loss"
    assert meaning_of("lr-AdamW").metric.canonical == "learning_rate"
    assert meaning_of("hp_metric").metric.canonical == ""
