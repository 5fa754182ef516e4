"""codex_ml metric streams: `metrics.ndjson` and its rotated files, in every dialect at once.

Ten writers append rows of different shapes to files of that name (see
`archiver.producers.codex_rows`): canonical rows (`metric`, `value`, `step`, `split`, `dataset`,
`tags`) with or without `run_id` and `timestamp`, wide rows by epoch, metadata rows, the MLflow
mirror, `LogRecord`, telemetry, `record_metrics`, the W&B fallback, snapshots of the machine. Rows
are flushed by nobody: a killed run ends inside a line. Timestamps are numbers in some versions, ISO
texts in others; the evaluation runner makes them up from the run id, so they are no times at all.
Structured values are null here and stand in `metrics_manifest.ndjson`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Evidence, EvidenceKind, Location, Trust
from archiver.model.record import Config, Dataset, Event, Step
from archiver.model.times import Clock, from_epoch
from archiver.model.values import Value
from archiver.producers.codex_rows import (
    METRICS,
    METRICS_SCHEMA,
    Dialect,
    Tags,
    dialect,
    long_measure,
    measures,
    tags_of,
)
from archiver.producers.codex_system import Samples
from archiver.producers.codex_values import seconds as unix_seconds
from archiver.rundir import Entry, Tree
from archiver.shards import Row, ShardedRows, first_rows, is_blank, sharded

if TYPE_CHECKING:
    from archiver.producers.codex_curves import Curves

_NAME = "metrics.ndjson"
_UNFINISHED = "metrics.ndjson.tmp"
_LONG = (Dialect.CANONICAL, Dialect.LEGACY, Dialect.LOG_RECORD, Dialect.TELEMETRY)
_ENDS = (Dialect.FINAL,)
_KNOWN_KEYS = frozenset(METRICS) | {"timing"}
_RUN_TAGS = ("model", "dataset", "seed", "precision", "lora", "git_commit", "hostname")
_EVENTS = 1_000
_FACTS = 100

_families = sharded(_NAME, "*_metrics.jsonl", "*.ndjson")
_OTHERS = frozenset(
    {
        "metrics_manifest.ndjson", "params.ndjson", "context_params.ndjson", "config.ndjson",
        "provenance.ndjson", "tracking_summary.ndjson", "system_metrics.ndjson",
        "environment.ndjson", "records.ndjson", "predictions.ndjson", "errors.ndjson",
        "telemetry.ndjson", "reasoning_traces.ndjson",
    }
)  # fmt: skip
"""Files of other kinds that the same producer writes."""


@dataclass
class Log:
    """The rows, still to be read, and what reading them finds out."""

    rows: ShardedRows
    dialects: dict[str, dict[str, int]] = field(default_factory=dict)
    """File -> rows by dialect."""
    stamps: Counter[str] = field(default_factory=Counter)
    metadata: list[tuple[Location, dict[str, Value]]] = field(default_factory=list)
    configs: list[tuple[Location, dict[str, Value]]] = field(default_factory=list)
    tags: dict[str, tuple[Value, Location]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    evaluated: dict[str, Value] = field(default_factory=dict)
    """Data set -> its size, of the evaluation runner's rows."""
    ended: tuple[Location, str] | None = None
    last_tags: Value = None
    parsed: Tags = field(default_factory=Tags)
    """Of `last_tags`; one row's are mostly those of the row before."""

    def count(self, path: str, kind: str) -> None:
        """Count a row of a dialect."""
        counts = self.dialects.setdefault(path, {})
        counts[kind] = counts.get(kind, 0) + 1


def select(tree: Tree) -> Iterable[Selection]:
    """Metric files by name, others that end alike, and what an asynchronous writer left."""
    for selection in _families(tree):
        if selection.path.rpartition("/")[2] not in _OTHERS:
            yield selection
    for entry in tree.named(_UNFINISHED):
        if entry.path.removesuffix(".tmp") not in tree.by_path:
            yield Selection(entry.path, (entry,))


def detect(artifact: Artifact) -> Match:
    """Rows of one of the dialects; under another name, canonical rows alone."""
    named = artifact.name in (_NAME, _UNFINISHED)
    rows = first_rows(artifact)
    if not rows:
        damaged = named and (is_blank(artifact) or _begins_alike(artifact))
        return Match.DAMAGED if damaged else Match.NO
    if any(str(row.get("$schema", "")).endswith(METRICS_SCHEMA) for row in rows):
        return Match.YES
    if artifact.name.endswith("_metrics.jsonl"):
        fits = any(dialect(row) is Dialect.TRACKER for row in rows)
    else:
        fits = named and any(map(_fits, rows))
    return Match.YES if fits else Match.NO


def _begins_alike(artifact: Artifact) -> bool:
    """Whether a file without a whole row begins like one of this producer's."""
    return any(
        artifact.open(entry).read_at(0, 200).lstrip(b"\xef\xbb\xbf").startswith(b'{"$schema"')
        for entry in artifact.files
    )


def _fits(row: Row) -> bool:
    kind = dialect(row)
    if kind in (Dialect.CANONICAL, Dialect.LEGACY):
        return "value" in row and ("step" in row or "split" in row)
    if kind is Dialect.WIDE:
        return not _KNOWN_KEYS.isdisjoint(row)
    if kind is Dialect.FINAL:
        return any(key.startswith("eval_") for key in row)
    if kind is Dialect.TRACKER:
        return False
    return kind is not Dialect.OTHER


def parse(artifact: Artifact) -> Log:
    """A lazy walk over the files, oldest first."""
    return Log(ShardedRows(artifact))


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; run id, tags, metadata, attempts and ends into the reading."""
    from archiver.producers.codex_curves import Curves, Origin

    step_id = f"eval:{artifact.directory or '.'}"
    origin = Origin(artifact.path, artifact.run.scope, step_id)
    curves = Curves(origin, points, artifact.limits)
    samples = Samples(artifact.path, points, artifact.limits)
    _walk(log, curves, samples)
    rows = log.rows
    return Reading(
        claims=tuple(_claims(log, curves)),
        configs=tuple(_configs(log, artifact)),
        datasets=tuple(_datasets(log, artifact)),
        steps=_steps(curves, artifact, step_id),
        events=tuple(log.events),
        evidence=tuple(_evidence(log, curves, step_id)),
        attempts=curves.trail(),
        problems=rows.problems(),
        accounting=rows.accounting(READER.kind),
        extras=_extras(log, curves),
    )


def _walk(log: Log, curves: Curves, samples: Samples) -> None:
    for block, entry in log.rows.blocks():
        for row, line in zip(block.rows, block.lines, strict=True):
            if "$schema" in row and isinstance(row.get("metric"), str) and row["metric"]:
                _long_row(log, row, (entry.path, line), curves)
            else:
                _other_row(log, row, (entry, line), curves, samples)
        curves.flush()
        samples.flush()
    curves.finish()


def _long_row(log: Log, row: Row, place: tuple[str, int], curves: Curves) -> None:
    """A canonical or legacy row: nearly all there are, so that each look counts."""
    tags = row.get("tags")
    if tags != log.last_tags:
        log.last_tags, log.parsed = tags, tags_of(tags)
        _tags(log, tags, log.rows.artifact.at(f"L{place[1]}", place[0]))
    measure = long_measure(row, log.parsed)
    if measure.by_runner:
        _evaluated(log, row)
    stamp = row.get("timestamp")
    log.count(place[0], "canonical" if stamp is not None or "run_id" in row else "legacy")
    log.stamps[_stamp_word(stamp, measure.time)] += 1
    curves.take(measure, place)


def _other_row(
    log: Log, row: Row, place: tuple[Entry, int], curves: Curves, samples: Samples
) -> None:
    entry, line = place
    kind = dialect(row)
    log.count(entry.path, kind.value)
    if kind is Dialect.SYSTEM:
        samples.take(row, entry.path)
        return
    used = _facts(log, row, kind, log.rows.at(line, entry))
    for measure in measures(row, kind):
        if kind in _LONG or _is_figure(measure.value) or curves.knows(measure.key):
            curves.take(measure, (entry.path, line))
            used = True
    if not used:
        log.rows.drop("no-measurement")


def _is_figure(value: Value) -> bool:
    """Whether a value beside others is a measurement; texts and lists only go with the row."""
    return isinstance(value, int | float)


def _facts(log: Log, row: Row, kind: Dialect, at: Location) -> bool:
    """Keep what a row says beside its measurements; whether it was of use for that."""
    stamp = row.get("timestamp", row.get("ts"))
    log.stamps[_stamp_word(stamp, unix_seconds(stamp))] += 1
    if kind is Dialect.METADATA:
        if len(log.metadata) < _FACTS:
            log.metadata.append((at, {k: v for k, v in row.items() if k != "phase"}))
        return True
    if kind is Dialect.TRACKER and isinstance(row.get("config"), dict):
        if len(log.configs) < _FACTS:
            config = row["config"]
            log.configs.append((at, config if isinstance(config, dict) else {}))
        return True
    if kind is Dialect.FINAL or (kind is Dialect.MIRROR and row.get("phase") == "final"):
        log.ended = (at, "final figures are written when training is over")
    if kind is Dialect.TELEMETRY and "metric_name" not in row:
        return _event(log, row, at)
    return False


def _stamp_word(stamp: Value, time: float) -> str:
    if isinstance(stamp, str):
        return "unusable" if math.isnan(time) and math.isnan(unix_seconds(stamp)) else "text"
    if stamp is None:
        return "absent"
    return "unusable" if math.isnan(unix_seconds(stamp)) else "number"


def _tags(log: Log, tags: Value, at: Location) -> None:
    """Keep the first value of each tag of the run."""
    for name in _RUN_TAGS:
        if isinstance(tags, dict) and tags.get(name) is not None and name not in log.tags:
            log.tags[name] = (tags[name], at)


def _evaluated(log: Log, row: Row) -> None:
    path = row.get("dataset_path")
    if isinstance(path, str) and path and len(log.evaluated) < _FACTS:
        log.evaluated.setdefault(path, row.get("num_records"))


def _event(log: Log, row: Row, at: Location) -> bool:
    if len(log.events) < _EVENTS:
        time = from_epoch(unix_seconds(row.get("timestamp")), Clock.ZONED)
        name, kind = row.get("event"), row.get("type")
        log.events.append(
            Event(
                at=at,
                time=time.iso() if time else None,
                clock=time.clock.value if time else None,
                kind=name if isinstance(name, str) else str(kind),
                subject="train",
            )
        )
    return True


def _claims(log: Log, curves: Curves) -> Iterator[Claim]:
    first = curves.first()
    run_id = next(iter(curves.run_ids), None)
    if run_id is not None and first is not None:
        # The evaluation runner makes up an id of its own, beside the id of what it evaluates.
        own = curves.by_runner < curves.taken
        yield Claim("summary.run_id", run_id, first, Trust.COPY if own else Trust.HINT)
    commits = [(facts.get("git_commit"), at) for at, facts in log.metadata]
    if "git_commit" in log.tags:
        commits.append(log.tags["git_commit"])
    for commit, at in commits[:1]:
        if isinstance(commit, str) and commit:
            yield Claim("summary.git_commit", commit, at, Trust.COPY)
    if "hostname" in log.tags:
        host, at = log.tags["hostname"]
        if isinstance(host, str):
            yield Claim("summary.host", [host], at, Trust.COPY)


def _configs(log: Log, artifact: Artifact) -> Iterator[Config]:
    kinds = (("metadata", "effective", log.metadata), ("config", "resolved", log.configs))
    for name, role, found in kinds:
        for at, values in found[-1:]:
            yield Config(
                at=at,
                id=f"{artifact.path}#{name}",
                role=role,
                format="ndjson",
                values=values,
                partial=name == "metadata",
            )


def _datasets(log: Log, artifact: Artifact) -> Iterator[Dataset]:
    for at, facts in log.metadata[-1:]:
        source, form = facts.get("dataset_source"), facts.get("dataset_format")
        if isinstance(source, str) and source:
            examples = facts.get("train_examples")
            note = f"{examples} training examples" if examples is not None else None
            more = f"format {form}" if isinstance(form, str) else None
            told = "; ".join(part for part in (note, more) if part) or None
            yield Dataset(at=at, role="train", path=source, split="train", note=told)
    for path, size in log.evaluated.items():
        note = f"{size} records" if isinstance(size, int) else None
        at = artifact.at(path=artifact.entry.path)
        yield Dataset(at=at, role="eval", path=path, note=note)


def _steps(curves: Curves, artifact: Artifact, step_id: str) -> tuple[Step, ...]:
    at = artifact.at(path=artifact.entry.path)
    found = []
    if curves.by_runner:
        found.append(Step(at=at, step_id=step_id, name="eval"))
    if not curves.by_runner or curves.by_runner < curves.taken:
        found.append(Step(at=at, step_id="1", name="train"))
    return tuple(found)


def _evidence(log: Log, curves: Curves, step_id: str) -> Iterator[Evidence]:
    torn = log.rows.torn
    if curves.by_runner and curves.by_runner == curves.taken:
        if torn is not None:
            kinds = (EvidenceKind.RUNNING_WORD, EvidenceKind.DEATH)
            for kind in kinds:
                yield Evidence(kind, "the last line is torn", torn, step_id=step_id)
        return
    yield from curves.evidence(torn)
    if log.ended is not None:
        at, detail = log.ended
        yield Evidence(EvidenceKind.END_MARKER, detail, at)


def _extras(log: Log, curves: Curves) -> dict[str, Value]:
    dialects: dict[str, Value] = {
        path.rpartition("/")[2]: dict(counts) for path, counts in log.dialects.items()
    }
    extras: dict[str, Value] = {
        "files": log.rows.files(),
        "dialects": dialects,
        "timestamps": dict(log.stamps),
    }
    if len(curves.run_ids) > 1:
        extras["run_ids"] = list[Value](list(curves.run_ids)[:_FACTS])
    tags = {name: value for name, (value, _) in log.tags.items()}
    if tags:
        extras["tags"] = tags
    if curves.by_runner:
        extras["made_up_timestamps"] = curves.by_runner
    return extras


READER = Reader(
    name="codex_metrics",
    kind="codex_ml.metrics",
    summary="codex_ml metrics.ndjson with its rotated files: every row, whatever its dialect",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
