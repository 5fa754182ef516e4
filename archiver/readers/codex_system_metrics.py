"""codex_ml `system_metrics.ndjson`: the machine's load, sampled in the background.

One snapshot per row, timed by `ts` (Unix seconds); see `archiver.producers.codex_system`. GPU keys
are there only where NVML was enabled and worked, and may vanish while the run goes on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Origin, Trust
from archiver.model.times import from_epoch
from archiver.model.values import Value
from archiver.producers.codex_rows import is_snapshot
from archiver.producers.codex_system import METRICS, Samples
from archiver.rundir import Entry
from archiver.shards import ShardedRows, recognised, sharded

_GIB = 1024**3
_BLOCK = 4096


@dataclass
class Load:
    """Snapshots, still to be read."""

    rows: ShardedRows


def detect(artifact: Artifact) -> Match:
    """Snapshots of the machine."""
    return recognised(artifact, is_snapshot)


def parse(artifact: Artifact) -> Load:
    """A lazy walk over the files."""
    return Load(ShardedRows(artifact))


def to_reading(load: Load, artifact: Artifact, points: PointSink) -> Reading:
    """Every number as a point; what the samples say of GPUs as derived claims."""
    samples = Samples(artifact.path, points, artifact.limits)
    here: Entry | None = None
    held = 0
    for row, _, entry in load.rows:
        if entry is not here or held >= _BLOCK:
            samples.flush()
            here, held = entry, 0
        held += 1
        if is_snapshot(row):
            samples.take(row, entry.path)
        else:
            load.rows.drop("no-snapshot")
    samples.flush()
    return Reading(
        claims=tuple(_claims(samples, artifact)),
        attempts=_trail(samples, artifact),
        problems=load.rows.problems(),
        accounting=load.rows.accounting(READER.kind),
        extras=_extras(samples),
    )


def _claims(samples: Samples, artifact: Artifact) -> Iterator[Claim]:
    at = artifact.at(path=artifact.entry.path)

    def derived(name: str, value: float, rule: str) -> Claim:
        return Claim(name, value, at, Trust.COPY, Origin.DERIVED, rule, (at,))

    total, count = samples.gpu_util
    if count:
        yield derived("resources.gpu_util_avg_pct", total / count, "mean-of-samples")
    used, places, most = samples.gpu_mem
    if places:
        yield derived("resources.peak_vram_gb", most / _GIB, "largest-sample")
        yield derived("resources.avg_vram_gb", used / places / _GIB, "mean-of-samples")


def _trail(samples: Samples, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    """When the sampler ran: beside the training, from its start to its end."""
    if math.isnan(samples.first):
        return ()
    first, last = (from_epoch(seconds) for seconds in (samples.first, samples.last))
    mark = AttemptMark(artifact.at(path=artifact.entry.path), first, last)
    return (AttemptTrail(f"{artifact.path}#times", (mark,)),)


def _extras(samples: Samples) -> dict[str, Value]:
    extras: dict[str, Value] = {"samples": samples.taken}
    if samples.minimal:
        # Without psutil `rss` is the peak, and `cpu_percent` comes from the load average.
        extras["minimal_samples"] = samples.minimal
    if samples.taken > 1 and not math.isnan(samples.first):
        extras["seconds_covered"] = round(samples.last - samples.first, 6)
    return extras


READER = Reader(
    name="codex_system_metrics",
    kind="codex_ml.system_metrics",
    summary="codex_ml system_metrics.ndjson: load of CPU, memory, process and GPUs over time",
    select=sharded("system_metrics.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
