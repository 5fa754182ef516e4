"""Area `metrics`: how the runs came out, better or worse where the direction is known.

What says how well a run did is significant; speeds, memory and other costs differ from run to run
and are volatile.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archiver import settings
from archiver.diff.alignment import Curves, shared_place
from archiver.diff.alike import close
from archiver.diff.area import Told
from archiver.diff.curves import Identity, fullest, measurements, pairs
from archiver.diff.facts import difference, joined, known, places
from archiver.diff.interning import same_scalar
from archiver.diff.names import dotted, plain
from archiver.diff.options import Options, RunData
from archiver.model.claims import Location
from archiver.model.differences import (
    MISSING,
    Area,
    Difference,
    Direction,
    Missing,
    Side,
    Significance,
    VariedField,
)
from archiver.model.record import RunRecord, Series, Step
from archiver.summaries import HIGHER_IS_BETTER, LOWER_IS_BETTER

_LOWER = frozenset(
    {
        "cer", "error", "loss", "mae", "mape", "mse", "nll", "perplexity", "ppl", "rmse", "wer",
    }
)  # fmt: skip
_HIGHER = frozenset(
    {
        "acc", "accuracy", "ap", "apl", "apm", "aps", "ar", "arl", "arm", "ars", "auc", "auroc",
        "bleu", "em", "exact", "f1", "includes", "iou", "map", "match", "mcc", "ndcg", "precision",
        "psnr", "r2", "recall", "reward", "rouge", "score", "scores", "ssim",
    }
)  # fmt: skip
"""Words of names that tell the direction of metrics which have no standard name."""
_COSTS = frozenset(
    {
        "allocated", "batch", "bytes", "count", "cpu", "disk", "duration", "elapsed", "epoch",
        "eta", "fan", "flops", "flos", "gb", "gib", "gpu", "grad", "host", "hours", "iter",
        "iteration", "learning", "load", "lr", "mb", "mem", "memory", "mfu", "mib", "network",
        "norm", "percent", "power", "ram", "reserved", "runtime", "sample", "samples", "scale",
        "sec", "second", "seconds", "speed", "std", "stderr", "step", "steps", "swap", "temp",
        "temperature", "tflops", "throughput", "time", "timestamp", "token", "tokens", "util",
        "utilization", "vram", "zeros",
    }
)  # fmt: skip
"""Words of names of costs, schedules and counters."""
_TAKEN_OVER = frozenset(
    {
        "batch", "epoch", "iter", "iteration", "sample", "samples", "step", "steps", "token",
        "tokens",
    }
)  # fmt: skip
"""Words behind an outcome that say over what it was taken: `loss_epoch`, `loss_per_token`."""
_OUTCOMES = frozenset({"loss", "eval_loss", "mean_loss", "perplexity", "accuracy"})
_WORD = re.compile(r"[a-z]+[0-9]*")
_COST_FIELDS = ("summary.duration_sec", "resources.")
_SINGLE = 2.0**-23
"""One unit in the last place of single precision, in which trainers compute, relative."""
_AT = "at "
"""How the roles of values at equal places begin."""
_TELLING = 8
"""Characters of a number that is not alike another by chance."""
_EVAL, _TRAIN, _OTHER, _COST = range(4)
"""Ranks."""


@dataclass(frozen=True, slots=True)
class _Metric:
    """One measurement in both runs."""

    field: str
    rank: int
    lower: bool | None
    """Whether less is better; None where nobody knows."""
    cost: bool
    at: tuple[Location | None, Location | None]


def compare(a: RunData, b: RunData, options: Options) -> Told:
    """Final and best values, those at the last place that both reached, results of evaluations."""
    found: list[Difference] = []
    unaligned = False
    runs = a.record, b.record
    left, right = Curves(a, options.align), Curves(b, options.align)
    for identity, one, other in pairs(a, b, repeats=options.repeats):
        metric = _metric(identity, one, other)
        if identity[0] == "mean_loss" and one is not None and other is not None:
            metric = _of_other_steps(metric, (one, other), runs)
        found += _final(metric, one, other, options, runs)
        if one is None or other is None or metric.cost:
            continue
        found += _best(metric, one, other, options)
        curves = left.of(one), right.of(other)
        if curves[0] is None or curves[1] is None:
            unaligned |= options.align != "step"
            continue
        place = shared_place((curves[0], curves[1]), options.align)
        if place is not None:
            found += _values(metric, f"{_AT}{place.name}", place.values, options)
    found += _results(a.record, b.record, options)
    found += _trainings(a.record, b.record, options)
    found += _spent(a.record, b.record, options)
    nothing = not a.record.series and not b.record.series and not found
    found = [*_once(found, repeats=options.repeats)]
    caution = (
        f"some curves could not be aligned by {options.align}: what tells it of their steps is"
        " missing or goes back"
    )
    cautions = (caution,) if unaligned else ()
    return Told(tuple(found), cautions, "neither run records a metric" if nothing else "")


def at_one_place(runs: Sequence[RunData], options: Options) -> Iterator[VariedField]:
    """Of several runs: what varies at the last place that all curves of a measurement share."""
    by_run = [measurements(run) for run in runs]
    over = [Curves(run, options.align) for run in runs]
    for identity in dict.fromkeys(key for found in by_run for key in found):
        series = [fullest(found.get(identity, ())) for found in by_run]
        there = [(run, item) for run, item in zip(over, series, strict=True) if item is not None]
        metric = _metric(identity, there[0][1], None)
        if len(there) < 2 or metric.cost:
            continue
        drawn = [run.of(item) for run, item in there]
        curves = [curve for curve in drawn if curve is not None]
        place = shared_place(curves, options.align) if len(curves) == len(drawn) else None
        if place is None:
            continue
        first = place.values[0]
        alike = [_alike(first, value, options) for value in place.values]
        if all(alike):
            continue
        # What is alike looks alike.
        pairs_ = zip(place.values, alike, strict=True)
        values = iter([first if same else value for value, same in pairs_])
        sides: list[Side] = [MISSING if item is None else next(values) for item in series]
        yield VariedField(
            Area.METRICS, f"{_AT}{place.name}", metric.field, tuple(sides), rank=metric.rank
        )


def is_at(role: str) -> bool:
    """Whether a role is that of values at equal places."""
    return role.startswith(_AT)


def _alike(a: float, b: float, options: Options) -> bool:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return True
    return _same_single(a, b) or bool(options.tolerance and close(a, b, options.tolerance))


def _once(found: list[Difference], *, repeats: bool) -> Iterator[Difference]:
    """What two sources measured alike in both runs once, under its standard name.

    Two metrics of one source are two, though they may be equal.
    """
    seen: dict[tuple[str, Side, Side], set[str]] = defaultdict(set)
    for item in sorted(found, key=lambda item: item.rank):
        sides = [side for side in (item.a, item.b) if not isinstance(side, Missing)]
        # Short numbers are alike by chance, and so are costs.
        long = sum(len(repr(side)) for side in sides) >= _TELLING * len(sides)
        if item.rank != _COST and long and all(isinstance(side, float) for side in sides):
            sources = {at.path for at in (item.at_a, item.at_b) if at is not None}
            others = seen[item.role, item.a, item.b]
            if others and not sources & others:
                if repeats:
                    yield replace(item, significance=Significance.EQUIVALENT)
                continue
            # A run may have under two names what the other has under one.
            for key in ((item.a, item.b), (item.a, MISSING), (MISSING, item.b)):
                seen[(item.role, *key)] |= sources
        yield item


def _metric(identity: Identity, one: Series | None, other: Series | None) -> _Metric:
    name, split, dataset, labels, step = identity
    series = one or other
    parts = [step, split if split and plain(name).split("_")[0] != split else "", dataset]
    parts += [f"{key}={value}" for key, value in labels]
    # Two keys of one meaning stay two fields.
    written = name if series is None or series.canonical is None else series.canonical
    return _Metric(
        dotted((*filter(None, parts), written)),
        _rank(name, split),
        _lower(name),
        _is_cost(name),
        places(one, other),
    )


def _of_other_steps(
    metric: _Metric, series: tuple[Series, Series], runs: tuple[RunRecord, RunRecord]
) -> _Metric:
    """Without a direction where a mean is of the whole run and the runs are of other steps.

    After a resume some trainers divide the loss of the steps since then by all steps.
    """
    if any(item.points != 1 for item in series):
        return metric
    steps = [[step.training.steps for step in run.steps if step.training] for run in runs]
    resumed = any(item.segments > 1 or item.superseded for run in runs for item in run.series)
    return replace(metric, lower=None) if steps[0] != steps[1] or resumed else metric


def _rank(name: str, split: str) -> int:
    if _is_cost(name):
        return _COST
    if _lower(name) is None:
        return _OTHER
    if split in ("eval", "val", "validation", "test") or plain(name).startswith(("eval", "val")):
        return _EVAL
    return _TRAIN if name in _OUTCOMES else _OTHER


def _words(name: str) -> list[str]:
    """Words of a name; of `ap50` and `recall10` the word, of `f1` and `r2` all."""
    found = _WORD.findall(plain(name[-200:]))
    return [word if word in _HIGHER else word.rstrip("0123456789") for word in found]


def _is_cost(name: str) -> bool:
    """Whether a name is one of a cost: `iter_loss` is a loss, `loss_scale` is not."""
    if name in _OUTCOMES:
        return False
    words = _words(name)
    told = [place for place, word in enumerate(words) if word in _LOWER or word in _HIGHER]
    if told:
        return any(word in _COSTS - _TAKEN_OVER for word in words[told[-1] + 1 :])
    return any(word in _COSTS for word in words)


def _lower(name: str) -> bool | None:
    if name in LOWER_IS_BETTER:
        return True
    if name in HIGHER_IS_BETTER:
        return False
    if _is_cost(name):
        return None
    words = _words(name)
    for word in reversed(words):
        if word in _LOWER or word in _HIGHER:
            return word in _LOWER
    return None


def _final(
    metric: _Metric,
    one: Series | None,
    other: Series | None,
    options: Options,
    runs: tuple[RunRecord, RunRecord],
) -> Iterator[Difference]:
    a, b = (MISSING if item is None else _number(item.last) for item in (one, other))
    yield from _values(metric, "final", (a, b), options)
    series = one or other
    if series is None or series.canonical != "learning_rate":
        return
    if not all(map(_states_rate, runs)):
        peaks = [MISSING if item is None else known(item.max) for item in (one, other)]
        stated = _Metric(metric.field, _TRAIN, lower=None, cost=False, at=metric.at)
        yield from _values(stated, "peak", (peaks[0], peaks[1]), options)


def _best(metric: _Metric, one: Series, other: Series, options: Options) -> Iterator[Difference]:
    if metric.lower is None:
        return
    sides = [(item.min if metric.lower else item.max) for item in (one, other)]
    steps = [(item.step_of_min if metric.lower else item.step_of_max) for item in (one, other)]
    finals = [_number(item.last) for item in (one, other)]
    if sides == finals or None in sides:
        # The best is the last one, which is told already, or no value was finite.
        return
    told = dict.fromkeys(f"at step {step}" for step in steps)
    note = "" if None in steps else " and ".join(told)
    yield from _values(metric, "best", (known(sides[0]), known(sides[1])), options, note)


def _values(
    metric: _Metric, role: str, sides: Sequence[Side], options: Options, note: str = ""
) -> Iterator[Difference]:
    a, b = sides
    if same_scalar(a, b) or (a == b and isinstance(a, float) and isinstance(b, float)):
        return
    significance = Significance.VOLATILE if metric.cost else Significance.SIGNIFICANT
    direction = Direction.NONE
    numbers = [item for item in (a, b) if isinstance(item, int | float)]
    if len(numbers) == 2:
        direction = _direction(numbers[0], numbers[1], lower=metric.lower)
        if options.tolerance and close(numbers[0], numbers[1], options.tolerance):
            significance = Significance.EQUIVALENT
            note = f"within the tolerance of {options.tolerance:g}"
            direction = Direction.NONE
        elif numbers[0] == numbers[1]:
            significance = Significance.EQUIVALENT
        elif _same_single(*numbers):
            significance, direction = Significance.EQUIVALENT, Direction.NONE
            note = "the same in single precision"
    yield difference(
        Area.METRICS,
        metric.field,
        a,
        b,
        role=role,
        significance=significance,
        direction=direction,
        rank=metric.rank,
        note=note,
        at=metric.at,
    )


def _same_single(a: float, b: float) -> bool:
    """Whether two numbers differ by no more than the rounding of single precision.

    One source keeps such numbers as they are, another rounds them to some digits. Counts are
    exact.
    """
    if float(a).is_integer() and float(b).is_integer():
        return False
    return close(a, b, _SINGLE)


def _direction(a: float, b: float, *, lower: bool | None) -> Direction:
    """Better or worse; what is not finite is worse than everything that is."""
    if lower is None or (math.isnan(a) and math.isnan(b)) or a == b:
        return Direction.NONE
    if math.isnan(a) or math.isnan(b):
        return Direction.BETTER if math.isnan(a) else Direction.WORSE
    return Direction.BETTER if (b < a) is lower else Direction.WORSE


_NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _number(value: Side) -> Side:
    """A value of a summary, which spells non-finite numbers as texts."""
    if isinstance(value, str):
        return _NONFINITE.get(value, value)
    return known(value)


def _results(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    """What evaluations found, by the step that evaluated."""
    for step_id, one, other in joined(_evaluations(a), _evaluations(b)):
        left = one.eval.results if one is not None and one.eval is not None else {}
        right = other.eval.results if other is not None and other.eval is not None else {}
        for name, x, y in joined(left, right):
            metric = _Metric(
                dotted((step_id, name)),
                _rank(name, "eval"),
                _lower(name),
                _is_cost(name),
                places(one, other),
            )
            sides = (_number(known(x)), _number(known(y)))
            if all(isinstance(item, int | float | str | Missing) for item in sides):
                yield from _values(metric, "result", sides, options)


def _evaluations(record: RunRecord) -> dict[str, Step]:
    return {item.step_id: item for item in record.steps if item.eval is not None}


def _trainings(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    """Losses of trainings that no curve tells of."""
    if all(any(item.canonical == "loss" for item in record.series) for record in (a, b)):
        return
    steps = [
        {item.step_id: item for item in record.steps if item.training is not None}
        for record in (a, b)
    ]
    for step_id, one, other in joined(*steps):
        left, right = (item.training if item is not None else None for item in (one, other))
        at = places(one, other)
        field = dotted((step_id, "loss") if len(steps[0]) > 1 else ("loss",))
        metric = _Metric(field, _TRAIN, lower=True, cost=False, at=at)
        for role, name in (("final", "final_loss"), ("best", "best_loss")):
            sides = [
                _number(known(getattr(item, name))) if item else MISSING for item in (left, right)
            ]
            if all(isinstance(item, int | float) for item in sides):
                yield from _values(metric, role, (sides[0], sides[1]), options)


def _spent(a: RunRecord, b: RunRecord, options: Options) -> Iterator[Difference]:
    """Time and memory that the runs took."""
    sides = [
        {name: item for name, item in record.fields.items() if name.startswith(_COST_FIELDS)}
        for record in (a, b)
    ]
    for name, one, other in joined(*sides):
        metric = _Metric(
            dotted((name.partition(".")[2],)),
            _COST,
            lower=None,
            cost=True,
            at=places(one, other),
        )
        values = [MISSING if item is None else known(item.value) for item in (one, other)]
        yield from _values(metric, "cost", (values[0], values[1]), options)


def _states_rate(record: RunRecord) -> bool:
    """Whether a configuration states the learning rate, which then says more than its curve."""
    return any(
        item.setting is settings.LEARNING_RATE
        for config in record.configs
        for item in settings.statements(config)
    )
