"""Names that PyTorch Lightning gives: of metrics, and of the run that a checkpoint is of.

A module logs `val_loss`; Lightning adds `_step` or `_epoch` where both were asked for, and
`/dataloader_idx_K` where there are several loaders. Its learning-rate monitor writes
`lr-<Optimizer>`, with `-1`, `/pg1`, `-momentum` or `-weight_decay` behind it. The split is no fact
of Lightning's: it is read off the first (or the last) word of the name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from archiver.model.points import Metric
from archiver.model.values import Value

_LOADER = re.compile(r"(.+)/dataloader_idx_(\d{1,9})\Z", re.DOTALL)
_RATE = re.compile(r"lr-([A-Za-z]\w{0,80}?)(?:-(\d{1,3}))?(?:/pg(\d{1,3}))?\Z", re.ASCII)
_WORDS = re.compile(r"[/_.\- ]+")
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "eval",
    "valid": "eval",
    "validation": "eval",
    "eval": "eval",
    "test": "test",
}
_LEAVES = {
    "acc": Metric("accuracy"),
    "accuracy": Metric("accuracy"),
    "ppl": Metric("perplexity"),
    "perplexity": Metric("perplexity"),
    "lr": Metric("learning_rate"),
    "learning_rate": Metric("learning_rate"),
    "grad_norm": Metric("grad_norm"),
}
_LOSSES = {"train": "loss", "eval": "eval_loss", "test": "test_loss"}
_REDUCTIONS = ("_step", "_epoch")
HP_METRIC = "hp_metric"
"""Tag whose value -1 at step 0 is a placeholder that the TensorBoard logger writes."""
_RUN_OF = re.compile(r"(?:.*/)?([^/]+)/checkpoints(?:/.*)?\Z", re.DOTALL)
_RESUME_KEYS = ("ckpt_path", "resume_from_checkpoint")
_PATH_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """What a name says."""

    metric: Metric
    """With an empty canonical name where the meaning is not known."""
    split: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


def understand(key: str, beside: Container[str] = ()) -> Key:
    """Take a name apart; `beside` are the names it stands among.

    Where a metric was logged per step and per epoch, the finer one is the curve of training, and
    the mean over the epoch is that of an evaluation (whose steps are batches of the loader).
    """
    found = _named(key)
    name, loader = _loader(key)
    for reduction, other in (_REDUCTIONS, _REDUCTIONS[::-1]):
        if not name.endswith(reduction):
            continue
        twin = name.removesuffix(reduction) + other + loader
        coarse = reduction == ("_epoch" if found.split == "train" else "_step")
        metric = found.metric
        if coarse and twin in beside and metric.canonical == "loss":
            metric = replace(metric, canonical="mean_loss")
        elif coarse and twin in beside:
            metric = replace(metric, canonical="")
        attributes = (*metric.attributes, ("reduction", reduction[1:]))
        return replace(found, metric=replace(metric, attributes=attributes))
    return found


def first_step(key: Key) -> tuple[tuple[str, str], ...]:
    """The attribute of a series whose last point stands at the steps done but one.

    What a training or validation logs stands at the step that was just done, counted from 0. A
    learning rate is logged when a step begins, and a test, like anything logged beside it, at the
    number of steps done.
    """
    counted = key.split in ("train", "eval") and key.metric.canonical != "learning_rate"
    return (("first_step", "0"),) if counted else ()


def _loader(key: str) -> tuple[str, str]:
    """The name, and what stands behind it for one of several loaders."""
    match = _LOADER.match(key)
    return (match[1], key[len(match[1]) :]) if match else (key, "")


@lru_cache(maxsize=4096)
def _named(key: str) -> Key:
    rate = _RATE.match(key)
    if rate is not None:
        found = (("optimizer", rate[1]), ("n", rate[2]), ("group", rate[3]))
        labels = tuple((name, text) for name, text in found if text)
        # One schedule is the run's; of several each is named.
        return Key(Metric("learning_rate"), "train", labels[1:])
    match = _LOADER.match(key)
    name = match[1] if match else key
    labels = (("dataloader", match[2]),) if match else ()
    for reduction in _REDUCTIONS:
        name = name.removesuffix(reduction)
    words = [word for word in _WORDS.split(name[:200]) if word]
    split, leaf = _split(words)
    if leaf == "loss":
        return Key(Metric(_LOSSES[split or "train"]), split or "train", labels)
    return Key(_LEAVES.get(leaf, Metric("")), split, labels)


def _split(words: list[str]) -> tuple[str | None, str]:
    """The split that the first or the last word names, and the other words."""
    if words and words[0].lower() in _SPLITS:
        return _SPLITS[words[0].lower()], "_".join(words[1:]).lower()
    if len(words) > 1 and words[-1].lower() in _SPLITS:
        return _SPLITS[words[-1].lower()], "_".join(words[:-1]).lower()
    return None, "_".join(words).lower()


def run_of(path: str) -> str | None:
    """Name of the directory that holds the `checkpoints/` of a recorded path."""
    match = _RUN_OF.match(path[:_PATH_CHARACTERS])
    return match[1] if match else None


def resumed_from(parameters: Mapping[str, Value]) -> str | None:
    """The run whose checkpoint the parameters say training went on from."""
    paths = (parameters.get(key) for key in _RESUME_KEYS)
    runs = (run_of(path) for path in paths if isinstance(path, str))
    return next((run for run in runs if run is not None), None)
