"""MLflow file store: an experiment's `meta.yaml`, which gives its runs their group.

It lies beside the runs, so it is read for each of them. Deleted experiments lie below `.trash`;
the experiment `0`, called Default, is often empty.
"""

from __future__ import annotations

from collections.abc import Iterable

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Problem, Trust
from archiver.model.values import Value
from archiver.producers import mlflow_store
from archiver.rundir import Tree
from archiver.view import View


def select(tree: Tree) -> Iterable[Selection]:
    """Each `meta.yaml` that is no run's."""
    for meta in mlflow_store.experiment_metas(tree):
        yield Selection(meta.path, (meta,))


def detect(artifact: Artifact) -> Match:
    """A mapping with the experiment's id, name and place."""
    value = mlflow_store.document(artifact).value
    keys = value.keys() if isinstance(value, dict) else frozenset()
    if artifact.yaml().complete:
        return Match.YES if {"experiment_id", "name", "lifecycle_stage"} <= keys else Match.NO
    return Match.DAMAGED if {"artifact_location", "experiment_id"} <= keys else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, mlflow_store.document(artifact).value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The experiment's name, for the one run that it is read for."""
    document = mlflow_store.document(artifact)
    problems = [*artifact.problems(document.flaws), *view.problems]
    claims: tuple[Claim, ...] = ()
    extras: dict[str, Value] = {}
    if _concerned(artifact):
        name = view.filled("name")
        trust = Trust.STATED if artifact.member is not None else Trust.COPY
        claims = (Claim("summary.experiment", name, view.at("name"), trust),) if name else ()
        keys = ("experiment_id", "lifecycle_stage", "creation_time", "tags")
        extras = {key: view.value[key] for key in keys if view.value.get(key)}
        if view.text("lifecycle_stage") == "deleted":
            message = "the experiment was deleted in MLflow, which keeps its files"
            problems.append(Problem("deleted-experiment", message, view.at("lifecycle_stage")))
    return Reading(
        claims=claims,
        problems=tuple(dict.fromkeys(problems)),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras=extras,
    )


def _concerned(artifact: Artifact) -> bool:
    """Whether the run at hand is one of this experiment's."""
    home = f"{artifact.directory}/" if artifact.directory else ""
    if artifact.member is not None:
        return any(path.startswith(home) for path in artifact.member.paths)
    runs = mlflow_store.run_metas(artifact.tree)
    return len(runs) == 1 and runs[0].path.startswith(home)


READER = Reader(
    name="mlflow_experiment",
    kind="mlflow.experiment",
    summary="MLflow file store: an experiment's meta.yaml",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
