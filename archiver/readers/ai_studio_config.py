"""ai-studio `config.json` of the first plan: the frozen copy of the experiment's template.

The template itself, an `experiment.json` without a status, has the same keys and stands beside
the runs. Splits are referred to by number, and hyperparameters may be a subset.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Config, Step
from archiver.producers.ai_studio import CONFIG_KEYS
from archiver.view import View

_SIGNS = ("split_index", "split_name", "augmentations", "hardware")


def detect(artifact: Artifact) -> Match:
    """An object of hyperparameters and a model without a status."""
    if b'"hyperparameters"' not in artifact.head():
        return Match.NO
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict):
        return Match.NO
    signs = sum(key in value for key in _SIGNS)
    if not document.complete:
        damaged = artifact.name == "config.json" and signs
        return Match.DAMAGED if damaged else Match.NO
    shaped = isinstance(value.get("hyperparameters"), dict) and "status" not in value
    return Match.YES if shaped and "model" in value and signs else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration as its author left it; the experiment's name."""
    document = artifact.json()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format="json",
        values={key: view.value[key] for key in CONFIG_KEYS if key in view.value},
        partial=not document.complete,
    )
    name = view.filled("name")
    claims = (Claim("summary.experiment", name, view.at("name"), Trust.STATED),) if name else ()
    return Reading(
        claims=claims,
        configs=(config,),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={key: view.value[key] for key in ("id", "created_at") if view.value.get(key)},
    )


READER = Reader(
    name="ai_studio_config",
    kind="ai_studio.config",
    summary="ai-studio config.json: the configuration of a run of the first plan",
    select=files("config.json", "experiment.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
