"""One run of an MLflow file store: `meta.yaml` with `params`, `metrics` and `tags` beside it.

A parameter or a tag is a file, named by its key (`/` makes directories), with its text as it is. A
metric is a file of lines `<Unix ms> <value> <step>` in the order in which they were logged; old
ones have no step, those with a dataset have five fields. Steps may repeat, go back or be negative.
Programs that log two splits under one name leave one series with two values a step.

Status: 1 running, 2 scheduled, 3 finished, 4 failed, 5 killed; a process that was killed from
outside stays at 1. Deleting a run only marks it. Artifacts are not read.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archiver.codecs import mlflow_metric
from archiver.codecs.flaws import Flaws
from archiver.codecs.lines import LineStream
from archiver.codecs.text import decode
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, Selection
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Problem,
    Trust,
)
from archiver.model.points import NO_STEP, Batch, SeriesSpec
from archiver.model.record import Accounting, Config, Related, Repository, Step
from archiver.model.times import Clock, Instant, from_epoch
from archiver.model.values import Value
from archiver.producers import mlflow_store
from archiver.rundir import Entry, ReadFault, Tree
from archiver.view import View

_VALUE_BYTES = 1 << 20
"""One parameter or tag; MLflow itself allows a few thousand characters."""
_BATCH, _BATCH_BYTES = 1 << 16, 1 << 22
"""Lines that are taken at once."""
_TOLD = 5
"""Bad lines that are told one by one."""
_NO_USER = "unknown"
"""What newer clients write for `user_id`, whoever it is; the tag knows better."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")
_GPU = re.compile(r"system/gpu_(\d{1,4})_(\w{1,60})\Z")
_STATUS: dict[int, tuple[str, EvidenceKind, str]] = {
    1: ("RUNNING", EvidenceKind.RUNNING_WORD, ""),
    2: ("SCHEDULED", EvidenceKind.PROGRESS, ""),
    3: ("FINISHED", EvidenceKind.TERMINAL_WORD, "success"),
    4: ("FAILED", EvidenceKind.TERMINAL_WORD, "failed"),
    5: ("KILLED", EvidenceKind.TERMINAL_WORD, "interrupted"),
}
_SPLITS = {
    "train": "train", "training": "train",
    "val": "eval", "valid": "eval", "validation": "eval", "eval": "eval", "test": "test",
}  # fmt: skip
_LEAVES = {
    "perplexity": "perplexity", "ppl": "perplexity", "accuracy": "accuracy", "acc": "accuracy",
    "token_accuracy": "accuracy", "lr": "learning_rate", "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
}  # fmt: skip
METRICS: dict[str, Metric] = {
    "train_loss": Metric("loss", split="train"),
    "eval_loss": Metric("eval_loss", split="eval"),
    "val_loss": Metric("eval_loss", split="eval"),
    "validation_loss": Metric("eval_loss", split="eval"),
    "loss": Metric("loss"),
    "lr": Metric("learning_rate"),
    "learning_rate": Metric("learning_rate"),
    "grad_norm": Metric("grad_norm"),
    "perplexity": Metric("perplexity"),
    "accuracy": Metric("accuracy"),
    "system/system_memory_usage_megabytes": Metric("host_mem", "MB"),
}
"""Names that say what they are; the split of a bare one is not known."""
_GPU_METRICS = {
    "utilization_percentage": Metric("gpu_util", "%"),
    "memory_usage_megabytes": Metric("gpu_mem", "MB"),
}


@dataclass
class Run:
    """What stands beside a run's `meta.yaml`, and what was wrong with it."""

    artifact: Artifact
    meta: View
    alone: bool
    """Whether the tree holds no other run of a store; else nothing here is the tree's own."""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, Entry]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    corrupt: int = 0
    torn: Entry | None = None
    first_step: int | None = None
    last_step: int | None = None


@dataclass(slots=True)
class _Columns:
    """Points of one series on their way to the sink."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))


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


def parse(artifact: Artifact) -> Run:
    """Parameters and tags; metrics are read on the way to the sink."""
    value = mlflow_store.document(artifact).value
    others = len(mlflow_store.run_metas(artifact.tree)) > 1
    run = Run(artifact, View.of(artifact, value), alone=not others)
    home = f"{artifact.directory}/" if artifact.directory else ""
    for entry in artifact.files[1:]:
        folder, _, key = entry.path.removeprefix(home).partition("/")
        if folder == "metrics":
            run.metrics.append((key, entry))
        else:
            _value(run, entry, run.params if folder == "params" else run.tags, key)
    return run


def _value(run: Run, entry: Entry, into: dict[str, str], key: str) -> None:
    """One parameter or tag: the file's text, without the line end that nobody wrote."""
    try:
        data = run.artifact.content(entry, _VALUE_BYTES + 1)
    except ReadFault as fault:
        _unreadable(run, entry, fault)
        return
    if len(data) > _VALUE_BYTES:
        run.corrupt += 1
        _tell(run, entry, "size-limit", f"a value of more than {_VALUE_BYTES} bytes")
        return
    flaws = Flaws()
    into[key] = decode(data, flaws)
    run.read += 1
    for flaw in flaws:
        _tell(run, entry, flaw.code, flaw.message)


def _unreadable(run: Run, entry: Entry, fault: ReadFault) -> None:
    run.corrupt += 1
    _tell(run, entry, "unreadable", f"it could not be read ({fault.strerror})")


def _tell(run: Run, entry: Entry, code: str, message: str, place: str = "") -> None:
    """Count a fault; the first few of a code are told."""
    run.reasons[code] += 1
    if run.reasons[code] <= _TOLD:
        run.problems.append(Problem(code, message, run.artifact.at(place, entry.path)))


def to_reading(run: Run, artifact: Artifact, points: PointSink) -> Reading:
    """Claims of the run, and its points."""
    for key, entry in run.metrics:
        try:
            _metric(run, key, entry, points)
        except ReadFault as fault:
            _unreadable(run, entry, fault)
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


def _metric(run: Run, key: str, entry: Entry, points: PointSink) -> None:
    artifact = run.artifact
    stream = LineStream(artifact.open(entry).chunks(), artifact.limits)
    held: dict[tuple[str, str], _Columns] = {}
    block: list[bytes] = []
    size = 0
    for number, line in stream:
        if len(block) >= _BATCH or size >= _BATCH_BYTES:
            _block(run, entry, number - len(block), block, held)
            _flush(run, key, entry, held, points)
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block and stream.tally.torn_tail:
        # Its last number may have lost digits.
        block.pop()
        run.corrupt += 1
        run.torn = entry
        _tell(run, entry, "torn-line", "the last line has no end", f"L{stream.tally.lines}")
    last = stream.tally.lines - stream.tally.torn_tail
    _block(run, entry, last - len(block) + 1, block, held)
    for flaw in stream.tally.flaws:
        _tell(run, entry, flaw.code, flaw.message, flaw.place)
    _flush(run, key, entry, held, points)
    artifact.release(entry)


def _block(
    run: Run,
    entry: Entry,
    begun: int,
    block: list[bytes],
    held: dict[tuple[str, str], _Columns],
) -> None:
    """Take lines at once where all are plain, one by one where any is not."""
    plain = mlflow_metric.parse_plain(block) if block else None
    if plain is None:
        for number, line in enumerate(block, begun):
            _line(run, entry, (number, line), held)
        return
    columns = held.setdefault(("", ""), _Columns())
    columns.steps.extend(plain.steps)
    columns.values.extend(plain.values)
    columns.times.extend(plain.seconds)
    _reach(run, min(plain.steps), max(plain.steps))
    run.read += len(block)


def _reach(run: Run, first: int, last: int) -> None:
    run.first_step = first if run.first_step is None else min(first, run.first_step)
    run.last_step = last if run.last_step is None else max(last, run.last_step)


def _line(
    run: Run, entry: Entry, numbered: tuple[int, bytes], held: dict[tuple[str, str], _Columns]
) -> None:
    number, line = numbered
    point = mlflow_metric.parse(line)
    if point is None:
        run.corrupt += 1
        _tell(run, entry, "bad-line", "no `<Unix ms> <value> <step>`", f"L{number}")
        return
    columns = held.setdefault((point.dataset, point.digest), _Columns())
    columns.times.append(point.millis / 1000)
    columns.values.append(point.value)
    columns.steps.append(NO_STEP if point.step is None else point.step)
    if point.step is not None:
        _reach(run, point.step, point.step)
    run.read += 1


def _flush(
    run: Run, key: str, entry: Entry, held: dict[tuple[str, str], _Columns], points: PointSink
) -> None:
    family = run.artifact.path if run.alone else ""
    for (dataset, digest), columns in held.items():
        spec = _spec(run, key, dataset, digest)
        steps, values, times = columns.steps, columns.values, columns.times
        points.add(Batch(spec, entry.path, steps, values, None, times, family=family))
    held.clear()


def _spec(run: Run, key: str, dataset: str, digest: str) -> SeriesSpec:
    home = run.artifact.directory
    metric, split, labels = meaning(key)
    if not run.alone:
        labels = (*labels, ("mlflow_run", home.rpartition("/")[2]))
    return SeriesSpec(
        key,
        f"{home}/metrics".lstrip("/"),
        metric.canonical or None,
        split=split,
        dataset=dataset or None,
        labels=labels,
        unit=metric.unit,
        clock=Clock.EPOCH.value,
        attributes=(("dataset_digest", digest),) if digest else (),
    )


def meaning(key: str) -> tuple[Metric, str | None, tuple[tuple[str, str], ...]]:
    """What a key means, its split, and its labels."""
    known = METRICS.get(key)
    if known is not None:
        return known, known.split, ()
    gpu = _GPU.match(key)
    if gpu is not None:
        return _GPU_METRICS.get(gpu[2], Metric("")), None, (("gpu", gpu[1]),)
    head, _, leaf = key.rpartition("/")
    split = _SPLITS.get(head)
    if split is None:
        return Metric(""), None, ()
    if leaf == "loss":
        return Metric("loss" if split == "train" else "eval_loss"), split, ()
    return Metric(_LEAVES.get(leaf, "")), split, ()


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
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
