"""What the three generations of ai-studio's run record have in common.

`run.json` (first plan), `experiment.json` of the second plan and that of the code say the same of
a run: status, times, best epoch and metric, final metrics, error. They differ in keys that came
and in what a null means; a record carries no version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from archiver.artifact import Artifact
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Origin,
    Problem,
    Trust,
)
from archiver.model.reading import Reading
from archiver.model.record import Checkpoint, Config, Event, Step, Training
from archiver.model.times import parse_iso
from archiver.model.values import Value
from archiver.producers.epoch_records import better_source
from archiver.view import View

TERMINAL = {"completed": "success", "failed": "failed", "cancelled": "interrupted"}
AT_WORK = ("created", "pending", "training", "running")
CONFIG_KEYS = (
    "model", "hyperparameters", "augmentations", "hardware", "split_name", "split_index",
)  # fmt: skip
_RESULTS = ("best_epoch", "best_metric", "final_metrics")
_NOT_BEGUN = "created"
TASKS = frozenset(
    {
        "classification", "object_detection", "oriented_object_detection", "anomaly_detection",
        "segmentation", "instance_segmentation", "regression", "detection",
        "oriented_detection",
    }
)  # fmt: skip
_VERSIONED = re.compile(r"-v(\d{1,6})\Z")


@dataclass(frozen=True, slots=True)
class Generation:
    """What is particular to a generation."""

    kind: str
    skewed: bool = False
    """Whether the best epoch was searched in metrics that stand one epoch late."""


def record_reading(view: View, artifact: Artifact, generation: Generation) -> Reading:
    """One run's record: identity, times, configuration, results, end."""
    document = artifact.json()
    problems = [*artifact.problems(document.flaws), *_problems(view, generation)]
    read = Reading(
        claims=tuple(_claims(view)),
        configs=_configs(view, partial=not document.complete),
        steps=(_step(view),),
        checkpoints=tuple(_checkpoints(view, problems)),
        events=tuple(_events(view)),
        evidence=tuple(_evidence(view)),
        attempts=tuple(_attempts(view)),
        accounting=artifact.document_accounting(
            generation.kind, document.flaws, complete=document.complete
        ),
        extras=_extras(view),
    )
    # The view gathers problems while it is asked.
    return replace(read, problems=(*problems, *view.problems))


def _claims(view: View) -> Iterator[Claim]:
    identifier, name = view.filled("id"), view.filled("experiment_id") or view.filled("name")
    if identifier:
        yield Claim("summary.run_id", identifier, view.at("id"))
    if name:
        key = "experiment_id" if view.filled("experiment_id") else "name"
        yield Claim("summary.experiment", name, view.at(key), Trust.COPY)
    for field, key in (("started_at", "started_at"), ("finished_at", "completed_at")):
        stamp = view.filled(key)
        if stamp:
            note = "overwritten at every resume" if key == "started_at" else None
            yield Claim(f"summary.{field}", stamp, view.at(key), note=note)
    path = view.filled("best_checkpoint_path")
    home = (path or "").replace("\\", "/").rpartition("/checkpoints/")[0]
    if home:
        place = view.at("best_checkpoint_path")
        rule = "parent-of-checkpoints"
        yield Claim("paths.workdir", home, place, Trust.COPY, Origin.DERIVED, rule, (place,))


def _configs(view: View, *, partial: bool) -> tuple[Config, ...]:
    """What was asked for; precision and devices are wishes that the trainer may not follow."""
    values = {key: view.value[key] for key in CONFIG_KEYS if key in view.value}
    if "hyperparameters" not in values and "model" not in values:
        return ()
    path = view.artifact.path
    config = Config(
        at=view.artifact.at(),
        id=path,
        role="authored",
        format="json",
        values=values,
        partial=partial,
    )
    return (config,)


def _step(view: View) -> Step:
    outputs: dict[str, Value] = {}
    epoch = best_epoch(view)
    if epoch is not None:
        outputs["best_epoch"] = epoch
    best = view.object("best_metric").value
    if best:
        outputs["best_metric"] = dict(best)
    error, stack = _error(view)
    final = {k: v for k, v in view.object("final_metrics").value.items() if is_number(v)}
    if final and (_stale(view) or better_source(view.artifact, view.artifact.directory)):
        # They mix epochs, which the last values of Lightning's own log do not; or are old.
        outputs["final_metrics"], final = final, {}
    return Step(
        at=view.artifact.at(),
        step_id="1",
        name="train",
        status_word=view.filled("status"),
        outputs=outputs,
        training=Training(max_epochs=_max_epochs(view)),
        metrics=final,
        error=error,
        error_stack=stack,
    )


def _stale(view: View) -> bool:
    """Whether the results are those of an earlier attempt.

    A process that raised writes none; the record keeps what the one before it wrote.
    """
    error, _ = _error(view)
    raised = error is not None and view.filled("status") in ("failed", "cancelled")
    return raised and any(view.value.get(key) is not None for key in _RESULTS)


def is_number(value: Value) -> bool:
    """A number, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def best_epoch(view: View) -> int | None:
    """The recorded best epoch, where it is one: a whole number from 1, and no score."""
    value = view.value.get("best_epoch")
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 2**53:
        return None
    most = _max_epochs(view)
    return None if most is not None and value > most else value


def _max_epochs(view: View) -> int | None:
    value = view.value.get("hyperparameters")
    most = value.get("max_epochs") if isinstance(value, dict) else None
    return most if isinstance(most, int) and not isinstance(most, bool) and most > 0 else None


def _error(view: View) -> tuple[str | None, str | None]:
    """The error of a text (first plan) or of an object with type, message and traceback."""
    value = view.value.get("error")
    if isinstance(value, str):
        return value or None, None
    error = view.object("error")
    kind, message = error.filled("type"), error.filled("message")
    told = ": ".join(part for part in (kind, message) if part)
    return told or None, error.filled("traceback")


def _checkpoints(view: View, problems: list[Problem]) -> Iterator[Checkpoint]:
    """The best checkpoint, by its place in this tree where it is there.

    The recorded path is that of the training host, and it always ends in `best.ckpt`.
    """
    artifact = view.artifact
    home = f"{artifact.directory}/checkpoints".lstrip("/")
    local = f"{home}/best.ckpt"
    recorded = view.filled("best_checkpoint_path")
    values = {k: v for k, v in view.object("best_metric").value.items() if is_number(v)}
    monitor, metric = next(iter(values.items())) if len(values) == 1 else (None, None)
    present = local in artifact.tree.by_path
    if recorded or (present and metric is not None):
        place = view.at("best_checkpoint_path" if recorded else "best_metric")
        path = local if present else recorded or ""
        yield Checkpoint(
            at=place, path=path, tags=("best",), metric=metric, present=present, monitor=monitor
        )
    later = [
        entry.path
        for entry in artifact.tree.named("best-v*.ckpt")
        if entry.parent == home and _VERSIONED.search(entry.name.removesuffix(".ckpt"))
    ]
    if recorded and later:
        message = f"the record names best.ckpt; {later[-1]} beside it is of a later start"
        where = "/best_checkpoint_path"
        problems.append(artifact.problem("stale-checkpoint-path", message, where))


def _events(view: View) -> Iterator[Event]:
    for kind, key in (("created", "created_at"), ("started", "started_at")):
        time = parse_iso(view.text(key) or "")
        if time is not None:
            yield Event(
                at=view.at(key), time=time.iso(), clock=time.clock.value, kind=kind, subject="train"
            )
    ended = parse_iso(view.text("completed_at") or "")
    if ended is not None:
        yield Event(
            at=view.at("completed_at"),
            time=ended.iso(),
            clock=ended.clock.value,
            kind=view.filled("status") or "ended",
            subject="train",
        )


def _evidence(view: View) -> Iterator[Evidence]:
    status = view.filled("status")
    place = view.at("status") if view.has("status") else view.artifact.at()
    ended = parse_iso(view.text("completed_at") or "")
    if status in TERMINAL:
        detail = f"status is {status}"
        kind = EvidenceKind.TERMINAL_WORD
        yield Evidence(kind, detail, place, TERMINAL[status], time=ended)
    elif status == _NOT_BEGUN:
        detail = "status is created: not started, or set back to its beginning"
        yield Evidence(EvidenceKind.PROGRESS, detail, place)
    elif status in AT_WORK:
        yield Evidence(EvidenceKind.RUNNING_WORD, f"status is still {status}", place)
    error, _ = _error(view)
    if error and status not in TERMINAL:
        yield Evidence(EvidenceKind.FAILURE, "an error is recorded", view.at("error"))


def _attempts(view: View) -> Iterator[AttemptTrail]:
    started = parse_iso(view.text("started_at") or "")
    if started is None:
        return
    ended = parse_iso(view.text("completed_at") or "")
    mark = AttemptMark(
        view.at("started_at"),
        started,
        ended,
        view.at("completed_at") if ended else None,
        status_word=view.filled("status"),
    )
    yield AttemptTrail(view.artifact.path, (mark,))


def _problems(view: View, generation: Generation) -> Iterator[Problem]:
    artifact = view.artifact
    status = view.filled("status")
    if status is not None and status not in TERMINAL and status not in AT_WORK:
        yield artifact.problem(
            "unknown-status", f"status is no known word: {status[:80]}", "/status"
        )
    value = view.value.get("best_epoch")
    if value is not None and best_epoch(view) is None:
        message = "best_epoch is no epoch of this run; a writer put the best score there"
        hint = "it is not used"
        yield artifact.problem("score-as-epoch", message, "/best_epoch", hint)
    if _stale(view):
        message = "the results are of an earlier attempt: this one raised before it wrote any"
        yield artifact.problem(
            "stale-results", message, "/status", "they are not used as last values"
        )
    prefix = f"{artifact.directory}/lightning_logs/".lstrip("/")
    if status == _NOT_BEGUN and any(e.path.startswith(prefix) for e in artifact.tree.files):
        message = "it was set back to its beginning; Lightning's log is of an earlier life"
        yield artifact.problem("earlier-life", message, "/status")
    names = list(view.object("best_metric").value)
    if len(names) > 1:
        message = "best_metric holds more than one metric"
        yield artifact.problem("unexpected-shape", message, "/best_metric")
    if generation.skewed and best_epoch(view) is not None and names not in ([], ["val_loss"]):
        message = (
            "best_epoch was searched in metrics that stand one epoch late:"
            " it is usually one too high"
        )
        yield artifact.problem("skewed-best-epoch", message, "/best_epoch", "see the checkpoint")


def _extras(view: View) -> dict[str, Value]:
    kept = ("name", "description", "created_at", "experiment_id")
    extras = {key: view.value[key] for key in kept if view.value.get(key)}
    parameters = view.value.get("hyperparameters")
    if isinstance(parameters, dict):
        for key in ("max_epochs", "early_stopping_patience"):
            if key in parameters:
                extras[key] = parameters[key]
    return extras
