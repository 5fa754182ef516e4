"""Two runs compared, area by area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from archiver.diff import (
    cautions,
    code,
    configs,
    datasets,
    elsewhere,
    environment,
    files,
    metrics,
    packages,
)
from archiver.diff.area import Told
from archiver.diff.options import Options, RunData
from archiver.diff.steps import labelled
from archiver.model.differences import Area, Comparison, Difference, Significance, VariedField

_AREAS: dict[Area, Callable[[RunData, RunData, Options], Told]] = {
    Area.CONFIG: configs.compare,
    Area.METRICS: metrics.compare,
    Area.DATA: datasets.compare,
    Area.CODE: code.compare,
    Area.DEPENDENCIES: packages.compare,
    Area.ENVIRONMENT: environment.compare,
    Area.FILES: files.compare,
}
_BY_AREA = {area: place for place, area in enumerate(Area)}
_BY_SIGNIFICANCE = {word: place for place, word in enumerate(Significance)}


def compare(a: RunData, b: RunData, options: Options | None = None) -> Comparison:
    """Everything that differs between two runs, with what makes the comparison doubtful.

    A run compared with itself differs in nothing; runs given the other way round differ in the
    same, with additions and removals, better and worse exchanged.
    """
    options = options or Options()
    a, b = labelled([a, b])
    options = replace(options, volatile=options.volatile.of_runs(_names(a), _names(b)))
    found: list[Difference] = []
    doubts: list[str] = []
    not_compared: dict[str, str] = {}
    for area, compared in _AREAS.items():
        if area not in options.areas:
            not_compared[area.value] = "not asked for"
            continue
        told = compared(a, b, options)
        if told.not_compared:
            not_compared[area.value] = told.not_compared
        found += told.differences
        doubts += told.cautions
    found = [*elsewhere.once(found)]
    kept = sorted((item for item in found if not ignored(item, options.ignore)), key=order)
    return Comparison(
        a=a.compared,
        b=b.compared,
        differences=tuple(kept),
        # Nothing is doubtful about runs that do not differ.
        cautions=tuple(dict.fromkeys((*cautions.of(a, b, kept, options), *doubts))) if kept else (),
        not_compared=not_compared,
    )


def _names(run: RunData) -> tuple[str, ...]:
    """Names that a run goes by; in other values they say no more than that it is this run."""
    record = run.record
    stated = (record.fields.get(f"summary.{name}") for name in ("run_id", "experiment"))
    texts = [str(item.value) for item in stated if item is not None]
    return (record.run.run_id, record.run.directory, *texts, record.run.experiment)


def order(item: Difference | VariedField) -> tuple[int, int, int, str, str]:
    """Where a difference stands among all: by area, significance, rank and field."""
    place = _BY_AREA[item.area], _BY_SIGNIFICANCE[item.significance], item.rank
    return *place, item.field, item.role


def ignored(item: Difference | VariedField, patterns: tuple[str, ...]) -> bool:
    """Whether shell patterns cover a field: all of it, with its area before it, or its last key."""
    names = item.field, f"{item.area.value}.{item.field}", item.field.rpartition(".")[2]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
