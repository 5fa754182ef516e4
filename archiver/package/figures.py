"""Which series are drawn, in which panels of which figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archiver.attempts import NO_ATTEMPTS, Attempts
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS
from archiver.model.record import RunRecord
from archiver.package import layout, timelines
from archiver.package.plots import Curve, Panel, PlotSpec, TimelineSpec, time_unit
from archiver.plan import TRAINING
from archiver.series import Joined

_SPARSE = 60
"""Series with at most this many points get markers."""
_PANELS: tuple[tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    (
        "loss",
        (
            ("Loss", "loss", ("loss", "eval_loss")),
            ("Learning rate", "learning rate", ("learning_rate",)),
            ("Gradient norm", "gradient norm", ("grad_norm",)),
        ),
    ),
    (
        "quality",
        (
            ("Accuracy", "accuracy", ("accuracy",)),
            ("Perplexity", "perplexity", ("perplexity",)),
        ),
    ),
    (
        "throughput",
        (
            ("Steps per second", "steps/s", ("steps_per_sec",)),
            ("Step time", "s/step", ("step_time",)),
            ("Tokens per second", "tokens/s", ("tokens_per_sec",)),
        ),
    ),
)
"""Figure -> panels: title, axis label, canonical names."""
_SAMPLED = (
    ("GPU utilisation", "utilisation", "gpu_util"),
    ("GPU memory", "memory", "gpu_mem"),
    ("Host memory", "memory", "host_mem"),
)
"""Panels of what was sampled over time: title, axis label, canonical name."""
_PER_GIB = {"B": 2.0**30, "bytes": 2.0**30, "KiB": 2.0**20, "MiB": 2.0**10, "GiB": 1.0}
"""Units of memory -> so many of them are a GiB, which is what a person reads."""


def primary(series: Sequence[Joined], key: str | None) -> list[Joined]:
    """The loss of the run and its evaluation twin; `key` chooses another series by its name."""
    numeric = [item for item in series if item.spec.type == "number" and item.summary.points]
    if key is not None:
        chosen = [item for item in numeric if item.summary.key == key]
        named = [item for item in chosen if item.summary.shadow_of is None]
        return named or chosen[:1]
    preferred = [item for item in numeric if item.summary.shadow_of is None]
    losses = [item for item in preferred if item.summary.canonical == "loss"]
    evals = [item for item in preferred if item.summary.canonical == "eval_loss"]
    losses.sort(key=lambda item: -item.summary.points)
    return [*losses, *evals]


def figures(
    record: RunRecord,
    series: Sequence[Joined],
    losses: Sequence[Joined],
    attempts: Mapping[str | None, Attempts],
) -> list[PlotSpec | TimelineSpec]:
    """One figure per group that has anything to show; curves of two trainings never share one."""
    trained = list(dict.fromkeys(item.summary.step_id for item in losses)) or [None]
    specs: list[PlotSpec | TimelineSpec] = []
    for step_id in trained:
        own = [item for item in series if item.summary.step_id in {step_id, step_id or TRAINING}]
        curves = [item for item in losses if item.summary.step_id == step_id]
        suffix = f"-{layout.slug(step_id)}" if step_id and len(trained) > 1 else ""
        bounds = _boundaries(attempts.get(step_id or TRAINING, NO_ATTEMPTS), own)
        specs += [
            PlotSpec(
                name + suffix,
                _title(record, step_id if suffix else None),
                axis,
                rows,
                bounds if axis == "step" else (),
            )
            for name, axis, rows in _of_training(own, curves)
        ]
    evaluated = _evaluations(series)
    if evaluated:
        specs.append(PlotSpec("evaluations", _title(record), "epoch", evaluated))
    specs += _resources(record, series)
    timeline = timelines.of_run(record)
    return [*specs, timeline] if timeline is not None else specs


def _title(record: RunRecord, step_id: str | None = None) -> str:
    title = f"{record.run.experiment} / {record.run.run_id}"
    for step in record.steps:
        if step_id is not None and step.step_id == step_id:
            words = (part for part in (step.step_id, step.name, step.stage) if part)
            return f"{title} / step {' '.join(words)}"
    return title


def _of_training(
    own: Sequence[Joined], losses: Sequence[Joined]
) -> Iterator[tuple[str, str, tuple[Panel, ...]]]:
    """Name, axis and panels of each figure of one training step.

    Curves over steps and curves over epochs never share an axis: what is left gets a figure of
    its own, named after its axis.
    """
    for name, rows in _PANELS:
        splits = ("train",) if name == "throughput" else ()
        chosen = [
            (title, label, list(losses) if title == "Loss" else _canonical(own, canonical, splits))
            for title, label, canonical in rows
        ]
        axes = dict.fromkeys(axis for _, _, items in chosen for axis in _axes(items))
        for number, axis in enumerate(axes):
            panels = tuple(
                _panel(title, label, there)
                for title, label, items in chosen
                if (there := [item for item in items if item.spec.axis == axis])
            )
            yield (f"{name}-{axis}" if number else name), axis, panels


def _axes(series: Sequence[Joined]) -> list[str]:
    """Axes of these, steps first."""
    return sorted({item.spec.axis for item in series}, key=lambda axis: (axis != "step", axis))


def _canonical(
    series: Sequence[Joined], names: tuple[str, ...], splits: tuple[str, ...]
) -> list[Joined]:
    """Series of that meaning over steps or epochs; of any split where none is named."""
    return [
        item
        for item in series
        if item.summary.canonical in names
        and (item.summary.split in splits or not splits)
        and item.summary.points > 1
        and item.spec.axis != "time"
    ]


def _evaluations(series: Sequence[Joined]) -> tuple[Panel, ...]:
    """Results over the checkpoints that were evaluated, a panel per result."""
    groups: dict[str, list[Joined]] = {}
    for item in series:
        over = item.spec.attributes == OVER_CHECKPOINTS and item.summary.points > 1
        if over and not item.summary.key.endswith("/stderr"):
            groups.setdefault(item.summary.key, []).append(item)
    return tuple(
        Panel(key, key, tuple(_evaluated(item) for item in items)) for key, items in groups.items()
    )


def _evaluated(item: Joined) -> Curve:
    import numpy as np

    points = item.points()
    order = item.order(points)
    values = np.asarray(points.values, dtype=np.float64)[order]
    told = [*item.summary.labels.values()] or [item.summary.dataset or item.summary.key]
    status, segment = item.status[order], item.segment[order]
    return Curve(", ".join(told), points.epochs[order], values, status, segment, "markers")


def _resources(record: RunRecord, series: Sequence[Joined]) -> list[PlotSpec | TimelineSpec]:
    """Utilisation and memory over time, where somebody sampled them."""
    import numpy as np

    sampled = [
        item
        for item in series
        if item.spec.axis == "time" and item.summary.first_time and item.summary.points > 1
    ]
    chosen = [
        (title, label, [item for item in sampled if item.summary.canonical == canonical])
        for title, label, canonical in _SAMPLED
    ]
    shown = [item for _, _, items in chosen for item in items]
    if not shown:
        return []
    starts: dict[str, float] = {}
    ends: dict[str, float] = {}
    for item in shown:
        times, clock = item.points().times, item.spec.clock
        starts[clock] = min(starts.get(clock, np.inf), float(np.nanmin(times)))
        ends[clock] = max(ends.get(clock, -np.inf), float(np.nanmax(times)))
    size, unit = time_unit(max(ends[clock] - starts[clock] for clock in starts))
    panels = tuple(
        Panel(
            title,
            "memory (GiB)" if _in_gib(items) else _with_unit(label, items),
            tuple(_sampled(item, items, starts, size) for item in items),
        )
        for title, label, items in chosen
        if items
    )
    return [PlotSpec("resources", _title(record), f"{unit} since the first sample", panels)]


def _sampled(
    item: Joined, beside: Sequence[Joined], starts: Mapping[str, float], size: float
) -> Curve:
    import numpy as np

    points = item.points()
    order = item.order(points)
    values = np.asarray(points.values, dtype=np.float64)[order]
    if _in_gib(beside):
        values = values / _PER_GIB[item.summary.unit or ""]
    x = (points.times[order] - starts[item.spec.clock]) / size
    told = [f"{name} {value}" for name, value in item.spec.labels]
    several = len({other.summary.source for other in beside}) > 1
    told += [item.summary.source] if several or not told else []
    return Curve(", ".join(told), x, values, item.status[order], item.segment[order])


def _in_gib(items: Sequence[Joined]) -> bool:
    """Whether all are amounts of memory whose unit is known."""
    return all((item.summary.unit or "") in _PER_GIB for item in items)


def _with_unit(label: str, chosen: Sequence[Joined]) -> str:
    units = {item.summary.unit for item in chosen if item.summary.unit}
    unit = units.pop() if len(units) == 1 else None
    return f"{label} ({unit})" if unit and unit not in label else label


def _panel(title: str, label: str, chosen: Sequence[Joined]) -> Panel:
    curves = tuple(_curve(item, chosen) for item in chosen)
    return Panel(title, _with_unit(label, chosen), curves)


def _curve(item: Joined, beside: Sequence[Joined]) -> Curve:
    import numpy as np

    points = item.points()
    order = item.order(points)
    axis = points.steps[order].astype(np.float64)
    axis[points.steps[order] == NO_STEP] = np.nan
    if item.spec.axis == "epoch" or np.isnan(axis).all():
        axis = points.epochs[order]
    label = item.summary.split or item.summary.key
    if [other.summary.split for other in beside].count(item.summary.split) > 1:
        told = [item.summary.key, *item.summary.labels.values()]
        label = f"{', '.join(told)} ({item.summary.source})"
    values = np.asarray(points.values, dtype=np.float64)[order]
    sparse = item.summary.points <= _SPARSE and item.summary.split == "eval"
    role = "markers" if sparse else "line"
    return Curve(label, axis, values, item.status[order], item.segment[order], role)  # type: ignore[arg-type]


def _boundaries(attempts: Attempts, curves: Sequence[Joined]) -> tuple[tuple[float, str], ...]:
    """Where attempts went on from others; one before whose start there is no point began anew."""
    steps = [item.summary.first_step for item in curves if item.spec.axis == "step"]
    begin = min((step for step in steps if step is not None), default=0)
    return tuple(
        (float(attempt.first_step - 1), f"resume {attempt.n - 1}")
        for attempt in attempts.all[1:]
        if attempt.first_step is not None and attempt.first_step > begin
    )
