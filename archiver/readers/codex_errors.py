"""codex_ml `.codex/errors.ndjson`: failures that the run survived.

Rows hold the texts `step` (which part failed), `err` and `ctx`. The producer goes on after each of
them, so they are warnings of the step and no sign of how the run ended.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.record import Step
from archiver.producers.codex_values import text_of
from archiver.shards import Row, ShardedRows, first_rows, is_blank, sharded

_WARNINGS = 1_000


def detect(artifact: Artifact) -> Match:
    """Rows of the three texts; an empty file lies where the producer keeps it."""
    rows = first_rows(artifact)
    if not rows:
        here = artifact.directory.rpartition("/")[2] == ".codex"
        return Match.DAMAGED if here and is_blank(artifact) else Match.NO
    return Match.YES if any(map(_fits, rows)) else Match.NO


def _fits(row: Row) -> bool:
    return "err" in row and "step" in row and "ctx" in row


def parse(artifact: Artifact) -> ShardedRows:
    """A lazy walk over the file."""
    return ShardedRows(artifact)


def to_reading(rows: ShardedRows, artifact: Artifact, _points: PointSink) -> Reading:
    """Each failure as a warning of the training."""
    warnings: list[str] = []
    for row, _, _ in rows:
        if not _fits(row):
            rows.drop("unknown-shape")
        elif len(warnings) < _WARNINGS:
            warnings.append(_warning(row))
    at = artifact.at(path=artifact.entry.path)
    return Reading(
        steps=(Step(at=at, step_id="1", name="train", warnings=tuple(warnings)),),
        problems=rows.problems(),
        accounting=rows.accounting(READER.kind),
    )


def _warning(row: Row) -> str:
    part, error, context = (text_of(row, key) for key in ("step", "err", "ctx"))
    text = ": ".join(word for word in (part, error) if word is not None)
    return f"{text} ({context})" if context is not None else text


READER = Reader(
    name="codex_errors",
    kind="codex_ml.errors",
    summary="codex_ml errors.ndjson: failures that the run survived",
    select=sharded("errors.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
