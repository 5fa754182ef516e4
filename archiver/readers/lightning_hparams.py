"""PyTorch Lightning's `hparams.yaml`: what the module was given, saved by a logger.

YAML 1.1 as PyYAML dumps it, keys sorted, only values that could be dumped; OmegaConf writes its
own, with interpolations as they are. Tags of Python objects are kept as data; an enum stands there
as its member's name. Nothing was saved: `{}`.
"""

from __future__ import annotations

from archiver import yaml_readings
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Config, Related, Step
from archiver.model.values import Value
from archiver.producers.lightning_keys import resumed_from

_LOGS = ("metrics.csv", "*tfevents*")


def detect(artifact: Artifact) -> Match:
    """A mapping where a Lightning logger writes: beside its metrics, or in a `version_N`."""
    if not _logged(artifact):
        return Match.NO
    document = artifact.yaml()
    if document.complete:
        return Match.YES if isinstance(document.value, dict) else Match.NO
    return Match.DAMAGED


def _logged(artifact: Artifact) -> bool:
    home = artifact.directory
    if home.rpartition("/")[2].startswith("version_"):
        return True
    return any(entry.parent == home for entry in artifact.tree.named(*_LOGS))


def parse(artifact: Artifact) -> dict[str, Value]:
    """The document's mapping."""
    value = artifact.yaml().value
    return value if isinstance(value, dict) else {}


def to_reading(values: dict[str, Value], artifact: Artifact, _points: PointSink) -> Reading:
    """The parameters as a resolved configuration."""
    document = artifact.yaml()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="resolved",
        format="yaml",
        values=values,
        types=yaml_readings.types(artifact),
        partial=not document.complete,
    )
    before = resumed_from(values)
    return Reading(
        configs=(config,) if values else (),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        related=(Related("resumed_from", before),) if before is not None else (),
        problems=tuple(yaml_readings.problems(artifact)),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="lightning_hparams",
    kind="lightning.hparams",
    summary="PyTorch Lightning hparams.yaml: parameters of the module",
    select=files("hparams.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
