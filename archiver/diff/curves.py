"""Which series of one run answers which of another, and where two curves are at equal places."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.diff.facts import joined
from archiver.diff.names import plain
from archiver.diff.options import Align, RunData
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS, PLACEHOLDER
from archiver.model.record import Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Identity = tuple[str, str, str, tuple[tuple[str, str], ...], str]
"""Name, split, dataset, labels and step of a measurement."""

_OF_THE_RUN = frozenset({"host", "hostname", "job", "node", "run", "run_id", "uuid"})
"""Labels that name the run or its machine rather than what is measured."""
_AGAINST = " vs "
"""Between the name of a curve and another axis that it is drawn over."""
_SCALES = {"epoch": ("epoch",), "tokens": ("tokens_seen", "tokens", "num_input_tokens_seen")}


@dataclass(frozen=True, slots=True)
class Place:
    """The last place that curves share."""

    name: str
    """Such as `step 100`."""
    values: tuple[float, ...]


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


def shared_place(measured: Sequence[tuple[RunData, Series]], align: Align) -> Place | None:
    """The last step (or epoch, or count of tokens) that all curves have, with their values there.

    None where all end there anyway, or nothing says where a point lies.
    """
    import numpy as np

    curves = [
        curve for run, item in measured if (curve := _curve(run, item, align)) and len(curve[0])
    ]
    if len(curves) < len(measured):
        return None
    ends = [float(places.max()) for places, _ in curves]
    place = min(ends)
    if align == "step":
        common = curves[0][0]
        for places, _ in curves[1:]:
            common = np.intersect1d(common, places)
        if not len(common):
            return None
        place = float(common.max())
    if all(end == place for end in ends):
        return None
    values = [float(values[np.flatnonzero(places <= place)[-1]]) for places, values in curves]
    return Place(f"{align} {place:g}", tuple(values))


def _curve(
    run: RunData, series: Series, align: Align
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Places and values of the points that were kept, in order of their places."""
    import numpy as np

    found = _kept(run, series)
    if found is None or not len(found[0]):
        return None
    places, values = found
    if align not in ("step", series.axis):
        scale = _scale(run, series, align)
        if scale is None:
            return None
        places = np.interp(places, *scale)
    order = np.argsort(places, kind="stable")
    return places[order], values[order]


def _kept(run: RunData, series: Series) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    import numpy as np

    points = run.points(series)
    if points is None:
        return None
    there = points.kept & (points.steps != NO_STEP)
    return points.steps[there].astype(np.float64), points.values[there]


def _scale(
    run: RunData, series: Series, align: Align
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The series that says which epoch, or how many tokens, a step was at."""
    import numpy as np

    names = _SCALES[align]
    for item in run.record.series:
        written = item.canonical or plain(item.key.rpartition("/")[2])
        if written in names and item.type == "number" and item.step_id == series.step_id:
            found = _kept(run, item)
            if found is not None and len(found[0]):
                finite = np.isfinite(found[1])
                order = np.argsort(found[0][finite], kind="stable")
                return found[0][finite][order], found[1][finite][order]
    return None
