"""What makes a comparison itself doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archiver import settings
from archiver.diff.options import Options, RunData
from archiver.model.differences import Area, Difference, Significance
from archiver.model.record import RunRecord
from archiver.wording import listed

_MOST = 5
_TRACKERS = frozenset({"generic", "mlflow", "slurm", "tensorboard", "wandb", "weights"})


def of(
    a: RunData, b: RunData, differences: Sequence[Difference], options: Options
) -> Iterator[str]:
    """Words of caution; none where nothing differs that matters."""
    if not any(item.significance is Significance.SIGNIFICANT for item in differences):
        return
    if not _writers(a) & _writers(b) and (_writers(a) or _writers(b)):
        yield (
            f"other software wrote the runs ({_names(a)} and {_names(b)}): settings and metrics of"
            " one name may not be the same"
        )
    yield from _unfinished(a, b, options)
    outcome = [
        item
        for item in differences
        if item.area is Area.METRICS and item.significance is Significance.SIGNIFICANT
    ]
    if outcome:
        yield from _steps(a.record, b.record)
        yield _seeds(a.record, b.record, options)


def _writers(run: RunData) -> set[str]:
    """The producers that trained or evaluated; trackers only record what others do."""
    return set(run.record.run.producers) - _TRACKERS


def _names(run: RunData) -> str:
    return ", ".join(run.record.run.producers) or "no known producer"


def _unfinished(a: RunData, b: RunData, options: Options) -> Iterator[str]:
    for name, run in zip(options.names, (a, b), strict=True):
        found = run.record.fields.get("summary.status")
        status = found.value if found is not None else "unknown"
        if status == "unknown":
            yield f"how {name} ended is not known"
        elif status != "success":
            yield f"{name} did not finish: {status}"


def _steps(a: RunRecord, b: RunRecord) -> Iterator[str]:
    counts = [
        [step.training.steps for step in record.steps if step.training and step.training.steps]
        for record in (a, b)
    ]
    if all(counts) and counts[0] != counts[1]:
        one, other = (listed([str(count) for count in side], _MOST) for side in counts)
        told = f"the runs made different numbers of steps ({one} and {other})"
        yield f"{told}: their final values are not of equal steps"


def _seeds(a: RunRecord, b: RunRecord, options: Options) -> str:
    """A difference between single seeds may be chance, and most comparisons are of single seeds."""
    seeds = [_stated(record) for record in (a, b)]
    if not seeds[0] and not seeds[1]:
        return "no seed is recorded of either run: a difference of metrics may be chance"
    if not seeds[0] or not seeds[1]:
        name = options.names[1 if seeds[0] else 0]
        return f"no seed is recorded of {name}: a difference of metrics may be chance"
    one, other = (listed(sorted(side), _MOST) for side in seeds)
    if seeds[0] != seeds[1]:
        return f"the seeds differ ({one} and {other}): a difference of metrics may be chance"
    return f"{options.both} are of one seed ({one}): what another seed would change is not known"


def _stated(record: RunRecord) -> set[str]:
    return {
        f"{item.meaning:g}"
        for config in record.configs
        for item in settings.statements(config)
        if item.setting is settings.SEED and isinstance(item.meaning, float)
    }
