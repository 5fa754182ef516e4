"""Weights in safetensors files: their header alone, checked.

Any program may write them; what the header says (tensors, types, parameters) is of the file.
"""

from __future__ import annotations

from archiver.codecs import safetensors_header
from archiver.codecs.safetensors_header import Header
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Accounting
from archiver.model.values import Value


def detect(artifact: Artifact) -> Match:
    """A length and a JSON object behind it; the name alone is a damaged file."""
    head = artifact.head()
    if safetensors_header.looks_like(head, artifact.size):
        return Match.YES
    # A length has zeros; what stands for a file that was not fetched is text.
    return Match.NO if head and b"\0" not in head[:8] else Match.DAMAGED


def parse(artifact: Artifact) -> Header:
    """The header."""
    return safetensors_header.read(artifact.open().read_at, artifact.size, artifact.limits)


def to_reading(header: Header, artifact: Artifact, _points: PointSink) -> Reading:
    """Facts of the header, and what is wrong with it."""
    extras: dict[str, Value] = {
        "tensors": len(header.tensors),
        "parameters": header.parameters,
        "tensor_bytes": header.bytes,
        "dtypes": dict(header.dtypes),
    }
    if header.metadata:
        extras["metadata"] = dict(header.metadata)
    return Reading(
        problems=artifact.problems(header.flaws),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=int(header.complete),
            corrupt=int(not header.complete),
            reasons=dict(header.flaws.counts),
            scope=artifact.run.scope,
        ),
        extras=extras if header.tensors or header.metadata else {},
    )


READER = Reader(
    name="safetensors_weights",
    kind="weights.safetensors",
    summary="Weights in safetensors files: the header",
    select=files("*.safetensors"),
    detect=detect,
    parse=parse,
    map=to_reading,
    fallback=True,
)
