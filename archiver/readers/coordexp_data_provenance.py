"""CoordExp `train_data_provenance.json` and `eval_data_provenance.json`."""

from __future__ import annotations

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Origin
from archiver.model.record import Dataset, Digest
from archiver.view import View


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value, version=1)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The data of one split: path, size, digest and how it was sampled."""
    document = artifact.json()
    provenance = view.object("provenance")
    split = provenance.filled("split") or view.filled("split") or artifact.name.partition("_")[0]
    source = provenance.object("dataset_source_jsonl")
    path = (
        source.filled("resolved_path")
        or source.filled("raw_path")
        or provenance.filled("dataset_jsonl")
    )
    datasets: tuple[Dataset, ...] = ()
    if path:
        digest = source.filled("sha256")
        datasets = (
            Dataset(
                at=provenance.at(),
                role=split,
                path=path,
                split=split,
                bytes=source.integer("size_bytes"),
                sample_limit=provenance.integer("sample_limit"),
                seed=provenance.integer("dataset_seed"),
                digests=(Digest("sha256", digest, Origin.RECORDED),) if digest else (),
                note=_note(source, provenance),
            ),
        )
    return Reading(
        datasets=datasets,
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _note(source: View, provenance: View) -> str | None:
    notes = []
    if source.flag("exists") is False:
        notes.append("did not exist when the run started")
    reason = source.filled("sha256_skipped_reason")
    if reason:
        notes.append(f"no digest: {reason}")
    if provenance.flag("sample_with_replacement"):
        notes.append("sampled with replacement")
    return "; ".join(notes) or None


READER = Reader(
    name="coordexp_data_provenance",
    kind="coordexp.data_provenance",
    summary="CoordExp train_data_provenance.json / eval_data_provenance.json",
    select=files("train_data_provenance.json", "eval_data_provenance.json"),
    detect=json_object("schema_version", "split", "provenance"),
    parse=parse,
    map=to_reading,
)
