"""Rows that the Hugging Face Trainer (and ms-swift above it) logs, turned into columns.

The same rows stand in `trainer_state.json` (full doubles, key `step`), in ms-swift's
`logging.jsonl` (rounded to 8 decimals, progress keys instead of a step) and, renamed, in
TensorBoard. What is common to them is told here once: which kind of row it is, what its keys
mean, and how the values become typed columns at the speed of list comprehensions.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import cast

from archiver.model.points import NO_STEP, Batch, Metric, PointSink, SeriesSpec
from archiver.model.values import Value

Row = Mapping[str, Value]

POSITION_KEYS = frozenset(
    {
        "epoch",
        "step",
        "global_step",
        "global_step/max_steps",
        "percentage",
        "elapsed_time",
        "remaining_time",
    }
)
"""Keys that say where a row stands; they are axes and progress, not measurements."""

END_KEYS = frozenset(
    {
        "train_runtime",
        "train_samples_per_second",
        "train_steps_per_second",
        "train_tokens_per_second",
        "total_flos",
        "train_loss",
    }
)
"""Keys of the one row that is written when training is over; whole-run figures, no curve."""

_PEAK = (("memory", "peak"),)
_CARRIED = (("carried_forward", "yes"),)

METRICS: dict[str, Metric] = {
    "loss": Metric("loss", "nat/token"),
    "grad_norm": Metric("grad_norm"),
    "learning_rate": Metric("learning_rate"),
    "token_acc": Metric("accuracy", "fraction"),
    "acc": Metric("accuracy", "fraction"),
    "accuracy": Metric("accuracy", "fraction"),
    "eval_loss": Metric("eval_loss", "nat/token"),
    "eval_token_acc": Metric("accuracy", "fraction"),
    "eval_acc": Metric("accuracy", "fraction"),
    "eval_accuracy": Metric("accuracy", "fraction"),
    "eval_runtime": Metric("eval_time", "s"),
    "eval_samples_per_second": Metric("samples_per_sec", "samples/s"),
    "eval_steps_per_second": Metric("steps_per_sec", "steps/s"),
    "train_runtime": Metric("train_time", "s"),
    "train_samples_per_second": Metric("samples_per_sec", "samples/s"),
    "train_steps_per_second": Metric("steps_per_sec", "steps/s"),
    "train_tokens_per_second": Metric("tokens_per_sec", "tokens/s"),
    "train_loss": Metric("mean_loss", "nat/token"),
    "total_flos": Metric("flops", "FLOP"),
    "num_input_tokens_seen": Metric("tokens_seen", "tokens"),
    "train_speed(iter/s)": Metric("steps_per_sec", "steps/s"),
    "train_speed(s/it)": Metric("step_time", "s"),
    "perplexity": Metric("perplexity"),
    "eval_perplexity": Metric("perplexity"),
}
"""Written key -> meaning. Memory is not here: on a CPU the same key is host memory."""


def row_kind(keys: Iterable[str]) -> str:
    """`state` (trainer-state dump), `end`, `eval`, `train` or `other`."""
    names = set(keys)
    if "log_history" in names:
        return "state"
    if "train_runtime" in names:
        return "end"
    if "loss" in names:
        return "train"
    if any(name.startswith(("eval_", "eval/")) for name in names):
        return "eval"
    return "train" if names - POSITION_KEYS else "other"


def meaning(key: str) -> Metric:
    """What a key means; a metric without canonical name where that is not known."""
    if key in METRICS:
        return METRICS[key]
    if key == "memory(GiB)":
        return Metric("", "GiB", attributes=_PEAK)
    if key.startswith("snapshot/"):
        return Metric("", attributes=_CARRIED)
    return Metric("")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a source's series have in common."""

    source: str
    path: str
    family: str = ""
    absolute_error: float = 0.0


@lru_cache(maxsize=4096)
def _spec(key: str, kind: str, layout: Layout) -> SeriesSpec:
    metric = meaning(key)
    # The progress of training, repeated on a row of another kind, is no measurement of that.
    progress = key.startswith("train_speed(") and kind != "train"
    return SeriesSpec(
        key,
        layout.source,
        None if progress else metric.canonical or None,
        split=kind if kind in ("train", "eval") else None,
        unit=metric.unit,
        attributes=metric.attributes,
        absolute_error=layout.absolute_error,
    )


@dataclass
class RowTable:
    """Rows of one source on their way to the sink."""

    layout: Layout
    sink: PointSink
    first_steps: dict[int, int] = field(default_factory=dict)
    """Attempt -> smallest step of its rows."""

    def add(self, rows: Sequence[Row], steps: Sequence[int], attempt: int) -> None:
        """Take rows of one attempt in file order; `steps` is parallel to them."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, row in enumerate(rows):
            groups.setdefault(tuple(row), []).append(index)
        kinds: dict[str, list[tuple[str, ...]]] = {}
        for keys in groups:
            kinds.setdefault(row_kind(keys), []).append(keys)
        for kind, layouts in kinds.items():
            if len(groups) == 1:
                self._add_alike(kind, layouts[0], rows, steps, attempt)
            elif kind in ("train", "eval", "end"):
                places = sorted(place for keys in layouts for place in groups[keys])
                self._add_mixed(layouts, places, rows, steps, kind=kind, attempt=attempt)

    def _add_mixed(
        self,
        layouts: Sequence[tuple[str, ...]],
        places: Sequence[int],
        rows: Sequence[Row],
        steps: Sequence[int],
        *,
        kind: str,
        attempt: int,
    ) -> None:
        """Rows of one kind; where their keys differ, key by key, so that file order is kept."""
        if len(layouts) == 1:
            alike = [rows[place] for place in places]
            self._add_alike(kind, layouts[0], alike, [steps[place] for place in places], attempt)
            return
        for key in dict.fromkeys(key for keys in layouts for key in keys):
            having = [place for place in places if key in rows[place]]
            alike = [rows[place] for place in having]
            self._add_alike(kind, (key,), alike, [steps[place] for place in having], attempt)

    def _add_alike(
        self,
        kind: str,
        keys: tuple[str, ...],
        rows: Sequence[Row],
        steps: Sequence[int],
        attempt: int,
    ) -> None:
        if kind in ("state", "other"):
            return
        known = [step for step in steps if step != NO_STEP]
        if known:
            smallest = min(known)
            self.first_steps[attempt] = min(smallest, self.first_steps.get(attempt, smallest))
        axis = array("q", steps)
        epochs = _epochs(rows)
        for key in keys:
            if key not in POSITION_KEYS:
                column = [row[key] for row in rows]
                spec = _spec(key, kind, self.layout)
                self._add_column(spec, column, axis, epochs, attempt)

    def _add_column(
        self,
        spec: SeriesSpec,
        column: list[Value],
        axis: array[int],
        epochs: array[float] | None,
        attempt: int,
    ) -> None:
        dropped = 0
        if not _numeric(column):
            places = [place for place, value in enumerate(column) if _is_number(value)]
            dropped = len(column) - len(places)
            told = spec.canonical or any(isinstance(value, int | float) for value in column)
            if not places and not told:
                return  # texts that go with the rows, no measurement
            column = [column[place] for place in places]
            axis = array("q", [axis[place] for place in places])
            epochs = array("d", [epochs[place] for place in places]) if epochs else None
        layout = self.layout
        values = array("d", cast("list[float]", column))
        batch = Batch(spec, layout.path, axis, values, epochs, None, attempt)
        self.sink.add(replace(batch, family=layout.family, non_numeric=dropped))


def _numeric(column: Sequence[Value]) -> bool:
    kinds = set(map(type, column))
    return kinds == {float} or (kinds <= {float, int} and all(map(_is_number, column)))


def _is_number(value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) < 10**300


def _epochs(rows: Sequence[Row]) -> array[float] | None:
    column = [row.get("epoch") for row in rows]
    if _numeric(column):
        return array("d", cast("list[float]", column))
    if not any(map(_is_number, column)):
        return None
    return array("d", [cast("float", v) if _is_number(v) else math.nan for v in column])


_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@lru_cache(maxsize=65_536)
def duration_seconds(text: str) -> int | None:
    """Seconds of ms-swift's `1d 0h 4m 9s`, None where it is no such text."""
    total = 0
    for part in text.split(" "):
        unit = _UNITS.get(part[-1:])
        if unit is None or not part[:-1].isdecimal() or len(part) > 12:
            return None
        total += unit * int(part[:-1])
    return total
