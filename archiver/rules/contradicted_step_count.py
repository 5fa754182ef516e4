"""Recorded steps contradict the steps of the metrics.

What it finds
    Checkpoints of a step that lies further behind the last point of the metrics than their usual
    distance, and metrics that go on after the number of steps that every configuration allows. A
    run of several trainings is judged only where a configuration is one training's own. Fewer
    steps than were planned are no contradiction: runs are stopped early.

Why it matters
    Either metrics are missing, or the checkpoint (the configuration) belongs to another run.

Example
    warning checkpoint-500 [RA501 contradicted-step-count]
            it was saved at step 500, but the metrics end at step 320; their points are at
            most 10 steps apart

What to do
    Compare the times of both. Where metrics were lost, archive what else holds them (`--with`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archiver import settings
from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location
from archiver.model.findings import Place
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS
from archiver.model.record import Checkpoint, Config, Series
from archiver.settings import Statement
from archiver.wording import counted, cut

_LARGEST = 2**63
"""Numbers from which on what is called a step is none."""


def check(case: Case) -> Iterator[Hit]:
    """The only training's checkpoints; each training's configurations."""
    trained = [step for step in case.training if step.training is not None]
    alone = trained[0].step_id if len(trained) == 1 else None
    furthest = _furthest(case, alone) if trained else {}
    configs: dict[str, list[Config]] = {}
    for config in case.record.configs if trained else ():
        owner = alone if config.step_id is None else config.step_id
        if owner is not None:
            configs.setdefault(owner, []).append(config)
    for step in trained:
        last = furthest.get(step.step_id)
        if last is None:
            continue
        yield from _allowed(case, configs.get(step.step_id, ()), last)
        if alone is not None:
            yield from _saved(case, last)


def _furthest(case: Case, alone: str | None) -> dict[str, Series]:
    """The series of each training that goes furthest; what names none is of the only one."""
    found: dict[str, Series] = {}
    for series in case.record.series:
        owner = alone if series.step_id is None else series.step_id
        if owner is None or not _is_curve(series):
            continue
        known = found.get(owner)
        if known is None or _reach(series) > _reach(known):
            found[owner] = series
    return found


def _is_curve(series: Series) -> bool:
    return (
        series.type == "number"
        and series.axis == "step"
        and series.last_step is not None
        and not series.attributes.items() >= dict(OVER_CHECKPOINTS).items()
    )


def _reach(series: Series) -> tuple[int, int]:
    return _done(series), series.points


def _done(series: Series) -> int:
    """Steps done at the last point; some producers count their first step as 0."""
    return (series.last_step or 0) + (series.attributes.get("first_step") == "0")


def _saved(case: Case, last: Series) -> Iterator[Hit]:
    done = _done(last)
    beyond = [
        item
        for item in case.record.checkpoints
        if item.step is not None and done < item.step < _LARGEST
    ]
    if not beyond:
        return
    stride = _stride(case, last)
    far = [item for item in beyond if item.step is not None and item.step - done > stride]
    if far:
        worst = max(far, key=lambda item: item.step or 0)
        more = f" ({counted(len(far), 'checkpoint')} in all)" if len(far) > 1 else ""
        message = (
            f"it was saved at step {worst.step}, but the metrics end at step {done}; their points"
            f" are at most {counted(stride, 'step')} apart{more}"
        )
        end = Place(case.place_of(last), f"the last point of {cut(last.key)}")
        yield Hit(message, _place(worst), (end,))


def _place(item: Checkpoint) -> Location:
    return Location(item.path, "", item.at.scope) if item.present else item.at


def _stride(case: Case, series: Series) -> int:
    """The widest gap between two points; from the summary where the points are not there."""
    points = case.points(series)
    if points is not None:
        import numpy as np

        steps = np.unique(points.steps[points.steps != NO_STEP])
        return int(np.max(np.diff(steps))) if len(steps) > 1 else max(int(steps[0]), 1)
    first, last = series.first_step or 0, series.last_step or 0
    return max((last - first) * 2 // max(series.points - 1, 1), 1)


def _allowed(case: Case, configs: Iterable[Config], last: Series) -> Iterator[Hit]:
    limits = [
        (int(said.meaning), said)
        for config in configs
        for said in settings.statements(config)
        if said.setting is settings.STEPS and isinstance(said.meaning, float)
    ]
    most = max((limit for limit, _ in limits), default=None)
    done = _done(last)
    if most is None or done <= most:
        return
    widest: Statement = next(said for limit, said in limits if limit == most)
    message = f"{cut(last.key)} goes on to step {done}, but every configuration ends at step {most}"
    yield Hit(message, case.place_of(last), (Place(widest.at, f"at most {most} steps"),))


RULE = Rule(
    id="RA501",
    name="contradicted-step-count",
    summary="Recorded steps contradict the steps of the metrics",
    severity=Severity.WARNING,
    check=check,
)
