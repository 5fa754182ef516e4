"""codex_ml `metrics_manifest.ndjson`: the values of structured metrics.

The metric's row holds null and a `tags.manifest_id`; the row here of that id holds `descriptor`
(`type`, `payload`, and `shape` or `path` where there are such). The file rotates on its own, so a
row and its descriptor may outlive each other. A caller's own id in the row joins to nothing; the
metric, step, split and run id do.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.model.values import Value
from archiver.producers.codex_rows import MANIFEST_SCHEMA
from archiver.producers.codex_values import spelled, step_number, text_of
from archiver.rundir import Entry
from archiver.shards import Row, ShardedRows, recognised, sharded


@dataclass
class Descriptors:
    """Rows, still to be read, and what they amount to."""

    rows: ShardedRows
    types: Counter[str] = field(default_factory=Counter)
    taken: Counter[SeriesSpec] = field(default_factory=Counter)


def detect(artifact: Artifact) -> Match:
    """Rows with a descriptor."""
    return recognised(artifact, _fits)


def _fits(row: Row) -> bool:
    known = str(row.get("$schema", "")).endswith(MANIFEST_SCHEMA) or "manifest_id" in row
    return known and isinstance(row.get("descriptor"), dict)


def parse(artifact: Artifact) -> Descriptors:
    """A lazy walk over the files."""
    return Descriptors(ShardedRows(artifact))


def to_reading(found: Descriptors, artifact: Artifact, points: PointSink) -> Reading:
    """Each descriptor as a point of a series of objects."""
    for row, _, entry in found.rows:
        if not _fits(row):
            found.rows.drop("unknown-shape")
            continue
        _take(found, artifact, row, entry, points)
    types: dict[str, Value] = dict(sorted(found.types.items()))
    return Reading(
        problems=found.rows.problems(),
        accounting=found.rows.accounting(READER.kind),
        extras={"types": types} if types else {},
    )


def _take(
    found: Descriptors, artifact: Artifact, row: Row, entry: Entry, points: PointSink
) -> None:
    descriptor = row["descriptor"]
    kind = text_of(descriptor, "type") if isinstance(descriptor, dict) else None
    if len(found.types) < 100:
        found.types[kind or "unknown"] += 1
    spec = SeriesSpec(
        text_of(row, "metric") or "",
        artifact.path,
        split=text_of(row, "split"),
        dataset=text_of(row, "dataset"),
        type="object",
    )
    text = spelled({"manifest_id": row.get("manifest_id"), "descriptor": descriptor})
    found.taken[spec] += 1
    limits = artifact.limits
    if len(text) > limits.text_point_bytes or found.taken[spec] > limits.text_points:
        empty: list[str] = []
        points.add(Batch(spec, entry.path, array("q"), empty, non_numeric=1))
        found.rows.reasons["too-large-to-keep"] = found.rows.reasons.get("too-large-to-keep", 0) + 1
        return
    step = step_number(row.get("step"))
    steps = array("q", [NO_STEP if step is None else step])
    points.add(Batch(spec, entry.path, steps, [text]))


READER = Reader(
    name="codex_metric_descriptors",
    kind="codex_ml.metric_descriptors",
    summary="codex_ml metrics_manifest.ndjson: the values of structured metrics",
    select=sharded("metrics_manifest.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
