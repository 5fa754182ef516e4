"""Hugging Face checkpoint directories `checkpoint-<step>`, by their names alone.

Weights and optimizer state are pickles or tensors: inventoried and hashed, never opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, directories
from archiver.model.record import Checkpoint

_NAME = re.compile(r"checkpoint-(\d{1,15})(?:-merged.*)?\Z")
_SIGNS = ("trainer_state.json", "config.json", "adapter_config.json", "args.json")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
_LINKS = {"last": "last", "best": "best"}


@dataclass(frozen=True, slots=True)
class Saved:
    """What the directory's listing tells."""

    step: int
    files: int
    bytes: int
    tags: tuple[str, ...]


def detect(artifact: Artifact) -> Match:
    """A directory of that name with anything a Trainer saves."""
    names = [entry.name for entry in artifact.files]
    known = any(name in _SIGNS or name.endswith(_WEIGHTS) for name in names)
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> Saved:
    """Step from the name, size from the listing, tags from links beside it."""
    match = _NAME.match(artifact.name)
    step = int(match[1]) if match else 0
    beside = {
        tag: artifact.tree.by_path.get(f"{artifact.directory}/{link}".lstrip("/"))
        for link, tag in _LINKS.items()
    }
    tags = tuple(
        tag
        for tag, entry in beside.items()
        if entry is not None
        and (entry.target or "").rstrip("/").rpartition("/")[2] == artifact.name
    )
    return Saved(step, len(artifact.files), artifact.size, tags)


def to_reading(saved: Saved, artifact: Artifact, _points: PointSink) -> Reading:
    """One checkpoint."""
    checkpoint = Checkpoint(
        at=artifact.at(),
        path=artifact.path,
        tags=saved.tags,
        step=saved.step,
        present=True,
        files=saved.files,
        bytes=saved.bytes,
    )
    return Reading(checkpoints=(checkpoint,))


READER = Reader(
    name="hf_checkpoint",
    kind="hf.checkpoint",
    summary="Hugging Face checkpoint-<step> directories",
    select=directories(lambda name: _NAME.match(name) is not None),
    detect=detect,
    parse=parse,
    map=to_reading,
    owns_files=False,
)
