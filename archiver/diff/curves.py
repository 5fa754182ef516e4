"""Which series of one run answers which of another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from archiver.diff.facts import joined
from archiver.diff.options import RunData
from archiver.model.points import OVER_CHECKPOINTS, PLACEHOLDER
from archiver.model.record import Series

Identity = tuple[str, str, str, tuple[tuple[str, str], ...], str]
"""Name, split, dataset, labels and step of a measurement."""

_OF_THE_RUN = frozenset({"host", "hostname", "job", "node", "run", "run_id", "uuid"})
"""Labels that name the run or its machine rather than what is measured."""
_AGAINST = " vs "
"""Between the name of a curve and another axis that it is drawn over."""


def pairs(
    a: RunData, b: RunData, *, repeats: bool = False
) -> Iterator[tuple[Identity, Series | None, Series | None]]:
    """The measurements of both runs, each once: what another source repeats is left out.

    With `repeats`, also what the other run has under its standard name.
    """
    written = [{_written(run, item) for item in run.record.series} for run in (a, b)]
    for identity, one, other in joined(measurements(a), measurements(b)):
        left, right = one or [], other or []
        if not repeats and (not left or not right):
            run, there = (a, written[1]) if left else (b, written[0])
            if all(_written(run, item) in there for item in (*left, *right)):
                # The other run has it under its standard name, and is compared there.
                continue
        by_key = {item.key: item for item in reversed(right)}
        shared = [item for item in left if item.key in by_key]
        if shared:
            # Several keys of one meaning (two accuracies): each with its own.
            for key in dict.fromkeys(item.key for item in shared):
                yield identity, fullest(left, key), fullest(right, key)
        else:
            yield identity, fullest(left), fullest(right)


def measurements(run: RunData) -> dict[Identity, list[Series]]:
    """The series of each measurement of a run, those left out that repeat another."""
    found: dict[Identity, list[Series]] = defaultdict(list)
    steps = {item.step_id for item in run.record.series}
    repeated = _repeated(run)
    names = _dataset_names(run.record.series)
    for item in run.record.series:
        if _counts(item) and id(item) not in repeated:
            split = item.split or ("train" if item.canonical else "")
            known = run.labels.get(item.step_id or "")
            step = known or (item.step_id or "" if len(steps) > 1 else "")
            name = item.canonical or item.key
            dataset = names.get(item.dataset or "", "")
            found[name, split, dataset, _labels(item), step].append(item)
    return found


def _labels(item: Series) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pair for pair in item.labels.items() if pair[0] not in _OF_THE_RUN))


def _repeated(run: RunData) -> set[int]:
    """Identities of series that say what the run tells elsewhere, and better.

    The same key of a source that is late, rounds or skips, where another's has the standard name;
    a curve drawn over samples besides steps; the result of an evaluation, which is told by its
    step.
    """
    series = run.record.series
    results = {
        (step.step_id, name): value
        for step in run.record.steps
        if step.eval is not None
        for name, value in step.eval.results.items()
    }
    standard = {_written(run, item) for item in series if item.canonical is not None}
    keys = {item.key for item in series}
    found = set()
    for item in series:
        other = item.canonical is None and _written(run, item) in standard
        head, against, _ = item.key.partition(_AGAINST)
        told = results.get((_step(run, item), item.key)) if item.points == 1 else None
        if other or (against and head in keys) or (told is not None and told == item.last):
            found.add(id(item))
    return found


def _written(run: RunData, item: Series) -> tuple[object, ...]:
    """A measurement by the name that its source gives it."""
    return item.key, item.split, item.dataset, _labels(item), _step(run, item)


def _step(run: RunData, item: Series) -> str:
    step_id = item.step_id or ""
    return run.labels.get(step_id, step_id)


def _dataset_names(series: Sequence[Series]) -> dict[str, str]:
    """Data sets by the last part of their paths, where that tells them apart."""
    whole = {item.dataset for item in series if item.dataset}
    short = {path: path.replace("\\", "/").rstrip("/").rpartition("/")[2] for path in whole}
    often = Counter(short.values())
    return {path: name if often[name] == 1 else path for path, name in short.items()}


def _counts(item: Series) -> bool:
    """Whether a series is a curve of numbers that no other repeats.

    The results of evaluations, which some sources give as a curve over checkpoints, are told by
    their steps.
    """
    attributes = item.attributes.items()
    left_out = any(attributes >= dict(pairs).items() for pairs in (OVER_CHECKPOINTS, PLACEHOLDER))
    return item.type == "number" and item.shadow_of is None and item.points > 0 and not left_out


def fullest(items: Sequence[Series], key: str | None = None) -> Series | None:
    """Of several series (of one key), the one with the most points."""
    fitting = [item for item in items if key is None or item.key == key]
    return max(fitting, key=lambda item: item.points, default=None)
