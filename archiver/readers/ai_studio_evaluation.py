"""ai-studio's evaluation of a trained experiment, in three files.

`evaluation.json` has status, checkpoint and progress, `aggregate.json` the figures,
`results.json` one entry per image. They stand together in one directory (`evaluation/` of the
experiment; in the first plan `evaluations/<id>/` of the project). Their shape depends on the
task, without a sign of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Evidence, EvidenceKind
from archiver.model.record import Evaluation, Event, Step
from archiver.model.times import parse_iso
from archiver.model.values import Value
from archiver.producers.ai_studio import TERMINAL, is_number
from archiver.view import View

_AGGREGATES = frozenset({"per_class", "per_class_AP", "confusion_matrix"})
_STEP_STATUS = {"completed": "success", "failed": "failed"}
_CLASSES_KEPT = 1_000


def detect(artifact: Artifact) -> Match:
    """Each of the three by its keys; their names are common ones."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict):
        return Match.NO
    if artifact.name == "evaluation.json":
        known = {"checkpoint", "split_subsets", "status"} <= set(value)
    elif artifact.name == "aggregate.json":
        known = bool(_AGGREGATES & set(value))
    else:
        listed = value.get("results")
        first = listed[0] if isinstance(listed, list) and listed else None
        known = isinstance(first, dict) and {"filename", "subset"} <= set(first)
    if not known:
        return Match.NO
    return Match.YES if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """One evaluation step, of which each file gives its part."""
    document = artifact.json()
    found = _PARTS[artifact.name](view)
    return replace(
        found,
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _step_id(view: View) -> str:
    return f"eval:{view.artifact.directory or 'evaluation'}"


def _evaluation(view: View) -> Reading:
    status, identifier = view.filled("status"), _step_id(view)
    progress = view.object("progress")
    counts = {"done": progress.integer("processed"), "total": progress.integer("total")}
    step = Step(
        at=view.artifact.at(),
        step_id=identifier,
        name="eval",
        status=_STEP_STATUS.get(status or "", "unknown"),
        status_word=status,
        eval=Evaluation(
            datasets=view.texts("split_subsets"),
            checkpoint=view.filled("checkpoint"),
            samples={key: count for key, count in counts.items() if count is not None},
        ),
        error=view.filled("error"),
        params={key: view.value[key] for key in ("batch_size", "device") if view.has(key)},
    )
    evidence = []
    if status in TERMINAL:
        detail, place = f"status is {status}", view.at("status")
        word = TERMINAL[status]
        kind = EvidenceKind.TERMINAL_WORD
        evidence.append(Evidence(kind, detail, place, word, step_id=identifier))
    elif status:
        detail, place = f"status is still {status}", view.at("status")
        evidence.append(Evidence(EvidenceKind.RUNNING_WORD, detail, place, step_id=identifier))
    events = []
    for kind_, key in (("started", "started_at"), ("ended", "completed_at")):
        time = parse_iso(view.text(key) or "")
        if time is not None:
            at, clock = view.at(key), time.clock.value
            events.append(Event(at=at, time=time.iso(), clock=clock, kind=kind_, subject="eval"))
    return Reading(steps=(step,), evidence=tuple(evidence), events=tuple(events))


def _aggregate(view: View) -> Reading:
    results: dict[str, Value] = {
        key: value for key, value in view.value.items() if is_number(value)
    }
    for key in ("per_class", "per_class_AP"):
        for name, entry in list(view.object(key).value.items())[:_CLASSES_KEPT]:
            figures = entry if isinstance(entry, dict) else {"AP": entry}
            for figure, value in figures.items():
                if is_number(value):
                    results[f"{name}/{figure}"] = value
    step = Step(
        at=view.artifact.at(), step_id=_step_id(view), name="eval", eval=Evaluation(results=results)
    )
    matrix = view.value.get("confusion_matrix")
    extras: dict[str, Value] = {"confusion_matrix": matrix} if isinstance(matrix, list) else {}
    return Reading(steps=(step,), extras=extras)


def _results(view: View) -> Reading:
    done = len(view.items("results"))
    step = Step(
        at=view.artifact.at(),
        step_id=_step_id(view),
        name="eval",
        eval=Evaluation(samples={"done": done}),
    )
    return Reading(steps=(step,))


_PARTS: dict[str, Callable[[View], Reading]] = {
    "evaluation.json": _evaluation,
    "aggregate.json": _aggregate,
    "results.json": _results,
}

READER = Reader(
    name="ai_studio_evaluation",
    kind="ai_studio.evaluation",
    summary="ai-studio evaluation.json, aggregate.json, results.json of an experiment",
    select=files(*_PARTS),
    detect=detect,
    parse=parse,
    map=to_reading,
)
