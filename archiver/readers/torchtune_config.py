"""torchtune configurations: `finetune.yaml`, and `torchtune_config.yaml` beside the weights.

The first is what a run was started with, and is rewritten in place when a job that ran out of
memory is tried again with a smaller batch. The second is saved by the metric logger at each start,
overrides of the command line merged in. Both are unresolved: `${...}` stands as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archiver import yaml_readings
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Config
from archiver.model.values import Value
from archiver.producers import torchtune_values
from archiver.view import View

_AUTHORED = "finetune.yaml"
_CLAIMS = (
    ("my_wandb_run_name", "summary.run_id"),
    ("output_dir", "paths.workdir"),
)


def detect(artifact: Artifact) -> Match:
    """A mapping whose parts name components of torchtune."""
    document = artifact.yaml()
    if torchtune_values.is_config(document.value):
        return Match.YES
    if document.complete:
        return Match.NO
    head = artifact.head()
    torn = b"_component_" in head or not head.strip(b"\0 \r\n\t")
    return Match.DAMAGED if torn else Match.NO


def parse(artifact: Artifact) -> View:
    """The mapping as a typed view."""
    return View.of(artifact, artifact.yaml().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration as written, and the names and places that it gives."""
    document = artifact.yaml()
    values = torchtune_values.unresolved(view.value)
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored" if artifact.name == _AUTHORED else "launcher",
        format="yaml",
        values=values if isinstance(values, dict) else {},
        types=yaml_readings.types(artifact),
        partial=not document.complete,
    )
    return Reading(
        claims=tuple(_claims(view, artifact)),
        configs=(config,) if view.value else (),
        datasets=tuple(
            replace(item, at=view.at("dataset" if item.role == "train" else "dataset_val"))
            for item in torchtune_values.datasets(view.value, artifact.at())
        ),
        problems=(*yaml_readings.problems(artifact), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _claims(view: View, artifact: Artifact) -> Iterator[Claim]:
    for key, name in _CLAIMS:
        text = view.filled(key)
        if text is not None and "${" not in text:
            yield Claim(name, text, view.at(key), Trust.COPY)
    if artifact.name == _AUTHORED:
        yield Claim("config.pipeline_config", artifact.path, artifact.at())
    logs: Value = view.object("metric_logger").value.get("log_dir")
    if isinstance(logs, str) and logs and "${" not in logs:
        yield Claim("paths.logs_root", logs, view.at("metric_logger", "log_dir"), Trust.COPY)


READER = Reader(
    name="torchtune_config",
    kind="torchtune.config",
    summary="torchtune finetune.yaml / torchtune_config.yaml: the configuration, unresolved",
    select=files("finetune.yaml", "torchtune_config.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
