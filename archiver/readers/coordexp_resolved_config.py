"""CoordExp `resolved_config.json` of a training run: the authored, merged configuration.

The inference pipeline writes another schema under the same name and version; a training file
has an object `resolved`. Nulls are dropped by the producer, so a missing key may be a None.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Config, Step
from archiver.model.values import Value
from archiver.view import View

_FIRST_KEYS = {"schema_version", "config_path", "base_config_path", "dataset_seed"}


def detect(artifact: Artifact) -> Match:
    """A training configuration, not the inference pipeline's of the same name."""
    document = artifact.json()
    value = document.value
    if isinstance(value, dict) and isinstance(value.get("resolved"), dict):
        return Match.YES
    if document.complete:
        return Match.NO
    # Cut before `resolved`: nothing but the keys that stand before it.
    return Match.DAMAGED if not value or _before_resolved(value) else Match.NO


def _before_resolved(value: Value) -> bool:
    return isinstance(value, dict) and value.keys() <= _FIRST_KEYS


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value, version=1)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration itself, and what it says of the run."""
    document = artifact.json()
    claims = []
    path = view.filled("config_path")
    if path:
        claims.append(Claim("config.pipeline_config", path, view.at("config_path"), Trust.COPY))
    logs = view.object("resolved").object("training").filled("logging_dir")
    if logs:
        place = view.at("resolved", "training", "logging_dir")
        claims.append(Claim("paths.logs_root", logs, place, Trust.COPY))
    resolved = view.object("resolved")
    config = Config(
        at=resolved.at(),
        id=artifact.path,
        role="resolved",
        format="json",
        values=resolved.value,
        partial=not document.complete,
    )
    return Reading(
        claims=tuple(claims),
        configs=(config,) if resolved.value else (),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={
            key: view.value[key]
            for key in ("base_config_path", "dataset_seed")
            if view.value.get(key) not in (None, "")
        },
    )


READER = Reader(
    name="coordexp_resolved_config",
    kind="coordexp.resolved_config",
    summary="CoordExp resolved_config.json of a training run: the merged configuration",
    select=files("resolved_config.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
