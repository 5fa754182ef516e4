"""Recorded epochs contradict the epochs of the metrics.

What it finds
    More epochs in the metrics than the training was allowed, by its own record or by every
    configuration; and checkpoints of epochs beyond those that the metrics have. Fewer epochs than
    were allowed are no contradiction: runs are stopped early. Where a number of steps was set it
    decides, and the epochs of configurations are not looked at.

Why it matters
    The metrics, the checkpoint or the configuration belongs to another run, or the configuration
    was changed for a resume and only its last form was kept.

Example
    warning metrics.json [RA502 contradicted-epoch-count]
            12 epochs were recorded, but at most 8 were allowed

What to do
    Compare the times of both artifacts, and the configuration that a checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import settings
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.record import Series, Step
from archiver.settings import Statement
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """The only training of the run; of several, nobody says which epochs are whose."""
    trained = [step for step in case.training if step.training is not None]
    if len(trained) != 1:
        return
    step = trained[0]
    hits = list(_recorded(case, step))
    yield from hits or _configured(case, step)
    yield from _saved(case, step)


def _recorded(case: Case, step: Step) -> Iterator[Hit]:
    training = step.training
    if training is None or training.epochs is None or training.max_epochs is None:
        return
    if training.epochs > training.max_epochs:
        message = (
            f"{training.epochs} epochs were recorded, but at most {training.max_epochs} were"
            " allowed"
        )
        at = _source(case) or step.at
        yield Hit(message, at, (Place(step.at, f"at most {training.max_epochs} epochs"),))


def _source(case: Case) -> Location | None:
    """The longest source whose points stand at epochs."""
    told = [item for item in case.record.series if item.axis == "epoch" and item.type == "number"]
    longest = max(told, key=lambda series: series.points, default=None)
    return case.place_of(longest) if longest is not None else None


def _configured(case: Case, step: Step) -> Iterator[Hit]:
    said = [
        statement
        for config in case.record.configs
        if config.step_id in (None, step.step_id)
        for statement in settings.statements(config)
    ]
    limits = [item for item in said if item.setting is settings.EPOCHS]
    counted = any(item.setting is settings.STEPS for item in said)
    reached = max(
        (series for series in case.record.series if _is_epoch(series)),
        key=lambda series: series.max or 0.0,
        default=None,
    )
    if not limits or counted or reached is None or reached.max is None:
        return
    widest = max(limits, key=_number)
    most = _number(widest)
    if reached.max > most:
        message = (
            f"{cut(reached.key)} reaches {reached.max:g}, but every configuration ends after"
            f" {most:g} epochs"
        )
        at = case.place_of(reached)
        yield Hit(message, at, (Place(widest.at, f"at most {most:g} epochs"),))


def _number(said: Statement) -> float:
    return said.meaning if isinstance(said.meaning, float) else 0.0


def _is_epoch(series: Series) -> bool:
    """A curve of the epoch itself; Lightning's counts from 0 and never reaches the number."""
    name = series.key.rpartition("/")[2].lower()
    return series.type == "number" and name == "epoch" and series.split in (None, "train")


def _saved(case: Case, step: Step) -> Iterator[Hit]:
    done = step.training.epochs if step.training is not None else None
    if done is None:
        return
    beyond = [
        item for item in case.record.checkpoints if item.epoch is not None and item.epoch > done
    ]
    if beyond:
        worst = max(beyond, key=lambda item: item.epoch or 0.0)
        message = f"it was saved in epoch {worst.epoch:g}, but the metrics have {done} epochs"
        yield Hit(message, worst.at, (Place(_source(case) or step.at, f"{done} epochs"),))


RULE = Rule(
    id="RA502",
    name="contradicted-epoch-count",
    summary="Recorded epochs contradict the epochs of the metrics",
    severity=Severity.WARNING,
    check=check,
)
