"""W&B `files/wandb-summary.json`: the last value of each metric, or what the program chose.

Offline runs hold no more than `{"_wandb": {"runtime": n}}` here.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Evidence, EvidenceKind
from archiver.model.record import Step
from archiver.model.values import Value
from archiver.producers.wandb_history import flat
from archiver.view import View


def detect(artifact: Artifact) -> Match:
    """An object; the name is W&B's own."""
    document = artifact.json()
    if isinstance(document.value, dict):
        return Match.YES
    return Match.NO if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Last values as the step's metrics; how far the run came."""
    document = artifact.json()
    metrics: dict[str, Value] = {
        key: value
        for key, value in flat(view.value.items())
        if not key.startswith("_") and not isinstance(value, dict | list)
    }
    evidence = []
    step = view.integer("_step")
    if step is not None:
        detail = f"the summary stands at log call {step}"
        evidence.append(Evidence(EvidenceKind.PROGRESS, detail, view.at("_step")))
    runtime = view.object("_wandb").number("runtime") if view.has("_wandb") else None
    runtime = view.number("_runtime") if runtime is None else runtime
    extras: dict[str, Value] = {} if runtime is None else {"runtime_s": runtime}
    return Reading(
        steps=(Step(at=artifact.at(), step_id="1", name="train", metrics=metrics),),
        evidence=tuple(evidence),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras=extras,
    )


READER = Reader(
    name="wandb_summary",
    kind="wandb.summary",
    summary="W&B files/wandb-summary.json: last values of the metrics",
    select=files("wandb-summary.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
