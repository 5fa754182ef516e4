"""Which series of one run answers which of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from archiver.diff.facts import joined
from archiver.diff.options import RunData
from archiver.model.points import OVER_CHECKPOINTS, PLACEHOLDER
from archiver.model.record import Series

Identity = tuple[str, str, str, tuple[tuple[str, str], ...], str]
"""Name, split, dataset, labels and step of a measurement."""

_OF_THE_RUN = frozenset({"host", "hostname", "job", "node", "run", "run_id", "uuid"})
"""Labels that name the run or its machine rather than what is measured."""


def pairs(a: RunData, b: RunData) -> Iterator[tuple[Identity, Series | None, Series | None]]:
    """The measurements of both runs, each once: what another source repeats is left out."""
    for identity, one, other in joined(_measurements(a), _measurements(b)):
        left, right = one or [], other or []
        by_key = {item.key: item for item in reversed(right)}
        shared = [item for item in left if item.key in by_key]
        if shared:
            # Several keys of one meaning (two accuracies): each with its own.
            for key in dict.fromkeys(item.key for item in shared):
                yield identity, _fullest(left, key), _fullest(right, key)
        else:
            yield identity, _fullest(left), _fullest(right)


def _measurements(run: RunData) -> dict[Identity, list[Series]]:
    found: dict[Identity, list[Series]] = defaultdict(list)
    steps = {item.step_id for item in run.record.series}
    for item in run.record.series:
        if _counts(item):
            labels = tuple(
                sorted(pair for pair in item.labels.items() if pair[0] not in _OF_THE_RUN)
            )
            split = item.split or ("train" if item.canonical else "")
            known = run.labels.get(item.step_id or "")
            step = known or (item.step_id or "" if len(steps) > 1 else "")
            name = item.canonical or item.key
            found[name, split, item.dataset or "", labels, step].append(item)
    return found


def _counts(item: Series) -> bool:
    """Whether a series is a curve of numbers that no other repeats.

    The results of evaluations, which some sources give as a curve over checkpoints, are told by
    their steps.
    """
    attributes = item.attributes.items()
    left_out = any(attributes >= dict(pairs).items() for pairs in (OVER_CHECKPOINTS, PLACEHOLDER))
    return item.type == "number" and item.shadow_of is None and item.points > 0 and not left_out


def _fullest(items: Sequence[Series], key: str | None = None) -> Series | None:
    fitting = [item for item in items if key is None or item.key == key]
    return max(fitting, key=lambda item: item.points, default=None)
