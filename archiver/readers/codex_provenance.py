"""codex_ml `provenance.ndjson`: commit, host and working directory of each start.

Rows have `type` `provenance` and a `payload` of `git_commit` (abbreviated), `hostname` and `cwd`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Location
from archiver.model.record import Command, Step
from archiver.model.values import Value
from archiver.producers.codex_values import instant, object_of, text_of
from archiver.shards import Row, ShardedRows, recognised, sharded

_STARTS = 1_000
_Starts = list[tuple[Row, Location]]
_KNOWN = frozenset({"git_commit", "hostname", "cwd"})


def detect(artifact: Artifact) -> Match:
    """Rows of type `provenance`."""
    return recognised(artifact, _fits)


def _fits(row: Row) -> bool:
    return row.get("type") == "provenance" and isinstance(row.get("payload"), dict)


def parse(artifact: Artifact) -> ShardedRows:
    """A lazy walk over the files."""
    return ShardedRows(artifact)


def to_reading(rows: ShardedRows, artifact: Artifact, _points: PointSink) -> Reading:
    """Commit, hosts, run id, and an attempt per start."""
    starts = rows.those(_fits, _STARTS)
    return Reading(
        claims=tuple(_claims(starts)),
        steps=tuple(_steps(starts)),
        attempts=_trail(starts, artifact),
        problems=rows.problems(),
        accounting=rows.accounting(READER.kind),
        extras=_extras(starts),
    )


def _claims(starts: _Starts) -> Iterator[Claim]:
    hosts: dict[str, Location] = {}
    for row, at in starts:
        host = text_of(object_of(row, "payload"), "hostname")
        if host is not None:
            hosts.setdefault(host, at)
    for host, at in hosts.items():
        yield Claim("summary.host", [host], at)
    for row, at in starts[-1:]:
        run_id = text_of(row, "run_id")
        if run_id is not None:
            yield Claim("summary.run_id", run_id, at)
        commit = text_of(object_of(row, "payload"), "git_commit")
        if commit is not None:
            yield Claim("summary.git_commit", commit, at)


def _steps(starts: _Starts) -> Iterator[Step]:
    for row, at in starts[-1:]:
        cwd = text_of(object_of(row, "payload"), "cwd")
        command = Command(cwd=cwd) if cwd is not None else None
        yield Step(at=at, step_id="1", name="train", command=command)


def _trail(starts: _Starts, artifact: Artifact) -> tuple[AttemptTrail, ...]:
    marks = tuple(
        AttemptMark(
            at,
            instant(row.get("timestamp", row.get("ts"))),
            host=text_of(object_of(row, "payload"), "hostname"),
        )
        for row, at in starts
    )
    return (AttemptTrail(artifact.path, marks),) if marks else ()


def _extras(starts: _Starts) -> dict[str, Value]:
    """What a payload holds beyond the known keys."""
    more: dict[str, Value] = {}
    for row, _ in starts:
        payload = object_of(row, "payload")
        more.update({key: value for key, value in payload.items() if key not in _KNOWN})
    return more


READER = Reader(
    name="codex_provenance",
    kind="codex_ml.provenance",
    summary="codex_ml provenance.ndjson: commit, host and working directory of each start",
    select=sharded("provenance.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
