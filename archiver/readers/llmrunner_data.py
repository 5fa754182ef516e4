"""Training data in LLMRunner's data pool: copied parts, merged files, rewritten files.

`data/raw/{cpt,sft}/*.jsonl` holds flattened copies, `merged_input.jsonl` made of them once and
never refreshed, and `sft_input_label.jsonl`; before 2026-01-29 merged files lay with the tokenized
ones, and the flat pool of the first days had no stages. Nobody recorded how many lines they have:
the line feeds are counted now, and no content is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Origin, Trust
from archiver.model.record import Accounting, Dataset
from archiver.rundir import Tree
from archiver.view import emptiness

_PLACE = re.compile(
    r"(?:[^\n]*/)?(?:datapool/(?:experiments/[^/]+/)?|experiments/[^/]+/)"
    r"data/(?:raw|tokenized)/(?:(?P<stage>cpt|sft)/)?(?P<name>[^/]+\.jsonl)"
)
_MERGED = "merged_input.jsonl"
_REWRITTEN = "sft_input_label.jsonl"
_NOTE = "counted when the run was archived"


@dataclass(frozen=True, slots=True)
class Data:
    """One file of data, counted."""

    stage: str
    name: str
    lines: int
    torn: bool


def select(tree: Tree) -> Iterator[Selection]:
    """JSON lines in the data pool."""
    for entry in tree.named("*.jsonl"):
        if _PLACE.fullmatch(entry.path):
            yield Selection(entry.path, (entry,))


def detect(artifact: Artifact) -> Match:
    """Lines of JSON objects, by the first one."""
    first = artifact.head().lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    return Match.YES if first in (b"{", b"") else Match.NO


def parse(artifact: Artifact) -> Data:
    """Count the lines; an unterminated last one counts, too."""
    lines = 0
    last = b"\n"
    for chunk in artifact.chunks():
        lines += chunk.count(b"\n")
        last = chunk[-1:]
    torn = last != b"\n"
    place = _PLACE.fullmatch(artifact.path)
    stage = (place["stage"] if place else None) or ""
    return Data(stage, artifact.name, lines + torn, torn)


def to_reading(data: Data, artifact: Artifact, _points: PointSink) -> Reading:
    """A data set with its size; merged ones answer the template's fields."""
    at = artifact.at()
    merged = data.name == _MERGED
    role = "sft_input_label" if data.name == _REWRITTEN else "merged" if merged else "raw"
    role = f"{role}_{data.stage}" if data.stage and role != "sft_input_label" else role
    claims = []
    if merged and data.stage:
        name, rule = f"data.merged_{data.stage}", "file-in-data-pool"
        claims.append(Claim(name, artifact.path, at, Trust.COPY, Origin.DERIVED, rule, (at,)))
    dataset = Dataset(
        at=at,
        origin=Origin.DERIVED,
        role=role,
        path=artifact.path,
        lines=data.lines,
        bytes=artifact.size,
        note=_NOTE,
    )
    return Reading(
        claims=tuple(claims),
        datasets=(dataset,),
        problems=emptiness(artifact),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=data.lines,
            reasons={"torn-tail": 1} if data.torn else {},
            scope=artifact.run.scope,
        ),
    )


READER = Reader(
    name="llmrunner_data",
    kind="llmrunner.data",
    summary="LLMRunner data pool: raw, merged and rewritten JSON lines, counted",
    select=select,
    detect=detect,
    parse=parse,
    data_set=True,
    map=to_reading,
)
