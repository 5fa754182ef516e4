"""One run of an MLflow file store: `meta.yaml` with `params`, `metrics` and `tags` beside it.

Status: 1 running, 2 scheduled, 3 finished, 4 failed, 5 killed; a process that was killed from
outside stays at 1. Deleting a run only marks it. Artifacts are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Problem,
    Trust,
)
from archiver.model.record import Accounting, Config, Related, Repository, Step
from archiver.model.times import Instant, from_epoch
from archiver.model.values import Value
from archiver.producers import mlflow_store
from archiver.producers.mlflow_files import Run, read_metrics, read_run
from archiver.producers.mlflow_names import METRICS, meaning
from archiver.rundir import Tree
from archiver.view import View

_NO_USER = "unknown"
"""What newer clients write for `user_id`, whoever it is; the tag knows better."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_STATUS: dict[int, tuple[str, EvidenceKind, str]] = {
    1: ("RUNNING", EvidenceKind.RUNNING_WORD, ""),
    2: ("SCHEDULED", EvidenceKind.PROGRESS, ""),
    3: ("FINISHED", EvidenceKind.TERMINAL_WORD, "success"),
    4: ("FAILED", EvidenceKind.TERMINAL_WORD, "failed"),
    5: ("KILLED", EvidenceKind.TERMINAL_WORD, "interrupted"),
}


def select(tree: Tree) -> Iterable[Selection]:
    """Each run's `meta.yaml` with its parameters, metrics and tags; not its artifacts."""
    for meta in mlflow_store.run_metas(tree):
        held = mlflow_store.beside(tree, meta, "params", "metrics", "tags")
        yield Selection(meta.path, (meta, *held))


def detect(artifact: Artifact) -> Match:
    """A mapping with the run's id, its experiment's, and its status or place."""
    value = mlflow_store.document(artifact).value
    keys = value.keys() if isinstance(value, dict) else frozenset()
    known = {"experiment_id", "status"} <= keys and {"run_id", "run_uuid"} & keys
    if artifact.yaml().complete:
        return Match.YES if known else Match.NO
    return Match.DAMAGED if known or "artifact_uri" in keys or len(artifact.files) > 1 else Match.NO


def to_reading(run: Run, artifact: Artifact, points: PointSink) -> Reading:
    """Claims of the run, and its points."""
    read_metrics(run, points)
    document = mlflow_store.document(artifact)
    view = run.meta
    started, ended = _time(view, "start_time"), _time(view, "end_time")
    mark = AttemptMark(artifact.at(), started, ended, first_step=run.first_step)
    evidence = tuple(_evidence(run, artifact, ended)) if run.alone else ()
    problems = (
        *artifact.problems(document.flaws),
        *_deleted(view),
        *run.problems,
        *view.problems,
    )
    return Reading(
        claims=tuple(_claims(run, started, ended)) if run.alone else (),
        configs=_params(run, artifact),
        repositories=_repository(run, artifact),
        steps=_steps(run, artifact),
        evidence=evidence,
        attempts=(AttemptTrail(artifact.path, (mark,)),) if run.alone else (),
        related=_parent(run),
        problems=tuple(dict.fromkeys(problems)),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=run.read + document.complete,
            corrupt=run.corrupt + (not document.complete),
            reasons={**document.flaws.counts, **run.reasons},
            scope=artifact.run.scope,
        ),
        extras=_extras(run),
    )


def _time(view: View, key: str) -> Instant | None:
    millis = view.integer(key)
    return from_epoch(millis / 1000) if millis is not None and abs(millis) < 2**53 else None


def _claims(run: Run, started: Instant | None, ended: Instant | None) -> Iterator[Claim]:
    view = run.meta
    for key in ("run_id", "run_uuid"):
        name = view.filled(key)
        if name:
            yield Claim("summary.run_id", name, view.at(key), Trust.COPY)
    for field_name, key, time in (
        ("summary.started_at", "start_time", started),
        ("summary.finished_at", "end_time", ended),
    ):
        if time is not None:
            yield Claim(field_name, time.iso(), view.at(key), Trust.COPY)
    user, at = view.filled("user_id"), view.at("user_id")
    if run.tags.get("mlflow.user"):
        user = run.tags["mlflow.user"]
        at = view.artifact.at(path=_tag_file(view.artifact, "mlflow.user"))
    if user and user != _NO_USER:
        yield Claim("summary.user", user, at, Trust.COPY)
    commit = run.tags.get("mlflow.source.git.commit", "")
    if _COMMIT.match(commit):
        place = _tag_file(view.artifact, "mlflow.source.git.commit")
        yield Claim("summary.git_commit", commit, view.artifact.at(path=place))


def _tag_file(artifact: Artifact, name: str) -> str:
    home = f"{artifact.directory}/" if artifact.directory else ""
    return f"{home}tags/{name}"


def _evidence(run: Run, artifact: Artifact, ended: Instant | None) -> Iterator[Evidence]:
    family = artifact.path
    code = run.meta.integer("status")
    known = _STATUS.get(code) if code is not None else None
    if known is not None:
        word, kind, status = known
        yield Evidence(kind, f"MLflow: {word}", run.meta.at("status"), status, family, 0, ended)
    elif code is not None:
        message = f"status {code} is none that MLflow has"
        run.meta.problems[Problem("unexpected-value", message, run.meta.at("status"))] = None
    if run.last_step is not None:
        detail = f"last metric at step {run.last_step}"
        yield Evidence(EvidenceKind.PROGRESS, detail, artifact.at(), family=family)
    if run.torn is not None:
        detail = "the last line of a metric is torn"
        at = artifact.at(path=run.torn.path)
        yield Evidence(EvidenceKind.DEATH, detail, at, family=family)


def _deleted(view: View) -> Iterator[Problem]:
    if view.text("lifecycle_stage") == "deleted":
        message = "it was deleted in MLflow, which marks a run and keeps its files"
        yield Problem("deleted-run", message, view.at("lifecycle_stage"))


def _params(run: Run, artifact: Artifact) -> tuple[Config, ...]:
    """All parameters as texts, which is what MLflow makes of them."""
    if not run.params:
        return ()
    home = f"{artifact.directory}/" if artifact.directory else ""
    first = next(entry for entry in artifact.files if entry.path.startswith(f"{home}params/"))
    values: dict[str, Value] = dict(sorted(run.params.items()))
    config = Config(
        at=artifact.at(path=first.path),
        id=f"{home}params",
        role="resolved",
        format="mlflow",
        values=values,
        typed=False,
        partial=not run.alone,
    )
    return (config,)


def _repository(run: Run, artifact: Artifact) -> tuple[Repository, ...]:
    commit = run.tags.get("mlflow.source.git.commit")
    if not commit or not run.alone:
        return ()
    remote = run.tags.get("mlflow.source.git.repoURL")
    name = (remote or "").rstrip("/").rpartition("/")[2].removesuffix(".git")
    return (
        Repository(
            at=artifact.at(path=_tag_file(artifact, "mlflow.source.git.commit")),
            role="run",
            name=name or "source",
            remote=remote or None,
            branch=run.tags.get("mlflow.source.git.branch") or None,
            commit=commit,
        ),
    )


def _steps(run: Run, artifact: Artifact) -> tuple[Step, ...]:
    """A training, where something was logged that only training has."""
    known = {meaning(key)[0].canonical for key, _ in run.metrics}
    if not run.alone or not known & {"loss", "learning_rate", "grad_norm"}:
        return ()
    return (Step(at=artifact.at(), step_id="1", name="train"),)


def _parent(run: Run) -> tuple[Related, ...]:
    parent = run.tags.get("mlflow.parentRunId")
    return (Related("parent", parent),) if parent and run.alone else ()


def _extras(run: Run) -> dict[str, Value]:
    view = run.meta
    names = ("run_name", "experiment_id", "lifecycle_stage", "deleted_time", "artifact_uri")
    held: Mapping[str, Value] = {key: view.value.get(key) for key in names}
    extras: dict[str, Value] = {key: value for key, value in held.items() if value is not None}
    if run.tags:
        extras["tags"] = dict[str, Value](sorted(run.tags.items()))
    return extras


READER = Reader(
    name="mlflow_run",
    kind="mlflow.run",
    summary="MLflow file store: a run's meta.yaml with its params, metrics and tags",
    select=select,
    detect=detect,
    parse=read_run,
    map=to_reading,
    metrics=METRICS,
)
