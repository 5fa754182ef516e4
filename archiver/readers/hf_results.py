"""Hugging Face `all_results.json`, `train_results.json`, `eval_results.json` and the like.

`Trainer.save_metrics` writes them when training (or evaluation) is over: flat objects of final
figures. Some scripts write the same figures as `metrics.json`.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Evidence, EvidenceKind, Trust
from archiver.model.record import Step
from archiver.view import View

_PREFIXES = ("train_", "eval_", "test_", "predict_")


def detect(artifact: Artifact) -> Match:
    """A flat object with figures of the Trainer."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict) or not document.complete:
        damaged = artifact.name != "metrics.json" and not document.complete
        return Match.DAMAGED if damaged else Match.NO
    flat = not any(isinstance(item, list | dict) for item in value.values())
    known = any(key.startswith(_PREFIXES) for key in value)
    timed = any(key.endswith(("_runtime", "_samples_per_second")) for key in value)
    wanted = timed if artifact.name == "metrics.json" else known
    return Match.YES if flat and wanted else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Final figures of the training step, and the sign that it ended."""
    document = artifact.json()
    claims = []
    evidence = []
    runtime = view.number("train_runtime")
    if runtime is not None:
        place = view.at("train_runtime")
        claims.append(Claim("resources.train_time_sec", runtime, place, Trust.COPY))
        detail = "results with train_runtime are written when training is over"
        evidence.append(Evidence(EvidenceKind.END_MARKER, detail, place))
    figures = {
        key: value
        for key, value in view.value.items()
        if isinstance(value, int | float) and key != "epoch"
    }
    step = Step(at=artifact.at(), step_id="1", name="train", metrics=dict(figures))
    return Reading(
        claims=tuple(claims),
        steps=(step,),
        evidence=tuple(evidence),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="hf_results",
    kind="hf.results",
    summary="Hugging Face all_results.json / train_results.json / eval_results.json",
    select=files(
        "all_results.json",
        "train_results.json",
        "eval_results.json",
        "test_results.json",
        "predict_results.json",
        "metrics.json",
    ),
    detect=detect,
    parse=parse,
    map=to_reading,
)
