"""inspect-ai evaluation logs: `.eval` containers and `.json` documents.

Results of a cancelled evaluation are those of its finished samples; an erroneous one has none.
Stamps in file names are local or UTC by version and never read.

The evaluation's `revision` is that of the repository which holds the task's script.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator

from archiver.codecs.zip_layout import looks_like_zip
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind, Problem
from archiver.model.points import NO_STEP, OVER_CHECKPOINTS, Batch, SeriesSpec
from archiver.model.record import (
    Accounting,
    Config,
    Dependency,
    Evaluation,
    Event,
    Repository,
    Script,
    Step,
)
from archiver.model.times import Instant, parse_iso
from archiver.model.values import Value
from archiver.producers.experiment_jobs import EVAL
from archiver.producers.inspect_logs import HEADER, START, Log, container_of, read_log
from archiver.producers.torchtune_places import LOG_NAMES, alone, step_of_log
from archiver.view import View

_QUIET = frozenset({"non-finite-token", "duplicate-member"})
"""Written on purpose: bare NaN where a metric has no value, members again after an edit."""
_EPOCH = re.compile(r"epoch_(\d{1,9})\Z")
_ENDS = {"success": "success", "error": "failed", "cancelled": "interrupted"}
_WARNINGS_KEPT = 50
_LARGEST = 2**53
_CONFIG = (
    "task", "task_registry_name", "task_version", "task_args", "task_args_passed", "solver",
    "solver_args", "model", "model_args", "model_generate_config", "model_roles", "config",
    "metadata", "scorers", "tags", "sandbox",
)  # fmt: skip


def detect(artifact: Artifact) -> Match:
    """A container with a log's members, or a document with its keys."""
    head = artifact.head()
    if artifact.name.endswith(".json"):
        signs = (b'"version"', b'"status"', b'"eval"', b'"task_id"')
        return Match.YES if all(sign in head for sign in signs) else Match.NO
    if not head.strip(b"\0 \r\n\t"):
        return Match.DAMAGED
    if not looks_like_zip(head):
        return Match.NO
    container = container_of(artifact)
    if container.members.keys() & {HEADER, START}:
        return Match.YES
    return Match.NO if container.complete else Match.DAMAGED


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """One evaluation step with its results, and what it stood on."""
    step_id = _step_id(log, artifact)
    status = log.top.text("status") if log.finished else "started"
    started, ended = _times(log)
    results = _results(log)
    config = _config(log, artifact, step_id)
    _points(log, artifact, results, points)
    place = artifact.at(log.places.get("status") or log.places.get("eval", ""))
    # The tool's ids of its runs are none that a scheduler knows; they stand among the parameters.
    mark = AttemptMark(place, started, ended, status_word=status, logs=(artifact.path,))
    return Reading(
        configs=(config,) if config.values else (),
        dependencies=tuple(_dependencies(log)),
        repositories=tuple(_repositories(log)),
        steps=(_step(log, artifact, step_id, status, results),),
        events=tuple(_events(log, artifact, step_id, (started, ended))),
        evidence=tuple(_evidence(log, artifact, step_id, status)),
        attempts=(AttemptTrail(artifact.path, (mark,), step_id),),
        problems=_problems(log, artifact),
        accounting=_accounting(log, artifact),
    )


def _step_id(log: Log, artifact: Artifact) -> str:
    """The cell's name; in the flat layout task and epoch; else the file's own name."""
    tree, path = artifact.tree, artifact.path
    in_cell = step_of_log(tree, path)
    if in_cell is not None:
        return in_cell
    epoch, task = _epoch(log), log.spec.filled("task_registry_name") or log.spec.filled("task")
    if artifact.directory.split("/")[-2:] == ["eval", "logs"] and task:
        name = EVAL + task.rpartition("/")[2]
        if epoch is not None:
            return f"{name}_epoch{epoch}"
        if alone(tree, path):
            return name
    return EVAL + artifact.name.rpartition(".")[0]


def _epoch(log: Log) -> int | None:
    """Epoch of the checkpoint: as recorded, else by the name of its directory."""
    stated = log.spec.object("metadata").value.get("epoch")
    if isinstance(stated, int) and not isinstance(stated, bool) and 0 <= stated < 10**9:
        return stated
    if isinstance(stated, str) and stated.isdecimal() and len(stated) < 10:
        return int(stated)
    match = _EPOCH.search((_checkpoint(log) or "").rstrip("/"))
    return int(match[1]) if match else None


def _checkpoint(log: Log) -> str | None:
    return log.spec.object("model_args").filled("model_path")


def _times(log: Log) -> tuple[Instant | None, Instant | None]:
    stats = log.top.object("stats")
    begin = stats.filled("started_at") or log.spec.filled("created")
    end = stats.filled("completed_at")
    return (parse_iso(begin) if begin else None, parse_iso(end) if end else None)


def _results(log: Log) -> dict[str, Value]:
    """`scorer/metric` -> value; the score's name and its reducer too where they are needed."""
    found: dict[str, Value] = {}
    for score in _objects(log.top.object("results"), "scores"):
        scorer, name = score.text("scorer"), score.text("name")
        label = f"{scorer}/{name}" if scorer and name and scorer != name else scorer or name or ""
        metrics = score.object("metrics")
        for key in metrics.value:
            metric = metrics.object(key)
            value = metric.value.get("value")
            if isinstance(value, dict | list):
                continue
            plain = f"{label}/{key}"
            reducer = score.text("reducer")
            found[f"{plain}[{reducer}]" if plain in found and reducer else plain] = value
    return found


def _objects(view: View, key: str) -> Iterator[View]:
    for index, item in enumerate(view.items(key)):
        if isinstance(item, dict):
            yield View(view.artifact, item, f"{view.pointer}/{key}/{index}", view.problems)


def _step(
    log: Log, artifact: Artifact, step_id: str, status: str | None, results: dict[str, Value]
) -> Step:
    spec = log.spec
    error = log.top.object("error")
    stack = error.filled("traceback")
    dataset = spec.object("dataset")
    data = dataset.filled("location") or dataset.filled("name")
    checkpoint = _checkpoint(log)
    inputs = {"model": spec.filled("model"), "checkpoint": checkpoint, "dataset": data}
    return Step(
        at=artifact.at(log.places.get("eval", "")),
        step_id=step_id,
        name="eval",
        status=_ENDS.get(status or "", "unknown"),
        status_word=status,
        inputs={key: value for key, value in inputs.items() if value},
        outputs={"log": artifact.path},
        params=_params(log),
        params_from=(artifact.path,),
        metrics={**results, **_usage(log)},
        eval=Evaluation(
            datasets=(data,) if data else (),
            results=results,
            script=Script(spec.filled("task_file"), _version(spec)),
            checkpoint=checkpoint,
            samples=_samples(log),
        ),
        logs=(artifact.path,),
        warnings=tuple(_warnings(log))[:_WARNINGS_KEPT],
        error=error.filled("message"),
        error_stack=stack[-artifact.limits.traceback_bytes :] if stack else None,
    )


def _version(spec: View) -> str | None:
    revision = spec.object("revision")
    commit = revision.filled("commit")
    return f"{commit} (dirty)" if commit and revision.flag("dirty") else commit


def _samples(log: Log) -> dict[str, int]:
    """Samples that were finished, and those that there were to be."""
    results, dataset = log.top.object("results"), log.spec.object("dataset")
    done = results.integer("completed_samples")
    if done is None:
        done = log.samples if log.good is None else log.good
    total = results.integer("total_samples")
    if total is None:
        epochs = log.spec.object("config").integer("epochs") or 1
        each = len(dataset.items("sample_ids")) or dataset.integer("samples")
        total = each * epochs if each is not None else None
    return {"done": done} if total is None else {"done": done, "total": total}


def _usage(log: Log) -> dict[str, Value]:
    """Tokens by model."""
    usage = log.top.object("stats").object("model_usage")
    return {
        f"{model}/{key}": value
        for model in usage.value
        for key, value in usage.object(model).value.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _warnings(log: Log) -> Iterator[str]:
    if log.top.value.get("invalidated") is True:
        yield "the log was marked as invalid after it was written"
    for score in _objects(log.top.object("results"), "scores"):
        missing = score.integer("unscored_samples")
        if missing:
            yield f"{missing} samples were not scored by {score.text('scorer')}"


def _params(log: Log) -> dict[str, Value]:
    names = ("eval_id", "run_id", "task_id", "task", "model", "task_args", "model_args")
    wanted = (*names, "model_generate_config", "config", "metadata")
    return {key: log.spec.value[key] for key in wanted if log.spec.value.get(key) is not None}


def _config(log: Log, artifact: Artifact, step_id: str) -> Config:
    spec = log.spec.value
    values = {key: spec[key] for key in _CONFIG if spec.get(key) is not None}
    dataset = log.spec.object("dataset").value
    if dataset:
        # The ids of all samples are their list, not a setting.
        values["dataset"] = {key: item for key, item in dataset.items() if key != "sample_ids"}
    if log.top.value.get("plan") is not None:
        values["plan"] = log.top.value["plan"]
    return Config(
        at=artifact.at(log.places.get("eval", "")),
        id=artifact.path,
        role="effective",
        format="json",
        values=values,
        partial=log.torn,
        step_id=step_id,
    )


def _dependencies(log: Log) -> Iterator[Dependency]:
    packages = log.spec.object("packages")
    for name in packages.value:
        version = packages.filled(name)
        place = log.top.artifact.at(f"{log.places.get('eval', '')}/eval/packages")
        yield Dependency(at=place, name=name, version=version, kind="installed")


def _repositories(log: Log) -> Iterator[Repository]:
    revision = log.spec.object("revision")
    commit, origin = revision.filled("commit"), revision.filled("origin")
    if commit or origin:
        name = (origin or "").rstrip("/").rpartition("/")[2].removesuffix(".git")
        yield Repository(
            at=log.top.artifact.at(f"{log.places.get('eval', '')}/eval/revision"),
            role="dependency",
            name=name or "task script",
            remote=origin,
            commit=commit,
            dirty=revision.flag("dirty"),
        )


def _events(
    log: Log, artifact: Artifact, step_id: str, times: tuple[Instant | None, Instant | None]
) -> Iterator[Event]:
    place = artifact.at(log.places.get("stats") or log.places.get("eval", ""))
    for kind, time in zip(("eval_started", "eval_finished"), times, strict=True):
        if time is not None:
            yield Event(
                at=place,
                time=time.iso(),
                clock=time.clock.value,
                kind=kind,
                subject=step_id,
                detail=log.spec.text("task") or "",
            )


def _evidence(log: Log, artifact: Artifact, step_id: str, status: str | None) -> Iterator[Evidence]:
    place = artifact.at(log.places.get("status") or log.places.get("eval", ""))
    done = _samples(log)
    progress = f"{done['done']} of {done.get('total', 'an unknown number of')} samples"
    _, ended = _times(log)

    def sign(kind: EvidenceKind, detail: str, word: str = "") -> Evidence:
        return Evidence(kind, detail, place, word, artifact.path, 0, ended, step_id)

    if status in _ENDS:
        detail = f"status is {status}, with {progress}"
        yield sign(EvidenceKind.TERMINAL_WORD, detail, _ENDS[status])
    else:
        detail = f"the log was never closed, with {progress}"
        yield sign(EvidenceKind.RUNNING_WORD, detail)
    if log.torn:
        yield sign(EvidenceKind.DEATH, "the log breaks off")


def _points(log: Log, artifact: Artifact, results: dict[str, Value], points: PointSink) -> None:
    """One point per metric at the checkpoint's epoch: a curve over the run's evaluations."""
    epoch = _epoch(log)
    if epoch is None or not log.finished:
        return
    folder = artifact.directory.split("/")
    home = folder.index("eval") if "eval" in folder else len(folder) - 1
    task = log.spec.filled("task_registry_name") or log.spec.filled("task") or ""
    _, ended = _times(log)
    for key, written in results.items():
        value = _number(written)
        if value is None:
            continue
        spec = SeriesSpec(
            key,
            "/".join(folder[: home + 1]) or artifact.path,
            split="eval",
            dataset=log.spec.object("dataset").filled("name"),
            labels=(("task", task),),
            axis="epoch",
            clock=ended.clock.value if ended else "",
            attributes=OVER_CHECKPOINTS,
        )
        times = array("d", [ended.micros / 1e6]) if ended else None
        points.add(
            Batch(
                spec,
                artifact.path,
                array("q", [NO_STEP]),
                array("d", [value]),
                array("d", [epoch]),
                times,
            )
        )


def _number(value: Value) -> float | None:
    """A metric's value as a double, NaN and infinities too."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return float(value)
    return None


def _problems(log: Log, artifact: Artifact) -> tuple[Problem, ...]:
    told = [flaw for flaw in log.flaws if flaw.code not in _QUIET]
    problems = list(artifact.problems(told))
    if not log.finished:
        message = "the evaluation never ended: what was to be done is known, the outcome is not"
        problems.append(artifact.problem("unfinished", message))
    return (*problems, *log.top.problems)


def _accounting(log: Log, artifact: Artifact) -> Accounting:
    reasons = dict(log.flaws.counts)
    if log.samples:
        reasons["samples-counted"] = log.samples
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=log.read,
        corrupt=log.corrupt,
        reasons=reasons,
        scope=artifact.run.scope,
    )


READER = Reader(
    name="inspect_log",
    kind="inspect_ai.log",
    summary="inspect-ai evaluation logs (.eval, .json): status, results, samples, checkpoint",
    select=files(*LOG_NAMES),
    detect=detect,
    parse=read_log,
    map=to_reading,
)
