"""What tags of TensorBoard measure, whichever trainer wrote them.

The Hugging Face callback renames `eval_x` to `eval/x` and anything else to `train/x`.
"""

from __future__ import annotations

from collections.abc import Container

from archiver.artifact import Artifact
from archiver.codecs.tfevents import ScalarBatch, TextBatch
from archiver.model.points import Metric, SeriesSpec
from archiver.model.times import Clock
from archiver.producers import lightning_keys
from archiver.producers.lightning_keys import Key
from archiver.producers.tensorboard_files import family_of
from archiver.producers.trainer_rows import END_KEYS, meaning

FLOAT32_ROUNDING = 2.0**-24
"""Half a unit in the last place, relative."""
OVER_SAMPLES = " vs samples"
_RENAMED = {"train/": "train", "eval/": "eval"}
_RESULT = "hparam/"
"""Prefix of results that are logged once beside the hyper-parameters; they are no curves."""

METRICS: dict[str, Metric] = {
    "loss": Metric("loss", split="train"),
    "train_loss": Metric("loss", split="train"),
    "lm loss": Metric("loss", "nat/token", "train"),
    "lm loss validation": Metric("eval_loss", "nat/token", "val"),
    "lm loss validation ppl": Metric("perplexity", split="val"),
    "val_loss": Metric("eval_loss", split="eval"),
    "val/loss": Metric("eval_loss", split="eval"),
    "valid/loss": Metric("eval_loss", split="eval"),
    "val/perplexity": Metric("perplexity", split="eval"),
    "eval_loss": Metric("eval_loss", split="eval"),
    "learning-rate": Metric("learning_rate", split="train"),
    "learning_rate": Metric("learning_rate", split="train"),
    "lr": Metric("learning_rate", split="train"),
    "grad-norm": Metric("grad_norm", split="train"),
    "grad_norm": Metric("grad_norm", split="train"),
    "iteration-time": Metric("step_time", "s", "train"),
    "batch-size": Metric("batch_size", "samples", "train"),
    "loss-scale": Metric("loss_scale", split="train"),
    "params-norm": Metric("param_norm", split="train"),
    "mem-max-allocated-bytes": Metric(
        "gpu_mem", "B", attributes=(("memory", "peak"), ("device", "accelerator"))
    ),
}
"""Tags that writers other than the Hugging Face callback use."""


def series_of(
    item: ScalarBatch | TextBatch, artifact: Artifact, beside: Container[str]
) -> SeriesSpec:
    """What a tag's points are; `beside` are the tags that were met so far."""
    source = family_of(artifact)
    if isinstance(item, TextBatch):
        return SeriesSpec(item.tag, source, type="text", clock=Clock.EPOCH.value)
    # Megatron writes each curve a second time over the samples that were consumed.
    bare = item.tag.removesuffix(OVER_SAMPLES)
    over_samples = bare != item.tag
    key = meaning_of(bare, beside)
    metric = key.metric
    return SeriesSpec(
        item.tag,
        source,
        None if over_samples else metric.canonical or None,
        split=key.split,
        labels=key.labels,
        axis="samples" if over_samples else "step",
        unit=metric.unit,
        clock=Clock.EPOCH.value,
        attributes=() if over_samples else (*metric.attributes, *_counted(key, artifact)),
        relative_error=FLOAT32_ROUNDING if item.dtype == "float32" else 0.0,
    )


def _counted(key: Key, artifact: Artifact) -> tuple[tuple[str, str], ...]:
    """How Lightning counts steps, where its logger wrote the file: parameters lie beside it."""
    beside = f"{artifact.directory}/hparams.yaml".lstrip("/")
    return lightning_keys.first_step(key) if beside in artifact.tree.by_path else ()


def meaning_of(tag: str, beside: Container[str] = ()) -> Key:
    """What a tag measures; `beside` are the tags that were met so far."""
    known = METRICS.get(tag)
    if known is not None:
        return Key(known, known.split)
    if tag.startswith(_RESULT):
        return Key(Metric(""))
    for prefix, split in _RENAMED.items():
        if tag.startswith(prefix):
            key = tag.removeprefix(prefix)
            if split == "train" and key.startswith("eval/"):
                return Key(Metric(""), "eval")
            if key in END_KEYS:
                return Key(meaning(key))
            found = meaning(f"eval_{key}" if split == "eval" else key)
            if found != Metric(""):
                return Key(found, split)
            return lightning_keys.understand(tag, beside)
    leaf = METRICS.get(tag.rpartition("/")[2])
    named = lightning_keys.understand(tag, beside)
    return named if leaf is None or named.metric.canonical else Key(leaf, leaf.split)
