"""codex_ml `records.ndjson` and `predictions.ndjson`: what was evaluated, record by record.

Rows hold `index`, `text`, `prediction` and `target`, not escaped: characters that Unicode counts
as line ends stand inside of strings. They are counted, and neither kept nor judged.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading
from archiver.model.record import Artifact as Made
from archiver.model.record import Evaluation, Step
from archiver.shards import Row, ShardedRows, recognised, sharded


def detect(artifact: Artifact) -> Match:
    """Rows with a prediction and its target."""
    return recognised(artifact, _fits)


def _fits(row: Row) -> bool:
    return "prediction" in row and ("target" in row or "index" in row)


def parse(artifact: Artifact) -> ShardedRows:
    """A lazy walk over the file."""
    return ShardedRows(artifact)


def to_reading(rows: ShardedRows, artifact: Artifact, _points: PointSink) -> Reading:
    """How many records were done."""
    done = 0
    for row, _, _ in rows:
        if _fits(row):
            done += 1
        else:
            rows.drop("unknown-shape")
    step_id = f"eval:{artifact.directory or '.'}"
    at = artifact.at(path=artifact.entry.path)
    evaluation = Evaluation(samples={"done": done})
    return Reading(
        steps=(Step(at=at, step_id=step_id, name="eval", eval=evaluation),),
        artifacts=(Made(at=at, path=artifact.entry.path, kind="other", step_id=step_id),),
        problems=rows.problems(),
        accounting=rows.accounting(READER.kind),
    )


READER = Reader(
    name="codex_eval_records",
    kind="codex_ml.eval_records",
    summary="codex_ml records.ndjson, predictions.ndjson: evaluated records, counted",
    select=sharded("records.ndjson", "predictions.ndjson"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
