"""`adapter_config.json` that torchtune saves with an adapter, in the form of PEFT.

Five keys; PEFT's own has many more. `base_model_name_or_path` is the hub's name until a step after
training puts a local path there, which goes stale when the base model moves.
"""

from __future__ import annotations

import re

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Config
from archiver.view import View

_KEYS = frozenset({"r", "lora_alpha", "target_modules", "peft_type", "base_model_name_or_path"})
_PLACE = re.compile(r"(?:.*/)?epoch_\d{1,9}(?:/adapter_(?:weights|model))?\Z", re.ASCII)


def detect(artifact: Artifact) -> Match:
    """An object of torchtune's few keys, in a directory of one of its checkpoints."""
    if not _PLACE.match(artifact.directory):
        return Match.NO
    document = artifact.json()
    if not document.complete:
        return Match.DAMAGED
    value = document.value
    few = isinstance(value, dict) and {"r", "peft_type"} <= value.keys() <= _KEYS
    return Match.YES if few else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The adapter's shape, as it was used."""
    document = artifact.json()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="effective",
        format="json",
        values=view.value,
        partial=True,
    )
    return Reading(
        configs=(config,) if view.value else (),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="torchtune_adapter_config",
    kind="torchtune.adapter_config",
    summary="torchtune adapter_config.json: rank, alpha, targets, base model",
    select=files("adapter_config.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
