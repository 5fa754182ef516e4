"""Which series are drawn, in which panels of which figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archiver.attempts import NO_ATTEMPTS, Attempts
from archiver.model.points import NO_STEP
from archiver.model.record import RunRecord
from archiver.package.plots import Curve, Panel, PlotSpec
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
) -> list[PlotSpec]:
    """One figure per group that has anything to show."""
    specs = []
    for name, rows in _PANELS:
        panels = []
        for title, label, canonical in rows:
            splits = ("train",) if name == "throughput" else ("train", "eval")
            chosen = list(losses) if title == "Loss" else _canonical(series, canonical, splits)
            if chosen:
                panels.append(_panel(title, label, chosen))
        if panels:
            specs.append(
                PlotSpec(
                    name,
                    f"{record.run.experiment} / {record.run.run_id}",
                    _axis_label(series),
                    tuple(panels),
                    _boundaries(attempts.get(TRAINING, NO_ATTEMPTS)),
                )
            )
    return specs


def _canonical(
    series: Sequence[Joined], names: tuple[str, ...], splits: tuple[str, ...]
) -> list[Joined]:
    return [
        item
        for item in series
        if item.summary.canonical in names
        and item.summary.split in splits
        and item.summary.points > 1
    ]


def _axis_label(series: Sequence[Joined]) -> str:
    axes = {item.spec.axis for item in series if item.summary.canonical == "loss"}
    return next(iter(axes)) if len(axes) == 1 else "step"


def _panel(title: str, label: str, chosen: Sequence[Joined]) -> Panel:
    units = {item.summary.unit for item in chosen if item.summary.unit}
    unit = units.pop() if len(units) == 1 else None
    ylabel = f"{label} ({unit})" if unit and unit not in label else label
    curves = tuple(_curve(item, chosen) for item in chosen)
    return Panel(title, ylabel, curves)


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
        label = f"{item.summary.key} ({item.summary.source})"
    values = np.asarray(points.values, dtype=np.float64)[order]
    sparse = item.summary.points <= _SPARSE and item.summary.split == "eval"
    role = "markers" if sparse else "line"
    return Curve(label, axis, values, item.status[order], item.segment[order], role)  # type: ignore[arg-type]


def _boundaries(attempts: Attempts) -> tuple[tuple[float, str], ...]:
    return tuple(
        (float(attempt.first_step - 1), f"resume {attempt.n - 1}")
        for attempt in attempts.all[1:]
        if attempt.first_step is not None
    )
