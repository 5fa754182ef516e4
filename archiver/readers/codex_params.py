"""codex_ml `params.ndjson` and `context_params.ndjson`: parameters of each start of a run.

Newer commits write one row per start or resume into `params.ndjson` (`cli`, `config`, `derived`,
`metadata`, schema `run_params`); the last row is current. `context_params.ndjson` holds one row
per key (`type` is `param`, `name`, `value`); older commits wrote those rows into `params.ndjson`,
so that either file may hold either shape. `config` may be empty.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Location, Trust
from archiver.model.record import Command, Config, Event, Step
from archiver.model.times import Instant
from archiver.model.values import Value, same
from archiver.producers.codex_values import flattened, instant, object_of, text_of
from archiver.shards import Row, ShardedRows, recognised, sharded

_STARTS = 1_000


@dataclass
class Params:
    """Rows, still to be read, and what they say."""

    rows: ShardedRows
    starts: list[tuple[Row, Location]] = field(default_factory=list)
    named: dict[str, tuple[Value, Location]] = field(default_factory=dict)
    run_id: tuple[str, Location] | None = None
    began: tuple[Instant, Location] | None = None
    """Earliest time of the rows that hold one key each."""


def detect(artifact: Artifact) -> Match:
    """Rows of one of the two shapes."""
    return recognised(artifact, lambda row: _is_start(row) or _is_param(row))


def _is_start(row: Row) -> bool:
    return isinstance(row.get("cli"), dict) and isinstance(row.get("config"), dict)


def _is_param(row: Row) -> bool:
    return row.get("type") == "param" and isinstance(row.get("name"), str)


def parse(artifact: Artifact) -> Params:
    """A lazy walk over the files."""
    return Params(ShardedRows(artifact))


def to_reading(params: Params, artifact: Artifact, _points: PointSink) -> Reading:
    """Run id, experiment, start, configuration and the attempts."""
    for row, line, entry in params.rows:
        at = params.rows.at(line, entry)
        if _is_start(row) and len(params.starts) < _STARTS:
            params.starts.append((row, at))
        elif _is_param(row) and len(params.named) < artifact.limits.series:
            params.named[str(row["name"])] = (row.get("value"), at)
            began = instant(row.get("timestamp", row.get("ts")))
            if began is not None and (
                params.began is None or began.micros < params.began[0].micros
            ):
                params.began = (began, at)
        else:
            params.rows.drop("unknown-shape")
            continue
        run_id = text_of(row, "run_id")
        if run_id is not None:
            params.run_id = (run_id, at)
    return Reading(
        claims=tuple(_claims(params)),
        configs=tuple(_configs(params, artifact)),
        steps=tuple(_steps(params, artifact)),
        events=tuple(_events(params)),
        attempts=_trail(params, artifact),
        problems=params.rows.problems(),
        accounting=params.rows.accounting(READER.kind),
        extras=_extras(params),
    )


def _claims(params: Params) -> Iterator[Claim]:
    if params.run_id is not None:
        yield Claim("summary.run_id", *params.run_id)
    if params.starts:
        first, at = params.starts[0]
        began = instant(first.get("timestamp"))
        if began is not None:
            yield Claim("summary.started_at", began.iso(), at)
        last, at = params.starts[-1]
        metadata = object_of(last, "metadata")
        experiment = text_of(metadata, "experiment")
        if experiment is not None:
            yield Claim("summary.experiment", experiment, at)
        directory = text_of(object_of(metadata, "tracking"), "run_dir")
        if directory is not None:
            yield Claim("paths.workdir", directory, at)
    elif params.began is not None:
        yield Claim("summary.started_at", params.began[0].iso(), params.began[1], Trust.COPY)
    experiment_row = params.named.get("experiment")
    if experiment_row is not None and isinstance(experiment_row[0], str):
        yield Claim("summary.experiment", experiment_row[0], experiment_row[1], Trust.COPY)


def _configs(params: Params, artifact: Artifact) -> Iterator[Config]:
    if params.starts:
        row, at = params.starts[-1]
        parts = (
            ("config", "resolved", object_of(row, "config")),
            ("cli.options", "launcher", object_of(object_of(row, "cli"), "options")),
            ("derived", "effective", object_of(row, "derived")),
        )
        for name, role, values in parts:
            if values:
                yield Config(
                    at=at,
                    id=f"{artifact.path}#{name}",
                    role=role,
                    format="ndjson",
                    values=dict(values),
                    partial=name != "config",
                )
    if params.named:
        yield Config(
            at=next(iter(params.named.values()))[1],
            id=artifact.path,
            role="resolved",
            format="ndjson",
            values={name: value for name, (value, _) in params.named.items()},
            # A resume writes its keys again; the file is no whole configuration.
            partial=True,
        )


def _steps(params: Params, artifact: Artifact) -> Iterator[Step]:
    argv: tuple[str, ...] = ()
    at = artifact.at(path=artifact.entry.path)
    if params.starts:
        row, at = params.starts[-1]
        argv = _argv(row)
    command = Command(argv=argv) if argv else None
    yield Step(at=at, step_id="1", name="train", command=command)


def _argv(row: Row) -> tuple[str, ...]:
    argv = object_of(row, "cli").get("argv")
    return tuple(str(part) for part in argv) if isinstance(argv, list) else ()


def _trail(params: Params, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    """Each row of a start is an attempt."""
    marks = []
    before: Row | None = None
    for row, at in params.starts:
        argv = _argv(row)
        marks.append(
            AttemptMark(
                at,
                instant(row.get("timestamp")),
                command=shlex.join(argv) if argv else None,
                params_changed=_changes(before, row),
            )
        )
        before = row
    return (AttemptTrail(artifact.path, tuple(marks)),) if marks else ()


def _changes(before: Row | None, row: Row) -> tuple[tuple[str, Value], ...]:
    """Parameters whose value differs from that of the start before; the new values."""
    if before is None:
        return ()
    old, new = (flattened(object_of(item, "config")) for item in (before, row))
    changed = [
        (key, value) for key, value in new.items() if key not in old or not same(old[key], value)
    ]
    return (*changed, *((key, None) for key in old if key not in new))


def _events(params: Params) -> Iterator[Event]:
    for number, (row, at) in enumerate(params.starts):
        moment = instant(row.get("timestamp"))
        yield Event(
            at=at,
            time=moment.iso() if moment else None,
            clock=moment.clock.value if moment else None,
            kind="resume" if number else "start",
            subject="train",
        )


def _extras(params: Params) -> dict[str, Value]:
    if not params.starts:
        return {}
    return {"metadata": dict(object_of(params.starts[-1][0], "metadata"))}


READER = Reader(
    name="codex_params",
    kind="codex_ml.params",
    summary="codex_ml params.ndjson and context_params.ndjson: parameters of each start",
    select=sharded("params.ndjson", "context_params.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
