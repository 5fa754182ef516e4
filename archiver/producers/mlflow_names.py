"""What names of metrics mean in MLflow; every program chooses its own."""

from __future__ import annotations

import re

from archiver.model.points import Metric

_GPU = re.compile(r"system/gpu_(\d{1,4})_(\w{1,60})\Z")
_SPLITS = {
    "train": "train", "training": "train",
    "val": "eval", "valid": "eval", "validation": "eval", "eval": "eval", "test": "test",
}  # fmt: skip
_LEAVES = {
    "perplexity": "perplexity", "ppl": "perplexity", "accuracy": "accuracy", "acc": "accuracy",
    "token_accuracy": "accuracy", "lr": "learning_rate", "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
}  # fmt: skip
METRICS: dict[str, Metric] = {
    "train_loss": Metric("loss", split="train"),
    "eval_loss": Metric("eval_loss", split="eval"),
    "val_loss": Metric("eval_loss", split="eval"),
    "validation_loss": Metric("eval_loss", split="eval"),
    "loss": Metric("loss"),
    "lr": Metric("learning_rate"),
    "learning_rate": Metric("learning_rate"),
    "grad_norm": Metric("grad_norm"),
    "perplexity": Metric("perplexity"),
    "accuracy": Metric("accuracy"),
    "system/system_memory_usage_megabytes": Metric("host_mem", "MB"),
}
"""Names that say what they are; the split of a bare one is not known."""
_GPU_METRICS = {
    "utilization_percentage": Metric("gpu_util", "%"),
    "memory_usage_megabytes": Metric("gpu_mem", "MB"),
}


def meaning(key: str) -> tuple[Metric, str | None, tuple[tuple[str, str], ...]]:
    """What a key means, its split, and its labels."""
    known = METRICS.get(key)
    if known is not None:
        return known, known.split, ()
    gpu = _GPU.match(key)
    if gpu is not None:
        return _GPU_METRICS.get(gpu[2], Metric("")), None, (("gpu", gpu[1]),)
    head, _, leaf = key.rpartition("/")
    split = _SPLITS.get(head)
    if split is None:
        return Metric(""), None, ()
    if leaf == "loss":
        return Metric("loss" if split == "train" else "eval_loss"), split, ()
    return Metric(_LEAVES.get(leaf, "")), split, ()
