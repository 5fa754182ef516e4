"""Golden values of Megatron-LM's and baselines of MindSpeed-LLM's tests: whole curves as JSON.

Megatron: `{metric: {start_step, end_step, step_interval, values: {step: value}}}`, values rounded
to 5 decimals, the text `nan` for steps that were not run. MindSpeed: `{"lm loss": [...],
"grad norm": [...], "time info": [...], "throughput": [...], "memo info": [{rank, allocated memory,
max allocated memory}]}`, one value per iteration from the first. One directory holds the values of
several machines or models, which are told apart by the file's name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, Selection
from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.model.record import Accounting
from archiver.rundir import Tree
from archiver.view import View

_PEAK = (("memory", "peak"), ("device", "accelerator"))
METRICS: dict[str, Metric] = {
    "lm loss": Metric("loss", "nat/token", "train"),
    "grad norm": Metric("grad_norm", split="train"),
    "grad-norm": Metric("grad_norm", split="train"),
    "num-zeros": Metric("", split="train"),
    "iteration-time": Metric("step_time", "s", "train"),
    "time info": Metric("step_time", "ms", "train"),
    "throughput": Metric("", split="train"),
    "mem-allocated-bytes": Metric("", "B"),
    "mem-max-allocated-bytes": Metric("gpu_mem", "B", None, _PEAK),
    "allocated memory": Metric("", "MiB"),
    "max allocated memory": Metric("gpu_mem", "MiB", None, _PEAK),
}
_MEMORY = "memo info"
_BASELINE = frozenset({"lm loss", "grad norm", "time info", "throughput", _MEMORY})
_SHAPE = frozenset({"start_step", "end_step", "values"})
ROUNDING = 0.5e-5
"""Half of the fifth decimal, of golden values."""
SIGNIFICANT = 0.5e-6
"""Half of the last of seven digits, of baselines, which were read off a log."""
_SERIES = 1_000


@dataclass
class _Curve:
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    non_numeric: int = 0

    def add(self, step: int, value: object) -> None:
        """Take a point; what is no number is counted."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and abs(value) < 10**300:  # type: ignore[arg-type]
            self.steps.append(step)
            self.values.append(float(value))  # type: ignore[arg-type]
        else:
            self.non_numeric += 1


def select(tree: Tree) -> list[Selection]:
    """Files named as golden values, and whatever stands in a directory of baselines."""
    return [
        Selection(entry.path, (entry,))
        for entry in tree.named("*.json")
        if entry.name.startswith("golden_values")
        or entry.parent.rpartition("/")[2].startswith("baseline")
    ]


def detect(artifact: Artifact) -> Match:
    """Either form, recognised by the first metrics."""
    value = artifact.json().value
    if not isinstance(value, dict) or not value:
        return Match.NO
    golden = [item for item in value.values() if isinstance(item, dict) and item.keys() >= _SHAPE]
    if golden and len(golden) == len(value):
        return Match.YES
    listed = all(isinstance(item, list) for item in value.values())
    return Match.YES if listed and "lm loss" in value and value.keys() <= _BASELINE else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, points: PointSink) -> Reading:
    """One series per metric."""
    document = artifact.json()
    read = not_run = 0
    for key, rank, curve in _curves(view):
        read += len(curve.steps)
        not_run += curve.non_numeric
        spec = _spec(key, rank, artifact)
        points.add(
            Batch(spec, artifact.path, curve.steps, curve.values, non_numeric=curve.non_numeric)
        )
    return Reading(
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=read,
            dropped=not_run,
            corrupt=int(not document.complete),
            reasons={**document.flaws.counts, **({"not-run": not_run} if not_run else {})},
            scope=artifact.run.scope,
        ),
    )


def _curves(view: View) -> Iterator[tuple[str, str | None, _Curve]]:
    for key, value in [*view.value.items()][:_SERIES]:
        if key == _MEMORY and isinstance(value, list):
            yield from _memory(view)
            continue
        curve = _Curve()
        if isinstance(value, list):
            for step, item in enumerate(value, 1):
                curve.add(step, item)
        else:
            for text, item in view.object(key).object("values").value.items():
                known = text.isascii() and text.isdecimal() and len(text) < 18
                curve.add(int(text) if known else NO_STEP, item)
        if curve.steps or curve.non_numeric:
            yield key, None, curve


def _memory(view: View) -> Iterator[tuple[str, str | None, _Curve]]:
    for index, item in enumerate(view.items(_MEMORY)[:_SERIES]):
        if isinstance(item, dict):
            rank = item.get("rank", index)
            for key, value in item.items():
                if key != "rank":
                    curve = _Curve()
                    curve.add(NO_STEP, value)
                    yield key[:200], str(rank)[:20], curve


def _spec(key: str, rank: str | None, artifact: Artifact) -> SeriesSpec:
    metric = METRICS.get(key, Metric("", split="train" if rank is None else None))
    labels = (("baseline", artifact.name.removesuffix(".json")),)
    golden = artifact.name.startswith("golden_values")
    return SeriesSpec(
        key,
        artifact.path,
        metric.canonical or None,
        metric.split,
        labels=labels if rank is None else (*labels, ("rank", rank)),
        unit=metric.unit,
        attributes=metric.attributes,
        absolute_error=ROUNDING if golden else 0.0,
        relative_error=0.0 if golden or rank is not None else SIGNIFICANT,
    )


READER = Reader(
    name="megatron_golden",
    kind="megatron.golden",
    summary="Golden values of Megatron-LM's and baselines of MindSpeed-LLM's tests",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
