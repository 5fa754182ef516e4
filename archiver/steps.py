"""Steps of the record: what readers said of each step, put together and filled from the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace

from archiver.attempts import NO_ATTEMPTS, Attempts, common_clock
from archiver.derive import derived
from archiver.model.claims import Origin
from archiver.model.plain import dataclass
from archiver.model.points import OVER_CHECKPOINTS, PLACEHOLDER
from archiver.model.record import (
    Attempt,
    Checkpoint,
    Command,
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
from archiver.plan import TRAINING, Plan
from archiver.rundir import natural
from archiver.status import Verdict, dissent

_ROLES = ("effective", "resolved", "authored")
_AFTER = "after-a-failed-step"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the run as a whole."""

    fields: Mapping[str, Resolved]
    plan: Plan
    attempts: Mapping[str | None, Attempts]
    verdicts: Mapping[str | None, tuple[Verdict, ...]]
    configs: tuple[Config, ...]
    datasets: tuple[Dataset, ...]
    checkpoints: tuple[Checkpoint, ...]
    series: tuple[Series, ...]
    stage: str | None

    def of(self, step_id: str, *, absolute: bool) -> _Own:
        """What belongs to one step, its attempts told on the clock that all are told on."""
        single = step_id == self.plan.training
        return _Own(
            step_id,
            self.attempts.get(step_id, NO_ATTEMPTS),
            absolute,
            self.verdicts.get(step_id, ()),
            tuple(item for item in self.configs if item.step_id == step_id),
            tuple(s for s in self.series if _is_own(s, step_id, alone=single)),
        )


@dataclass(frozen=True, slots=True)
class _Own:
    """What belongs to one step."""

    step_id: str
    attempts: Attempts
    absolute: bool
    """Whether attempts are told on absolute clocks."""
    verdicts: tuple[Verdict, ...]
    configs: tuple[Config, ...]
    series: tuple[Series, ...]


def _is_own(item: Series, step_id: str, *, alone: bool) -> bool:
    """Whether a curve is the step's; what nobody claims is the only training's."""
    if item.attributes.items() >= dict(OVER_CHECKPOINTS).items():
        return False
    return item.step_id == step_id or (alone and not item.step_id)


def merge(partial: Iterable[Step], plan: Plan) -> dict[str, Step]:
    """One step per id of the record, in order."""
    merged: dict[str, Step] = {}
    for step in plan.steps(partial):
        known = merged.get(step.step_id)
        merged[step.step_id] = step if known is None else _merge(known, step)
    return {step_id: merged[step_id] for step_id in sorted(merged, key=natural)}


def assemble(merged: Mapping[str, Step], context: Context) -> tuple[Step, ...]:
    """The steps filled from the run's series, attempts and evidence."""
    known = dict(merged)
    if not any(step.name == "train" for step in known.values()):
        loose = [
            item
            for item in context.series
            if _is_loss(item) and not item.step_id and item.shadow_of is None
        ]
        # Several curves that nobody described may be those of several runs.
        if len(loose) == 1 and TRAINING not in known:
            at, origin = loose[0].at, Origin.DERIVED
            made = Step(at=at, origin=origin, reader="steps", step_id=TRAINING, name="train")
            known = {TRAINING: made, **known}
    absolute = common_clock(context.attempts.values())
    owned = ((step, context.of(step.step_id, absolute=absolute)) for step in known.values())
    filled = [
        _train(step, own, context) if step.name == "train" else _other(step, own)
        for step, own in owned
    ]
    return tuple(_unreached(filled, context.plan))


def _unreached(filled: Sequence[Step], plan: Plan) -> Iterator[Step]:
    """Steps after one that did not come to its end, and of which there is no trace, were skipped.

    In a pipeline those are the later ones; else the evaluations of what was to be trained.
    """
    broken: Step | None = None
    for step in filled:
        planned = step.step_id in plan.numbers.values() if plan.numbers else step.name == "eval"
        if planned and broken is not None and _is_traceless(step):
            end = broken.sources.get("status")
            at = end.at if end is not None else broken.at
            yield replace(
                step,
                status="skipped",
                status_word="not reached",
                sources={**step.sources, "status": Source(Origin.DERIVED, at, _AFTER)},
            )
            continue
        if _is_broken(step, plan):
            broken = step
        yield step


def _is_broken(step: Step, plan: Plan) -> bool:
    if plan.numbers:
        return step.step_id in plan.numbers.values() and step.status == "failed"
    return step.step_id == plan.training and step.status in ("failed", "interrupted")


def _is_traceless(step: Step) -> bool:
    results = step.eval is not None and step.eval.results
    return step.status == "unknown" and not (step.logs or step.attempts or results or step.metrics)


def _merge(first: Step, second: Step) -> Step:
    """Both partial descriptions of one step; what the first one says stands."""
    named = {
        spec.name: _join(getattr(first, spec.name), getattr(second, spec.name))
        for spec in fields(Step)
        if spec.name not in ("at", "origin", "reader", "step_id", "name", "status", "status_word")
    }
    if first.status == "unknown":
        named |= {"status": second.status, "status_word": first.status_word or second.status_word}
    return replace(first, **named)  # type: ignore[arg-type]


def _join(known: object, more: object) -> object:
    if isinstance(known, dict) and isinstance(more, dict):
        return {**more, **known}
    if isinstance(known, tuple) and isinstance(more, tuple):
        return tuple(dict.fromkeys((*known, *more)))
    if isinstance(known, Command | Evaluation | Script | Training) and type(more) is type(known):
        parts = (
            (spec.name, _join(getattr(known, spec.name), getattr(more, spec.name)))
            for spec in fields(known)
        )
        return replace(known, **dict(parts))  # type: ignore[arg-type]
    return known if known is not None else more


def _other(step: Step, own: _Own) -> Step:
    """A step that does not train."""
    step = _judged(step, own)
    if step.params or not own.configs:
        return step
    params, params_from = _own_params(own.configs)
    return replace(step, params=params, params_from=params_from)


def _judged(step: Step, own: _Own) -> Step:
    """The step with its attempts, and the status that they and the evidence give it.

    What a reader states of the status stands where no sign decides.
    """
    attempts = _attempts(own)
    retries = max(len(attempts) - 1, 0) if attempts else step.retries
    step = replace(step, attempts=attempts or step.attempts, retries=retries)
    last = own.verdicts[-1] if own.verdicts else None
    if last is None or last.decisive is None:
        return step
    rule = None if last.rule == "terminal-word" else last.rule
    origin = Origin.RECORDED if rule is None else Origin.DERIVED
    running = last.status == "running"
    return replace(
        step,
        status="unknown" if running else last.status,
        status_word="running" if running else step.status_word,
        sources={
            "status": Source(origin, last.decisive.at, rule, others=dissent(last)),
            **step.sources,
        },
    )


def _train(step: Step, own: _Own, context: Context) -> Step:
    alone = step.step_id == context.plan.training and not context.plan.numbers
    # Evaluations beside a training have configurations of their own.
    shared = [item for item in context.configs if item.step_id in (None, step.step_id)]
    params, params_from = _own_params(own.configs) if not alone else _params(shared)
    training, sources = _training(own, context.fields, step.logs, alone=alone)
    step = _judged(step, own)
    filled = {
        "training": _stated(step.training, training),
        "metrics": {**_metrics(own.series), **step.metrics},
        "params": params or step.params,
        "params_from": params_from or step.params_from,
        "sources": {**sources, **step.sources},
    }
    if alone:
        filled |= {
            "stage": step.stage or context.stage,
            "config": step.config or _text(context.fields.get("config.pipeline_config")),
            "inputs": {**_inputs(context.datasets), **step.inputs},
            "outputs": {**step.outputs, **_outputs(context.checkpoints)},
        }
    return _ended_early(replace(step, **filled))  # type: ignore[arg-type]


def _ended_early(step: Step) -> Step:
    """A training that ended well after fewer epochs than it was allowed says so.

    Producers that stop early have no word of their own for it.
    """
    training = step.training
    if step.status != "success" or training is None:
        return step
    done, most = training.epochs, training.max_epochs
    if done is None or most is None or not 0 < done < most:
        return step
    told = f"after {done} of at most {most} epochs"
    source = Source(Origin.DERIVED, step.at, "fewer-epochs-than-allowed", (step.at,))
    return replace(
        step,
        outputs={**step.outputs, "ended_early": told},
        sources={**step.sources, "outputs.ended_early": source},
    )


def _stated(stated: Training | None, derived: Training) -> Training:
    """What a reader states of the training before what its curve gives."""
    if stated is None:
        return derived
    known = {spec.name: getattr(stated, spec.name) for spec in fields(Training)}
    return replace(derived, **{name: value for name, value in known.items() if value is not None})


def _own_params(configs: Sequence[Config]) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Every parameter of a step's own configurations: what ran before what was resolved."""
    chosen: list[Config] = []
    for role in ("effective", "launcher", "resolved"):
        chosen += [config for config in configs if config.role == role]
    if not any(config.role == "resolved" for config in chosen):
        chosen += [config for config in configs if config.role == "authored"]
    union: dict[str, Value] = {}
    for config in chosen:
        union = {**config.values, **union}
    return dict(sorted(union.items())), tuple(config.id for config in chosen)


def _params(configs: Sequence[Config]) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Every parameter of the most executed kind of configuration there is, none shortened.

    A configuration whose values have types stands before a copy that knows only texts.
    """
    for role in _ROLES:
        chosen = [config for config in configs if config.role == role and not config.partial]
        if chosen:
            union: dict[str, Value] = {}
            for config in sorted(chosen, key=lambda config: not config.typed):
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


def _training(
    own: _Own, fields_: Mapping[str, Resolved], logs: Sequence[str], *, alone: bool
) -> tuple[Training, dict[str, Source]]:
    sources: dict[str, Source] = {}

    def note(name: str, value: Resolved) -> Value:
        sources[f"training.{name}"] = Source(
            value.origin, value.at, value.rule, value.from_, value.note
        )
        return value.value

    training = Training()
    losses = [item for item in own.series if _is_loss(item) and item.points]
    # Of several independent sources the step's own log is its curve (a trainer that prints means
    # over an interval is quoted by them), else the longest one.
    loss = max(losses, key=lambda item: (item.source in logs, item.points), default=None)
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
    steps = _steps_done(own.series)
    if steps is not None:
        training = replace(training, steps=note("steps", steps))  # type: ignore[arg-type]
    time = fields_.get("resources.train_time_sec") if alone else None
    if time is not None and isinstance(time.value, int | float):
        training = replace(training, duration_sec=note("duration_sec", time))  # type: ignore[arg-type]
        if steps is not None and steps.value and len(own.attempts.all) <= 1:
            mean = float(time.value) / int(str(steps.value))
            each = derived(mean, "train-time-per-step", (time.at, steps.at))
            training = replace(training, step_time_sec_avg=note("step_time_sec_avg", each))  # type: ignore[arg-type]
    speed = next((s for s in own.series if s.canonical == "tokens_per_sec" and s.points), None)
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
    last = max(stepped, key=lambda item: (_done(item), item.canonical == "loss"))
    return derived(_done(last), "largest-step-of-kept-points", (last.at,))


def _done(item: Series) -> int:
    """Steps done at the last point; some producers count their first step as 0."""
    return (item.last_step or 0) + (item.attributes.get("first_step") == "0")


def _metrics(series: Sequence[Series]) -> dict[str, Value]:
    """Last value of every series that no other one stands for.

    Of one key in several sources, the one whose meaning is known counts, and none that is late.
    A key that stands for several splits is told with each one's name before it.
    """
    shown = [
        item
        for item in series
        if item.shadow_of is None
        and item.type == "number"
        and item.points
        and not item.attributes.items() >= dict(PLACEHOLDER).items()
    ]
    splits: dict[str, set[str | None]] = {}
    for item in shown:
        splits.setdefault(item.key, set()).add(item.split)
    metrics: dict[str, Value] = {}
    for item in sorted(shown, key=lambda s: ("skew" in s.attributes, s.canonical is None)):
        shared = item.split is not None and len(splits[item.key]) > 1
        metrics.setdefault(f"{item.split}/{item.key}" if shared else item.key, item.last)
    return dict(sorted(metrics.items()))


def _attempts(own: _Own) -> tuple[Attempt, ...]:
    attempts = []
    for attempt, verdict in zip(own.attempts.all, own.verdicts, strict=False):
        started, ended = attempt.span(absolute=own.absolute)
        changed = dict(pair for mark in attempt.marks for pair in mark.params_changed)
        attempts.append(
            Attempt(
                attempt.n,
                attempt.stated("id") or str(attempt.n),
                verdict.status,
                status_word=attempt.stated("status_word"),
                started_at=started.iso() if started else None,
                finished_at=ended.iso() if ended else None,
                host=attempt.stated("host"),
                exit_code=attempt.exit_code,
                first_step=attempt.first_step,
                params_changed=changed,
                logs=tuple(dict.fromkeys(log for mark in attempt.marks for log in mark.logs)),
            )
        )
    return tuple(attempts)


def _text(resolved: Resolved | None) -> str | None:
    return str(resolved.value) if resolved is not None and resolved.value else None
