"""Figures of a Megatron log for the training as a whole: the last ones, sums, the mean speed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from archiver.codecs.megatron_lines import Evaluated, ValidationLine

_SETS_KEPT = 100


@dataclass(frozen=True, slots=True)
class Last:
    """A value that counts until another one comes."""

    value: float
    step: int
    line: int


@dataclass
class Figures:
    """What the training came to so far."""

    loss: Last | None = None
    """Last `lm loss` of training."""
    ppl: Last | None = None
    """Perplexity of the last periodic evaluation; NaN where it was capped."""
    evaluations: dict[str, Last] = field(default_factory=dict)
    """Kind of evaluation -> its last `lm loss`."""
    counters: dict[str, int] = field(default_factory=dict)
    """Sums of what each line counts for its own interval."""
    speeds: tuple[float, int] = (0.0, 0)
    """Sum and number of TFLOP/s per GPU, first lines left out."""

    def trained(
        self, number: int, iteration: int, values: dict[str, float], *, first: bool
    ) -> None:
        """Take an iteration line's figures; `first` is the one that a job began with."""
        for key in ("number of skipped iterations", "number of nan iterations"):
            value = values.get(key)
            if value is not None and 0 <= value < 2**53:
                self.counters[key] = self.counters.get(key, 0) + int(value)
        speed = values.get("throughput per GPU (TFLOP/s/GPU)", values.get("TFLOPs"))
        if speed is not None and math.isfinite(speed) and not first:
            self.speeds = self.speeds[0] + speed, self.speeds[1] + 1
        if "lm loss" in values:
            self.loss = Last(values["lm loss"], iteration, number)

    def evaluated(self, number: int, step: int, line: ValidationLine, item: Evaluated) -> None:
        """Take an evaluation's `lm loss`."""
        where = "periodic"
        if line.final:
            where = "test set" if line.split == "test" else "validation set"
        name = f"{where} {line.dataset}" if line.dataset else where
        if name in self.evaluations or len(self.evaluations) < _SETS_KEPT:
            self.evaluations[name] = Last(item.loss.value, step, number)
        if not line.final and item.ppl is not None and line.dataset in (None, "0"):
            self.ppl = Last(math.nan if item.capped else item.ppl.value, step, number)
