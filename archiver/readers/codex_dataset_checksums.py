"""codex_ml `dataset_checksums.json`: path -> SHA-256 of each data file of a `train_loop` run."""

from __future__ import annotations

import re

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Origin
from archiver.model.record import Dataset, Digest
from archiver.view import View

_DIGEST = re.compile(r"[0-9a-fA-F]{64}\Z")


def detect(artifact: Artifact) -> Match:
    """An object of digests and nothing else."""
    document = artifact.json()
    value = document.value
    if not document.complete:
        return Match.DAMAGED
    if not isinstance(value, dict):
        return Match.NO
    return Match.YES if all(map(_is_digest, value.values())) else Match.NO


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.match(value) is not None


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Each file as data with its recorded digest."""
    document = artifact.json()
    datasets = tuple(
        Dataset(
            at=view.at(path),
            role="train",
            path=path,
            digests=(Digest("sha256", str(value).lower(), Origin.RECORDED),),
        )
        for path, value in view.value.items()
        if _is_digest(value)
    )
    books = artifact.document_accounting(READER.kind, document.flaws, complete=document.complete)
    return Reading(datasets=datasets, problems=artifact.problems(document.flaws), accounting=books)


READER = Reader(
    name="codex_dataset_checksums",
    kind="codex_ml.dataset_checksums",
    summary="codex_ml dataset_checksums.json: digests of the data",
    select=files("dataset_checksums.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
