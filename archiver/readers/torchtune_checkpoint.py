"""torchtune checkpoints: `epoch_<N>/`, N from 0, by the names and sizes of their files alone.

Either the adapter alone, or merged weights (`model-00001-of-0000K.safetensors` and an index) with
the adapter in `adapter_weights/`. Small files of the base model are copied beside them, and jobs
that evaluate the checkpoint write their output there; neither says anything of the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, directories
from archiver.model.claims import Problem
from archiver.model.record import Checkpoint
from archiver.rundir import Entry

_NAME = re.compile(r"epoch_(\d{1,9})\Z", re.ASCII)
_SHARD = re.compile(r"(.{1,60})-(\d{5})-of-(\d{5})\.(?:safetensors|bin|pt)\Z", re.ASCII)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
_OF_EVALS = re.compile(r"(?:slurm-.*\.(?:out|err)|gpu_metrics\.csv)\Z")
_ADAPTER_CONFIG = "adapter_config.json"
_MOST_SHARDS = 10_000


@dataclass(frozen=True, slots=True)
class Saved:
    """What the directory's listing tells."""

    epoch: int
    files: int
    bytes: int
    last: bool
    missing: tuple[str, ...]
    """What shows that it is not whole."""


def detect(artifact: Artifact) -> Match:
    """A directory of that name with weights in it."""
    return Match.YES if any(_is_weight(entry) for entry in artifact.files) else Match.NO


def _is_weight(entry: Entry) -> bool:
    return entry.name.endswith(_WEIGHTS) and "original" not in entry.path.split("/")


def parse(artifact: Artifact) -> Saved:
    """Epoch from the name, the rest from the listing."""
    match = _NAME.match(artifact.name)
    own = [entry for entry in artifact.files if not _OF_EVALS.match(entry.name)]
    epoch = int(match[1]) if match else 0
    later = (other > epoch for other, _ in _siblings(artifact, reverse=True))
    first = next((path for _, path in _siblings(artifact)), None)
    return Saved(
        epoch,
        len(own),
        sum(entry.size for entry in own),
        last=not any(later),
        missing=tuple(_missing(artifact, own, first)),
    )


def _siblings(artifact: Artifact, *, reverse: bool = False) -> Iterator[tuple[int, str]]:
    """The other epochs with weights beside it, in natural order: a few tell enough."""
    tree = artifact.tree
    beside = tree.children.get(artifact.directory, [])
    for path in reversed(beside) if reverse else beside:
        match = _NAME.match(path.rpartition("/")[2]) if path != artifact.path else None
        if match and any(_is_weight(entry) for entry in tree.directories[path]):
            yield int(match[1]), path


def _missing(artifact: Artifact, own: list[Entry], first: str | None) -> Iterator[str]:
    names = {entry.name for entry in own}
    weights = [entry for entry in own if _is_weight(entry)]
    for entry in weights:
        if not entry.size:
            yield f"{entry.name} is empty"
    if any(name.startswith("adapter_model.") for name in names) and _ADAPTER_CONFIG not in names:
        yield f"{_ADAPTER_CONFIG} is not there"
    yield from _shards(names)
    if first is not None:
        # Every epoch saves the same tensors: a file that is smaller than its twin was cut.
        for entry in weights:
            twin = artifact.tree.by_path.get(first + entry.path.removeprefix(artifact.path))
            if twin is not None and 0 < entry.size < twin.size:
                yield f"{entry.name} is smaller than that of {first.rpartition('/')[2]}"


def _shards(names: set[str]) -> Iterator[str]:
    found: dict[tuple[str, int], set[int]] = {}
    for name in names:
        match = _SHARD.match(name)
        if match and int(match[3]) <= _MOST_SHARDS:
            found.setdefault((match[1], int(match[3])), set()).add(int(match[2]))
    for (stem, total), numbers in sorted(found.items()):
        lost = total - len(numbers)
        if lost > 0:
            yield f"{lost} of {total} shards of {stem} are not there"
        if f"{stem}.safetensors.index.json" not in names and stem == "model":
            yield "the index of the shards is not there"


def to_reading(saved: Saved, artifact: Artifact, _points: PointSink) -> Reading:
    """One checkpoint."""
    checkpoint = Checkpoint(
        at=artifact.at(),
        path=artifact.path,
        tags=("last",) if saved.last else (),
        epoch=float(saved.epoch),
        present=True,
        files=saved.files,
        bytes=saved.bytes,
    )
    return Reading(checkpoints=(checkpoint,), problems=tuple(_problems(saved, artifact)))


def _problems(saved: Saved, artifact: Artifact) -> Iterator[Problem]:
    if saved.missing:
        hint = "it may have been half written when the job ended; use an earlier epoch"
        message = "the checkpoint is not whole: " + "; ".join(saved.missing[:5])
        yield artifact.problem("incomplete-checkpoint", message, hint=hint)


READER = Reader(
    name="torchtune_checkpoint",
    kind="torchtune.checkpoint",
    summary="torchtune epoch_<N> directories: adapter or merged weights",
    select=directories(lambda name: _NAME.match(name) is not None),
    detect=detect,
    parse=parse,
    map=to_reading,
    owns_files=False,
)
