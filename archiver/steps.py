"""Steps of the record: what readers said of each step, put together and filled from the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from archiver.attempts import Attempts
from archiver.derive import derived
from archiver.model.claims import Origin
from archiver.model.record import (
    Attempt,
    Checkpoint,
    Config,
    Dataset,
    Evaluation,
    Resolved,
    Script,
    Series,
    Source,
    Step,
    Training,
)
from archiver.model.values import Value
from archiver.rundir import natural
from archiver.status import Verdict

_ROLES = ("effective", "resolved", "authored")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the run as a whole."""

    fields: Mapping[str, Resolved]
    attempts: Attempts
    verdicts: tuple[Verdict, ...]
    configs: tuple[Config, ...]
    datasets: tuple[Dataset, ...]
    checkpoints: tuple[Checkpoint, ...]
    series: tuple[Series, ...]
    stage: str | None


def assemble(partial: Iterable[Step], context: Context) -> tuple[Step, ...]:
    """One step per id; steps that train are filled from the run's series and attempts."""
    merged: dict[str, Step] = {}
    for step in partial:
        known = merged.get(step.step_id)
        merged[step.step_id] = step if known is None else _merge(known, step)
    if not merged and any(_is_loss(item) for item in context.series):
        first = next(item for item in context.series if _is_loss(item))
        origin = Origin.DERIVED
        merged["1"] = Step(at=first.at, origin=origin, reader="steps", step_id="1", name="train")
    ordered = sorted(merged.values(), key=lambda step: natural(step.step_id))
    return tuple(_train(step, context) if step.name == "train" else step for step in ordered)


def _merge(first: Step, second: Step) -> Step:
    """Both partial descriptions of one step; what the first one says stands."""
    named = {
        spec.name: _join(getattr(first, spec.name), getattr(second, spec.name))
        for spec in fields(Step)
        if spec.name not in ("at", "origin", "reader", "step_id", "name", "status")
    }
    return replace(first, **named)  # type: ignore[arg-type]


def _join(known: object, more: object) -> object:
    if isinstance(known, dict) and isinstance(more, dict):
        return {**more, **known}
    if isinstance(known, tuple) and isinstance(more, tuple):
        return tuple(dict.fromkeys((*known, *more)))
    if isinstance(known, Evaluation | Script) and type(more) is type(known):
        parts = (
            (spec.name, _join(getattr(known, spec.name), getattr(more, spec.name)))
            for spec in fields(known)
        )
        return replace(known, **dict(parts))  # type: ignore[arg-type]
    return known if known is not None else more


def _train(step: Step, context: Context) -> Step:
    params, params_from = _params(context.configs)
    training, sources = _training(context)
    last = context.verdicts[-1]
    if last.decisive is not None:
        rule = None if last.rule == "terminal-word" else last.rule
        origin = Origin.RECORDED if rule is None else Origin.DERIVED
        sources["status"] = Source(origin, last.decisive.at, rule)
    filled = {
        "stage": step.stage or context.stage,
        "status": last.status if last.status != "running" else "unknown",
        "status_word": "running" if last.status == "running" else step.status_word,
        "config": step.config or _text(context.fields.get("config.pipeline_config")),
        "inputs": {**_inputs(context.datasets), **step.inputs},
        "outputs": {**step.outputs, **_outputs(context.checkpoints)},
        "params": params,
        "params_from": params_from,
        "training": training,
        "metrics": {**_metrics(context.series), **step.metrics},
        "retries": max(len(context.attempts.all) - 1, 0) if context.attempts.all else None,
        "attempts": _attempts(context),
        "sources": {**sources, **step.sources},
    }
    return replace(step, **filled)  # type: ignore[arg-type]


def _params(configs: Sequence[Config]) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Every parameter of the most executed kind of configuration there is, none shortened."""
    for role in _ROLES:
        chosen = [config for config in configs if config.role == role and not config.partial]
        if chosen:
            union: dict[str, Value] = {}
            for config in chosen:
                union = {**config.values, **union}
            return dict(sorted(union.items())), tuple(config.id for config in chosen)
    return {}, ()


def _inputs(datasets: Sequence[Dataset]) -> dict[str, Value]:
    inputs: dict[str, Value] = {}
    for data in datasets:
        inputs.setdefault(f"{data.role}_data", data.path)
    return inputs


def _outputs(checkpoints: Sequence[Checkpoint]) -> dict[str, Value]:
    there: list[Value] = [item.path for item in checkpoints if item.present]
    return {"checkpoints": there} if there else {}


def _is_loss(item: Series) -> bool:
    return item.canonical == "loss" and item.split == "train"


def _training(context: Context) -> tuple[Training, dict[str, Source]]:
    sources: dict[str, Source] = {}

    def note(name: str, value: Resolved) -> Value:
        sources[f"training.{name}"] = Source(
            value.origin, value.at, value.rule, value.from_, value.note
        )
        return value.value

    training = Training()
    loss = next((item for item in context.series if _is_loss(item) and item.points), None)
    if loss is not None:
        final = derived(loss.last, "last-kept-point", (loss.at,), f"series {loss.key}")
        training = replace(
            training, loss_curve="loss_curve.csv", final_loss=note("final_loss", final)
        )
        if loss.min is not None:
            best = derived(
                loss.min, "smallest-finite-point", (loss.at,), f"at step {loss.step_of_min}"
            )
            training = replace(training, best_loss=note("best_loss", best))
    steps = _steps_done(context.series)
    if steps is not None:
        training = replace(training, steps=note("steps", steps))  # type: ignore[arg-type]
    time = context.fields.get("resources.train_time_sec")
    if time is not None and isinstance(time.value, int | float):
        training = replace(training, duration_sec=note("duration_sec", time))  # type: ignore[arg-type]
        if steps is not None and steps.value and len(context.attempts.all) <= 1:
            mean = float(time.value) / int(str(steps.value))
            each = derived(mean, "train-time-per-step", (time.at, steps.at))
            training = replace(training, step_time_sec_avg=note("step_time_sec_avg", each))  # type: ignore[arg-type]
    speed = next((s for s in context.series if s.canonical == "tokens_per_sec" and s.points), None)
    if speed is not None and speed.mean is not None:
        value = derived(speed.mean, "mean-of-kept-points", (speed.at,))
        training = replace(
            training,
            throughput_tokens_per_sec=note("throughput_tokens_per_sec", value),  # type: ignore[arg-type]
        )
    return training, sources


def _steps_done(series: Sequence[Series]) -> Resolved | None:
    stepped = [
        item for item in series if item.axis == "step" and item.last_step and item.type == "number"
    ]
    if not stepped:
        return None
    last = max(stepped, key=lambda item: (item.last_step or 0, item.canonical == "loss"))
    return derived(last.last_step, "largest-step-of-kept-points", (last.at,))


def _metrics(series: Sequence[Series]) -> dict[str, Value]:
    """Last value of every series that no other one stands for."""
    metrics: dict[str, Value] = {}
    for item in series:
        if item.shadow_of is None and item.type == "number" and item.points:
            metrics.setdefault(item.key, item.last)
    return dict(sorted(metrics.items()))


def _attempts(context: Context) -> tuple[Attempt, ...]:
    attempts = []
    for attempt, verdict in zip(context.attempts.all, context.verdicts, strict=False):
        started, ended = attempt.started, attempt.ended
        hosts = [mark.host for mark in attempt.marks if mark.host]
        attempts.append(
            Attempt(
                attempt.n,
                str(attempt.n),
                verdict.status,
                started_at=started.iso() if started else None,
                finished_at=ended.iso() if ended else None,
                host=hosts[0] if hosts else None,
                first_step=attempt.first_step,
            )
        )
    return tuple(attempts)


def _text(resolved: Resolved | None) -> str | None:
    return str(resolved.value) if resolved is not None and resolved.value else None
