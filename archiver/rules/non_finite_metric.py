"""A metric is NaN or infinite.

What it finds
    Series of numbers with non-finite points, all of one source together: those that never were
    finite, those that end non-finite, and those that recovered. A metric that several sources
    hold is told once. Artifacts that hold no such series but bare `NaN` or `Infinity` tokens are a
    note; so are cells of a table that are no number at all.

Why it matters
    A loss that stays NaN means that the model is lost from there on, whatever the status says; a
    single one that recovers is usually a skipped step. Bare tokens are no JSON: strict parsers
    refuse the whole file.

Example
    warning lightning_logs/version_0/metrics.csv [RA507 non-finite-metric]
            train_loss ends in NaN from step 1 on (5 of 6 points are not finite), val_loss
            is never finite (6 points)

What to do
    Look at the learning rate, the loss scale and the data around the first such step. Do not use
    checkpoints that were saved after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.claims import Location, Problem
from archiver.model.findings import Place
from archiver.model.points import NO_STEP, PLACEHOLDER
from archiver.model.record import Series
from archiver.wording import counted, cut, listed

_TOKEN = "non-finite-token"  # noqa: S105  a word of JSON, no secret
_CELL = "non-numeric"
_NON_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_LONGEST = 200
_MOST_KEYS = 8
_MOST_RELATED = 8


def check(case: Case) -> Iterator[Hit]:
    """One hit per source; then what was met in artifacts that hold no such series."""
    sources: dict[tuple[str, str], list[Series]] = defaultdict(list)
    held: set[tuple[str, str]] = set()
    first: dict[tuple[str | None, ...], tuple[str, str]] = {}
    also: dict[tuple[str, str], dict[Location, None]] = defaultdict(dict)
    for series in case.record.series:
        if series.type != "number" or not series.non_finite:
            continue
        held |= {(series.at.scope, series.at.path), (series.at.scope, series.source)}
        if not _is_told(series):
            continue
        source = (series.at.scope, series.source)
        # The same metric in several sources is one fault.
        fault = (series.key, series.split, series.dataset, series.step_id)
        known = first.setdefault(fault, source)
        if known == source:
            sources[source].append(series)
        else:
            also[known][case.place_of(series)] = None
    for source, group in sources.items():
        yield _hit(case, group, also[source])
    yield from _elsewhere(case, held)


def _is_told(series: Series) -> bool:
    placeholder = series.attributes.items() >= dict(PLACEHOLDER).items()
    return series.shadow_of is None and not placeholder


def _hit(case: Case, group: list[Series], also: Iterable[Location]) -> Hit:
    ordered = sorted(group, key=lambda series: (_recovers(series), series.canonical is None))
    at = case.place_of(ordered[0])
    others = dict.fromkeys(case.place_of(series) for series in ordered)
    splits: dict[str, set[str | None]] = defaultdict(set)
    for series in group:
        splits[series.key].add(series.split)
    told = listed((_told(case, item, splits[item.key]) for item in ordered), _MOST_KEYS)
    related = [Place(place, "the same metric is not finite here") for place in also]
    # MLflow keeps each metric in a file of its own.
    related += [Place(place, "another of these metrics") for place in others if place != at]
    return Hit(told, at, tuple(related[:_MOST_RELATED]))


def _recovers(series: Series) -> bool:
    return not (isinstance(series.last, str) and series.last in _NON_FINITE)


def _told(case: Case, series: Series, splits: set[str | None]) -> str:
    name = cut(f"{series.split}/{series.key}" if len(splits) > 1 else series.key)
    if series.non_finite == series.points:
        return f"{name} is never finite ({counted(series.points, 'point')})"
    share = f"{series.non_finite} of {counted(series.points, 'point')}"
    verb = "is" if series.non_finite == 1 else "are"
    if _recovers(series):
        return f"{name} recovers ({share} {verb} not finite)"
    since = _since(case, series)
    return f"{name} ends in {series.last}{since} ({share} {verb} not finite)"


def _since(case: Case, series: Series) -> str:
    """From which step on no point is finite, where that can be told."""
    points = case.points(series) if series.axis == "step" else None
    if points is None:
        return ""
    import numpy as np

    use = points.kept & (points.steps != NO_STEP)
    steps, values = points.steps[use], points.values[use]
    finite = steps[np.isfinite(values)]
    after = steps[steps > finite.max()] if len(finite) else steps
    return f" from step {int(after.min())} on" if len(after) else ""


def _elsewhere(case: Case, held: set[tuple[str, str]]) -> Iterator[Hit]:
    artifacts: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for problem in case.problems(_TOKEN, _CELL):
        scope, path = problem.at.scope, problem.at.path
        # A rotated shard (`metrics.ndjson.1`) belongs to the source of the first one's name.
        names = {path, path.rpartition(".")[0]}
        if problem.code == _CELL or not any((scope, name) in held for name in names):
            artifacts[scope, path, problem.code].append(problem)
    for problems in artifacts.values():
        first = problems[0]
        places = len({problem.at.place for problem in problems})
        more = f", in {counted(places, 'place')} or more" if places > 1 else ""
        message = f"{cut(first.message, _LONGEST)}{more}"
        yield Hit(message, first.at, hint=first.hint, severity=Severity.NOTE)


RULE = Rule(
    id="RA507",
    name="non-finite-metric",
    summary="A metric is NaN or infinite",
    severity=Severity.WARNING,
    check=check,
    codes=frozenset({_TOKEN, _CELL}),
)
