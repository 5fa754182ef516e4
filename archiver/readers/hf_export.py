"""A model in the form of Hugging Face: `config.json` beside its weights.

Converters and trainers write it when they are done. `transformers_version` is that of the library
that saved the configuration, which is often where the model came from and not the run. Base models
that a pipeline copied are inputs; those in `checkpoint-<n>` (Trainer) and `epoch_<n>` (torchtune)
belong to the checkpoint.
"""

from __future__ import annotations

import re

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Origin
from archiver.model.record import Artifact as Product
from archiver.model.record import Dependency
from archiver.view import View

_WEIGHTS = re.compile(
    r"(?:model|pytorch_model|adapter_model|consolidated)[\w.-]{0,60}"
    r"\.(?:safetensors|bin|index\.json)\Z"
)
_BASE = re.compile(r"(?:^|/)model/base/")
_CHECKPOINT = re.compile(r"(?:checkpoint-|epoch_)\d{1,15}\b")
_NOTE = "version that saved the model's config.json, often its origin's and not the run's"


def detect(artifact: Artifact) -> Match:
    """A model's configuration with weights beside it."""
    if _CHECKPOINT.match(artifact.directory.rpartition("/")[2]) or not _weights(artifact):
        return Match.NO
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict):
        return Match.NO
    known = isinstance(value.get("model_type"), str) or isinstance(value.get("architectures"), list)
    return Match.YES if known else Match.NO


def _weights(artifact: Artifact) -> bool:
    folder = artifact.directory
    below = artifact.tree.directories.get(folder, []) if folder else artifact.tree.files
    return any(entry.parent == folder and _WEIGHTS.match(entry.name) for entry in below)


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The directory as a product of the run, unless it is a copied base model."""
    document = artifact.json()
    base = _BASE.search(f"{artifact.directory}/") is not None
    at = artifact.at()
    version = view.filled("transformers_version")
    place = view.at("transformers_version")
    saved_by = Dependency(
        at=place,
        origin=Origin.DERIVED,
        name="transformers",
        version=version,
        kind="imported",
        note=_NOTE,
    )
    product = Product(at=at, path=artifact.directory or ".", kind="hf_model")
    kept = ("model_type", "architectures", "torch_dtype", "dtype", "transformers_version")
    return Reading(
        dependencies=(saved_by,) if version is not None and not base else (),
        artifacts=() if base else (product,),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={
            "role": "base model" if base else "product",
            **{key: view.value[key] for key in kept if key in view.value},
        },
    )


READER = Reader(
    name="hf_export",
    kind="hf.export",
    summary="Models exported in the form of Hugging Face: config.json beside weights",
    select=files("config.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
