"""History rows of a W&B log, turned into columns.

`_step` counts calls of `log` from 0; a training step that the program logs itself, or declares
with `define_metric`, is preferred where every row of a metric holds it. Rows are sparse: they
hold only what was logged.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec
from archiver.model.times import Clock
from archiver.model.values import Value

OWN_KEYS = frozenset({"_step", "_timestamp", "_runtime"})
"""Keys that W&B adds to each row: its position, no measurement."""
STEP_KEYS = ("step", "global_step", "train/global_step", "trainer/global_step")
EPOCH_KEYS = ("epoch", "train/epoch")
PENDING_POINTS = 1_000_000
"""Points held before they go to the sink; from then on a metric's axis is settled."""
COLUMN_POINTS = 20
"""What a column without points takes as much memory as."""
_KEYS = 20_000
_FURTHER = "(further keys)"
"""Keys that are remembered one by one; a hostile log has a new one in each row."""
_AXES = {"token": "tokens", "sample": "samples", "epoch": "epoch"}
"""Part of a counter's name -> axis that it counts."""
_INT64 = 2**63

_PEAK = (("memory", "peak"),)
METRICS: dict[str, Metric] = {
    "loss": Metric("loss"),
    "perplexity": Metric("perplexity"),
    "ppl": Metric("perplexity"),
    "accuracy": Metric("accuracy"),
    "acc": Metric("accuracy"),
    "lr": Metric("learning_rate"),
    "learning_rate": Metric("learning_rate"),
    "grad_norm": Metric("grad_norm"),
    "tokens_per_second": Metric("tokens_per_sec", "tokens/s"),
    "tokens_per_second_per_gpu": Metric("tokens_per_sec_per_gpu", "tokens/s"),
    "peak_memory_active": Metric("", "GiB", attributes=_PEAK),
    "peak_memory_alloc": Metric("", "GiB", attributes=_PEAK),
    "peak_memory_reserved": Metric("", "GiB", attributes=_PEAK),
}
"""Names behind a prefix such as `train/` or `val_`; programs choose their keys freely."""
_SPLITS = {
    "train": "train", "training": "train", "eval": "eval", "val": "eval", "valid": "eval",
    "validation": "eval", "test": "test",
}  # fmt: skip


@lru_cache(maxsize=4096)
def meaning(key: str) -> Metric:
    """What a key means; a metric without canonical name where that is not known."""
    for mark in ("/", "_", "."):
        prefix, _, name = key.partition(mark)
        if prefix in _SPLITS and name:
            known, split = METRICS.get(name, Metric("")), _SPLITS[prefix]
            canonical = known.canonical
            if canonical == "loss" and split != "train":
                canonical = f"{split}_loss"
            return Metric(canonical, known.unit, split, known.attributes)
    known = METRICS.get(key, Metric(""))
    return Metric(known.canonical, known.unit, "train" if known.canonical else None)


@dataclass(slots=True)
class _Column:
    values: array[float] = field(default_factory=lambda: array("d"))
    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    epochs: array[float] = field(default_factory=lambda: array("d"))
    axes: dict[str, array[int]] = field(default_factory=dict)
    """Steps by the program's own counters, of those that every row of the metric holds."""
    non_numeric: int = 0


@dataclass(slots=True)
class _Row:
    step: int
    time: float
    epoch: float
    axes: dict[str, int]


@dataclass
class History:
    """Rows on their way to the sink."""

    sink: PointSink
    path: str
    family: str
    rows: int = 0
    last_time: float | None = None
    other: dict[str, int] = field(default_factory=dict)
    """Keys that never held a number -> how many values they held."""
    unplaced: int = 0
    """Points that lack the counter that was settled on for their metric."""
    _extents: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Counter -> smallest and largest step by it."""
    _columns: dict[str, _Column] = field(default_factory=dict)
    _defined: list[tuple[str, str]] = field(default_factory=list)
    _declared: dict[str, None] = field(default_factory=dict)
    """Counters that were declared; W&B repeats a pattern's for each metric that it covers."""
    _settled: dict[str, str] = field(default_factory=dict)
    _pending: int = 0

    @property
    def extent(self) -> tuple[int, int] | None:
        """First and last training step; by calls of `log` where the program names none."""
        known = (self._extents.get(name) for name in (*STEP_KEYS, "_step"))
        return next((extent for extent in known if extent is not None), None)

    def define(self, pattern: str, step_metric: str) -> None:
        """The program declared which counter a metric (or a pattern of names) runs over."""
        if len(self._defined) < len(STEP_KEYS) * 256:
            self._defined.append((pattern, step_metric))
            self._declared[step_metric] = None

    def add(self, items: Iterable[tuple[str, Value]], step: int | None) -> None:
        """Take one row; `step` is its own number where no `_step` stands in it."""
        values = dict(flat(items))
        row = self._position(values, step)
        self.rows += 1
        for key, value in values.items():
            if key not in OWN_KEYS:
                self._put(key, value, row)
        if self._pending >= PENDING_POINTS:
            self.flush()

    def _position(self, values: dict[str, Value], step: int | None) -> _Row:
        own = integer(values.get("_step"))
        own = own if own is not None else step
        time = number(values.get("_timestamp"))
        names = (*STEP_KEYS, *self._declared)
        counters = {name: integer(values[name]) for name in names if name in values}
        epochs = [number(values[key]) for key in EPOCH_KEYS if key in values]
        if time is not None:
            self.last_time = time if self.last_time is None else max(time, self.last_time)
        return _Row(
            NO_STEP if own is None else own,
            math.nan if time is None else time,
            next((epoch for epoch in epochs if epoch is not None), math.nan),
            {name: value for name, value in counters.items() if value is not None},
        )

    def _put(self, key: str, value: Value, row: _Row) -> None:
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = _Column()
            self._pending += COLUMN_POINTS
        figure = number(value)
        if figure is None:
            column.non_numeric += 1
            return
        if not column.values:
            settled = self._settled.get(key)
            names = row.axes if settled is None else filter(None, [settled])
            column.axes = {name: array("q") for name in names if name != key}
        column.values.append(figure)
        column.steps.append(row.step)
        column.times.append(row.time)
        column.epochs.append(row.epoch)
        for name in tuple(column.axes):
            if name in row.axes:
                column.axes[name].append(row.axes[name])
            elif name == self._settled.get(key):
                column.axes[name].append(NO_STEP)
                self.unplaced += 1
            else:
                del column.axes[name]
        self._pending += 1

    def flush(self) -> None:
        """Give everything that is held to the sink."""
        for key, column in self._columns.items():
            if not column.values:
                if column.non_numeric and key not in self._settled:
                    name = key if key in self.other or len(self.other) < _KEYS else _FURTHER
                    self.other[name] = self.other.get(name, 0) + column.non_numeric
                continue
            self._emit(key, column)
        self._columns.clear()
        self._pending = 0

    def _emit(self, key: str, column: _Column) -> None:
        chosen = self._settled.get(key)
        if chosen is None:
            chosen = next(self._counters(key, column), "")
            if len(self._settled) < _KEYS:
                self._settled[key] = chosen
        steps = column.axes.get(chosen, column.steps)
        self._note_extent(chosen or "_step", steps)
        timed = any(not math.isnan(time) for time in column.times)
        epochs = column.epochs if any(not math.isnan(item) for item in column.epochs) else None
        if "epoch" in chosen:
            epochs, steps = array("d", steps), column.steps
        self.sink.add(
            Batch(
                spec(key, self.path, chosen or "_step"),
                self.path,
                steps,
                column.values,
                epochs,
                column.times if timed else None,
                family=self.family,
                non_numeric=column.non_numeric + self.other.pop(key, 0),
            )
        )

    def _note_extent(self, counter: str, steps: array[int]) -> None:
        known = [step for step in steps if step != NO_STEP]
        if known:
            low, high = self._extents.get(counter, (known[0], known[0]))
            self._extents[counter] = min(low, *known), max(high, *known)

    def _counters(self, key: str, column: _Column) -> Iterator[str]:
        """Counters that hold for every row of a metric, the declared ones first."""
        if key in STEP_KEYS or key in EPOCH_KEYS:
            return
        declared = [name for pattern, name in self._defined if _covers(pattern, key)]
        yield from (name for name in (*declared[::-1], *STEP_KEYS) if name in column.axes)


def _covers(pattern: str, key: str) -> bool:
    """Whether a declared name, or one that ends in `*`, speaks of a key."""
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


def spec(key: str, path: str, counter: str) -> SeriesSpec:
    """Identity and meaning of one metric of the history."""
    metric = meaning(key)
    axis = next((axis for word, axis in _AXES.items() if word in counter), "step")
    return SeriesSpec(
        key,
        path,
        metric.canonical or None,
        split=metric.split,
        axis=axis,
        unit=metric.unit,
        clock=Clock.EPOCH.value,
        attributes=(*metric.attributes, ("step_counter", counter)),
    )


def flat(items: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    """Values of nested objects under dotted names, as W&B shows them; media stay whole."""
    stack = list(items)[::-1]
    while stack:
        key, value = stack.pop()
        if isinstance(value, dict) and value and "_type" not in value:
            stack += [(f"{key}.{name}", item) for name, item in reversed(value.items())]
        else:
            yield key, value


def number(value: Value) -> float | None:
    """A number (`NaN` and `Infinity` are some), None for anything else."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**300:
        return float(value)
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    return None


def integer(value: Value) -> int | None:
    """A whole number that a step can be."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _INT64:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if NO_STEP < value < _INT64 else None
