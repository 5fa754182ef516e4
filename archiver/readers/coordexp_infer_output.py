"""CoordExp inference and evaluation outputs, one sample per line (`gt_vs_pred.jsonl`, ...).

Rows are counted and checked for being whole; their content is data, not provenance.
"""

from __future__ import annotations

from archiver.codecs.ndjson import NdjsonTally
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Artifact as Output
from archiver.view import emptiness

_SIGNS = (b'"gt"', b'"pred"', b'"image"', b'"record_idx"', b'"image_id"', b'"token', b'"rollout')


def detect(artifact: Artifact) -> Match:
    """Rows about images or predictions."""
    head = artifact.head()
    if not head.strip(b"\0 \r\n\t"):
        return Match.DAMAGED
    return Match.YES if any(sign in head for sign in _SIGNS) else Match.NO


def parse(artifact: Artifact) -> NdjsonTally:
    """Counts of the whole file."""
    stream = artifact.rows()
    for _ in stream:
        pass
    return stream.tally


def to_reading(tally: NdjsonTally, artifact: Artifact, _points: PointSink) -> Reading:
    """The output as an artifact of the run."""
    output = Output(at=artifact.at(), path=artifact.path, kind="export", step_id="1")
    return Reading(
        artifacts=(output,),
        problems=(*artifact.problems(tally.flaws), *emptiness(artifact)),
        accounting=artifact.stream_accounting(READER.kind, tally),
        extras={"rows": tally.rows},
    )


READER = Reader(
    name="coordexp_infer_output",
    kind="coordexp.infer_output",
    summary="CoordExp inference outputs with one sample per line",
    select=files(
        "gt_vs_pred*.jsonl",
        "pred.jsonl",
        "pred_token_trace.jsonl",
        "pred_confidence.jsonl",
        "raw_rollouts.jsonl",
        "matches*.jsonl",
    ),
    detect=detect,
    parse=parse,
    map=to_reading,
)
