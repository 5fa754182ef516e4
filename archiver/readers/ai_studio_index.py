"""ai-studio's files around the runs: index, project, workspace and data set.

`experiments_index.json` lists the experiments of a project with their status and best value; it
is a cache and may lag behind the runs' own records. `project.json` has the task,
`dataset.json` the classes; `workspace.json` lists projects. The record of a run repeats none of
that. A project's files lie above its runs (`project.json`, `dataset/dataset.json`,
`experiments/<id>/`); they say nothing of the runs of another project.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archiver.artifact import pointer
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Evidence, EvidenceKind, Problem, Trust
from archiver.model.record import Dataset
from archiver.model.values import Value
from archiver.producers.ai_studio import TASKS
from archiver.view import View

_KEYS = {
    "experiments_index.json": ("version", "experiments"),
    "project.json": ("id", "name", "task", "created_at"),
    "workspace.json": ("version", "created_at", "projects"),
    "dataset.json": ("task", "source_format", "classes"),
}
_CLASSES_KEPT = 1_000


@dataclass
class Around:
    """The document, and the run that it is read for."""

    view: View
    ids: frozenset[str]
    """Names that the run at hand goes by; empty where the file lies inside a run."""
    ours: bool
    """Whether the run at hand lies in the project that the file is of."""


def detect(artifact: Artifact) -> Match:
    """Each name has its keys; a project's task and a list's entries are looked at, too."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict):
        return Match.NO
    known = all(key in value for key in _KEYS[artifact.name])
    if not document.complete:
        return Match.DAMAGED if known else Match.NO
    return Match.YES if known and _shaped(artifact.name, value) else Match.NO


def _shaped(name: str, value: dict[str, Value]) -> bool:
    if name in ("project.json", "dataset.json"):
        return isinstance(value["task"], str) and value["task"] in TASKS
    listed = value["experiments" if name == "experiments_index.json" else "projects"]
    kind = dict if name == "experiments_index.json" else str
    return isinstance(listed, list) and all(isinstance(item, kind) for item in listed)


def parse(artifact: Artifact) -> Around:
    """The document as a typed view."""
    view = View.of(artifact, artifact.json().value)
    member = artifact.member
    names = [member.name, *member.paths] if member is not None else []
    ids = frozenset(name.rstrip("/").rpartition("/")[2] for name in names)
    return Around(view, ids, _holds(artifact))


def _holds(artifact: Artifact) -> bool:
    """Whether the project's directory holds the run that the file is read for."""
    if artifact.member is None:
        return True
    home = artifact.directory
    if artifact.name == "dataset.json":
        home = home.rpartition("/")[0]
    return not home or any(path.startswith(f"{home}/") for path in artifact.member.paths)


def to_reading(around: Around, artifact: Artifact, _points: PointSink) -> Reading:
    """What the file says of the run at hand; of runs that it is not read for, nothing."""
    document = artifact.json()
    view = around.view
    found = {
        "experiments_index.json": _index,
        "project.json": _project,
        "dataset.json": _dataset,
    }.get(artifact.name, _nothing)(around)
    return Reading(
        claims=found.claims,
        datasets=found.datasets,
        evidence=found.evidence,
        problems=(*artifact.problems(document.flaws), *found.problems, *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras=found.extras,
    )


def _nothing(around: Around) -> Reading:
    projects = list[Value](around.view.texts("projects")[:_CLASSES_KEPT])
    return Reading(extras={"projects": projects} if projects else {})


def _project(around: Around) -> Reading:
    view = around.view
    if not around.ours:
        return Reading()
    name = view.filled("name")
    claims = (Claim("summary.experiment", name, view.at("name"), Trust.STATED),) if name else ()
    kept = ("id", "task", "description")
    return Reading(
        claims=claims, extras={f"project_{key}": view.value[key] for key in kept if view.has(key)}
    )


def _dataset(around: Around) -> Reading:
    view = around.view
    if not around.ours:
        return Reading()
    classes = view.texts("classes")
    extras: dict[str, Value] = {
        "task": view.value["task"],
        "num_classes": len(classes),
        "classes": list[Value](classes[:_CLASSES_KEPT]),
    }
    path = view.filled("source_path")
    if path is None:
        return Reading(extras=extras)
    count = view.object("image_stats").integer("num_images")
    note = f"{count} images, {len(classes)} classes" if count is not None else None
    data = Dataset(at=view.at("source_path"), role="train", path=path, note=note)
    return Reading(datasets=(data,), extras=extras)


def _index(around: Around) -> Reading:
    view = around.view
    rows = list(_rows(view))
    mine = [(place, row) for place, row in rows if row.filled("id") in around.ids]
    if len(mine) != 1:
        return Reading(problems=tuple(_repeated(view, rows)))
    place, row = mine[0]
    status = row.filled("status")
    evidence = []
    if status:
        detail = f"the index, a cache, says {status}"
        evidence.append(Evidence(EvidenceKind.PROGRESS, detail, view.artifact.at(place)))
    kept = ("name", "status", "best_metric_value", "run_count", "latest_run_status")
    extras = {f"index_{key}": row.value[key] for key in kept if row.has(key)}
    return Reading(evidence=tuple(evidence), extras=extras)


def _rows(view: View) -> Iterator[tuple[str, View]]:
    for index, item in enumerate(view.items("experiments")):
        if isinstance(item, dict):
            place = pointer("experiments", index)
            yield place, View(view.artifact, item, place, view.problems)


def _repeated(view: View, rows: list[tuple[str, View]]) -> Iterator[Problem]:
    ids = [row.filled("id") for _, row in rows]
    if len(set(ids)) < len(ids):
        message = "an experiment stands in the index more than once"
        yield view.artifact.problem("duplicate-id", message, "/experiments")


READER = Reader(
    name="ai_studio_index",
    kind="ai_studio.index",
    summary="ai-studio experiments_index.json, project.json, workspace.json, dataset.json",
    select=files(*_KEYS),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
