"""Metrics in files of nobody's format: which column is the axis, and what a common name means.

Names are compared without case and with every separator as `_`, so `train/loss`, `train.loss` and
`Train Loss` are one. Only names that mean the same wherever they are used have a meaning here.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec

STEPS = ("step", "global_step", "_step", "iter", "iteration", "iters", "update", "it")
"""Names of a step axis, the first one there counts."""
EPOCH = "epoch"
TIMES = ("_timestamp", "timestamp", "wall_time", "time")
"""Names of a time; it counts where it holds Unix seconds."""
_SEPARATORS = re.compile(r"[\s/.:-]+")
_SPLITS = {
    "train": "train", "training": "train", "tr": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "eval": "eval", "evaluation": "eval", "test": "test",
}  # fmt: skip
_MEANINGS = {
    "loss": Metric("loss"),
    "lr": Metric("learning_rate"),
    "learning_rate": Metric("learning_rate"),
    "grad_norm": Metric("grad_norm"),
    "gradient_norm": Metric("grad_norm"),
    "acc": Metric("accuracy"),
    "accuracy": Metric("accuracy"),
    "ppl": Metric("perplexity"),
    "perplexity": Metric("perplexity"),
    "tokens_per_sec": Metric("tokens_per_sec", "tokens/s"),
    "tokens_per_second": Metric("tokens_per_sec", "tokens/s"),
}
_OF_TRAINING = ("loss", "learning_rate", "grad_norm", "tokens_per_sec")
"""What is of the training where nothing else is said; of any other name the split is not known."""
METRICS = {
    **_MEANINGS,
    **{
        f"{split}_{name}": metric
        for split in ("train", "val", "valid", "eval", "test")
        for name, metric in _MEANINGS.items()
        if metric.canonical in ("loss", "accuracy", "perplexity")
    },
}
"""Names whose meaning is known, for the documentation."""
_FIRST_SECOND, _LAST_SECOND = 631_152_000, 4_102_444_800
"""Unix seconds of 1990 and 2100: what counts as a time."""


def plain(name: str) -> str:
    """A name without case, separators as `_`."""
    return _SEPARATORS.sub("_", name.strip().lower())


@dataclass(frozen=True, slots=True)
class Axes:
    """Which columns say where a row stands."""

    step: int | None
    epoch: int | None
    time: int | None

    @property
    def any(self) -> bool:
        """Whether rows have a place on an axis."""
        return self.step is not None or self.epoch is not None

    @property
    def columns(self) -> frozenset[int]:
        """All of them."""
        return frozenset(i for i in (self.step, self.epoch, self.time) if i is not None)


def axes(names: Sequence[str]) -> Axes:
    """The axes among the columns."""
    found = {name: index for index, name in reversed(list(enumerate(map(plain, names))))}
    steps = [found[name] for name in STEPS if name in found]
    times = [found[name] for name in TIMES if name in found]
    return Axes(steps[0] if steps else None, found.get(EPOCH), times[0] if times else None)


def spec(name: str, source: str, where: Axes) -> SeriesSpec:
    """The series of one column."""
    key = plain(name)
    head, _, rest = key.partition("_")
    split = _SPLITS.get(head) if rest else None
    metric = _MEANINGS.get(rest if split else key)
    canonical = metric.canonical if metric else None
    if canonical == "loss" and split not in (None, "train"):
        canonical = "eval_loss"
    if canonical in _OF_TRAINING:
        split = split or "train"
    return SeriesSpec(
        name,
        source,
        canonical,
        split,
        axis="step" if where.step is not None else "epoch",
        unit=metric.unit if metric else None,
        clock="epoch" if where.time is not None else "",
    )


@dataclass(slots=True)
class Column:
    """Points of one series on their way to the sink."""

    spec: SeriesSpec
    path: str
    steps: array[int]
    values: array[float]
    epochs: array[float]
    times: array[float]
    non_numeric: int = 0

    @classmethod
    def empty(cls, of: SeriesSpec, path: str) -> Column:
        """A column without points."""
        return cls(of, path, array("q"), array("d"), array("d"), array("d"))

    def add(self, value: float, place: Place) -> None:
        """Take a point."""
        self.steps.append(place.step)
        self.epochs.append(place.epoch)
        self.times.append(place.time)
        self.values.append(value)

    def send(self, sink: PointSink) -> None:
        """Give all points away; the column is empty then."""
        if self.steps or self.non_numeric:
            sink.add(
                Batch(
                    self.spec,
                    self.path,
                    self.steps,
                    self.values,
                    self.epochs,
                    self.times if self.spec.clock else None,
                    non_numeric=self.non_numeric,
                )
            )
        self.steps, self.values = array("q"), array("d")
        self.epochs, self.times = array("d"), array("d")
        self.non_numeric = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    step: int
    epoch: float
    time: float

    @property
    def known(self) -> bool:
        """Whether it stands anywhere."""
        return self.step != NO_STEP or self.epoch == self.epoch


def place(step: float | None, epoch: float | None, time: float | None) -> Place:
    """The place that the axes' cells give; what is no step or no time is left out."""
    whole = step is not None and abs(step) < 2**53 and float(step).is_integer()
    moment = time is not None and _FIRST_SECOND <= time < _LAST_SECOND
    nan = float("nan")
    return Place(
        int(step) if whole and step is not None else NO_STEP,
        nan if epoch is None else float(epoch),
        float(time) if moment and time is not None else nan,
    )
