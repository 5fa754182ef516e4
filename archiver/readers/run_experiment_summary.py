"""`experiment_summary.yaml`: the design of a run-experiment experiment, and the runs in it.

It lies in the experiment's root since 2025-11-27. One entry of `runs` is one run; its files are in
the directory of its name, which a run that was never set up need not have. Until 2026-04-29 what
training wrote lay outside: in `ck-out-<run>` (see `output.checkpoint_pattern`) below
`output.base_directory`. `date` is the day of the design, not of a run.

Older spellings: `experiment.directory` (now `dir`), `data.training.label` (`dataset_label`),
`evaluation.scorer` (`scorers`). Epochs of the evaluation matrix count from 0; null for models that
were not fine-tuned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from archiver import yaml_readings
from archiver.extension import Artifact, Match, Member, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Problem
from archiver.model.record import Config, Dataset, Evaluation, Script, Step
from archiver.model.values import Value
from archiver.producers.experiment_jobs import EVAL, TRAINING
from archiver.view import View

_FINE_TUNED = "fine-tuned"
_TYPES = (_FINE_TUNED, "control", "eval-only")
_SPLITS = ("train", "validation", "test")
_RUN_NAME = "{run_name}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of `runs`."""

    index: int
    name: str
    view: View


@dataclass(frozen=True, slots=True)
class Summary:
    """The document, and the entry of the run at hand."""

    view: View
    entries: tuple[_Entry, ...]
    problems: tuple[Problem, ...]
    entry: _Entry | None


def detect(artifact: Artifact) -> Match:
    """A mapping that describes an experiment and has a list of runs, which may be null."""
    document = artifact.yaml()
    value = document.value
    if not document.complete:
        return Match.DAMAGED
    described = isinstance(value, dict) and isinstance(value.get("experiment"), dict)
    return Match.YES if described and isinstance(value, dict) and "runs" in value else Match.NO


def members(artifact: Artifact) -> tuple[Member, ...]:
    """The runs of the experiment, with the directories that are theirs."""
    summary = parse(artifact)
    home = artifact.directory
    named: dict[str, list[str]] = {}
    for path in artifact.tree.directories:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    return tuple(
        Member(entry.name, tuple(_places(entry.name, summary.view, home, named)), home)
        for entry in summary.entries
    )


def _places(name: str, view: View, home: str, named: Mapping[str, list[str]]) -> Iterator[str]:
    """A run's directory, and the one that the old layout kept its checkpoints in.

    `named` are the tree's directories by their last part: nothing is looked for outside of it,
    and nothing at all for a name that is no name.
    """
    if not _is_plain(name):
        return
    yield f"{home}/{name}" if home else name
    output = view.value.get("output")
    stated = output if isinstance(output, dict) else {}
    pattern, base = stated.get("checkpoint_pattern"), stated.get("base_directory")
    first = pattern.partition("/")[0] if isinstance(pattern, str) else ""
    wanted = (first if _RUN_NAME in first else f"ck-out-{_RUN_NAME}").replace(_RUN_NAME, name)
    below = base.rstrip("/").rpartition("/")[2] if isinstance(base, str) else ""
    for path in named.get(wanted, ()):
        parent = path.rpartition("/")[0]
        beside = parent in (home, home.rpartition("/")[0])
        if beside or (below and parent.rpartition("/")[2] == below):
            yield path


def _is_plain(name: str) -> bool:
    """Whether it can be the name of a directory of the experiment."""
    return name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}


def parse(artifact: Artifact) -> Summary:
    """The document as a typed view, its runs by name."""
    view = View.of(artifact, artifact.yaml().value)
    entries: dict[str, _Entry] = {}
    problems: list[Problem] = []
    for index, item in enumerate(view.items("runs")):
        at = f"/runs/{index}"
        if len(entries) >= artifact.limits.members:
            problems.append(
                artifact.problem("members-limit", "the runs after it were left out", at)
            )
            break
        entry = View(artifact, item if isinstance(item, dict) else {}, at, view.problems)
        name = entry.text("name")
        if name is None or not name.strip():
            problems.append(artifact.problem("unnamed-run", "a run without a name", at))
        elif name in entries:
            message = "a run of a name that another has; the first counts"
            problems.append(artifact.problem("duplicate-run", message, at))
        else:
            entries[name] = _Entry(index, name, entry)
            if not _is_plain(name):
                message = "a run's name that is a path; no file was looked for there"
                problems.append(artifact.problem("unsafe-path", message, f"{at}/name"))
    wanted = artifact.member.name if artifact.member else None
    entry_of = entries.get(wanted) if wanted is not None else None
    return Summary(view, tuple(entries.values()), tuple(problems), entry_of)


def to_reading(summary: Summary, artifact: Artifact, _points: PointSink) -> Reading:
    """The experiment, and what it says of the run at hand."""
    document = artifact.yaml()
    return Reading(
        claims=tuple(_claims(summary)),
        configs=tuple(_configs(summary, artifact)),
        steps=tuple(_steps(summary, artifact)),
        datasets=tuple(_datasets(summary)),
        problems=(
            *yaml_readings.problems(artifact, lambda place: _concerns(place, summary)),
            *summary.problems,
            *_doubts(summary, artifact),
            *summary.view.problems,
        ),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras=_extras(summary),
    )


def _concerns(place: str, summary: Summary) -> bool:
    """Whether a place is not another run's."""
    if not place.startswith("/runs/"):
        return True
    return summary.entry is not None and place.startswith(f"/runs/{summary.entry.index}/")


def _claims(summary: Summary) -> Iterator[Claim]:
    experiment = summary.view.object("experiment")
    name = experiment.filled("name")
    if name is not None:
        yield Claim("summary.experiment", name, experiment.at("name"))
    if summary.entry is not None:
        yield Claim("summary.run_id", summary.entry.name, summary.entry.view.at("name"))


def _configs(summary: Summary, artifact: Artifact) -> Iterator[Config]:
    """The whole design; the run's own parameters. Neither is all that the run was given."""
    if not summary.view.value:
        return
    types = yaml_readings.types(artifact)
    whole = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format="yaml",
        values=summary.view.value,
        types=types,
        partial=True,
    )
    yield whole
    entry = summary.entry
    if entry is None:
        return
    parameters = entry.view.object("parameters")
    if parameters.value:
        place = parameters.pointer
        yield replace(
            whole,
            at=artifact.at(place),
            id=f"{artifact.path}#{place}",
            values=parameters.value,
            types={
                key[len(place) :]: kind
                for key, kind in types.items()
                if key.startswith(place + "/")
            },
        )


def _is_fine_tuned(summary: Summary) -> bool:
    return summary.entry is not None and summary.entry.view.value.get("type") == _FINE_TUNED


def _steps(summary: Summary, artifact: Artifact) -> Iterator[Step]:
    """The training of a fine-tuned run, and every evaluation that was planned for the run."""
    entry = summary.entry
    if entry is None:
        return
    if _is_fine_tuned(summary):
        yield Step(
            at=entry.view.at(),
            step_id=TRAINING,
            name="train",
            inputs=_models(summary),
        )
    checkpoint = entry.view.object("parameters").filled("checkpoint_path")
    tasks = _tasks(summary)
    unknown = View(artifact, {}, "/evaluation/tasks", summary.view.problems)
    for place, task, epoch, label in _planned(summary, artifact):
        known = tasks.get(task, unknown)
        data = known.filled("dataset") or known.filled("eval_condition")
        inputs: dict[str, Value] = {"task": task}
        if epoch is not None:
            inputs["epoch"] = epoch
        if label:
            inputs["vis_label"] = label
        yield Step(
            at=artifact.at(place),
            step_id=EVAL + (task if epoch is None else f"{task}_epoch{epoch}"),
            name="eval",
            inputs=inputs,
            eval=Evaluation(
                datasets=(data,) if data else (),
                script=Script(known.filled("script")),
                checkpoint=checkpoint,
            ),
        )


def _models(summary: Summary) -> dict[str, Value]:
    """The base model of the run, with its path where the design lists it."""
    name = summary.entry.view.filled("model") if summary.entry else None
    if name is None:
        return {}
    models: dict[str, Value] = {"base_model": name}
    for item in summary.view.object("models").items("base"):
        if isinstance(item, dict) and item.get("name") == name and item.get("path"):
            models["base_model_path"] = item["path"]
    return models


def _tasks(summary: Summary) -> dict[str, View]:
    """What the design says of each task; of two of one name, of the first."""
    evaluation = summary.view.object("evaluation")
    found: dict[str, View] = {}
    for index, item in enumerate(evaluation.items("tasks")):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(name, str):
            place = f"{evaluation.pointer}/tasks/{index}"
            view = View(evaluation.artifact, item, place, evaluation.problems)
            found.setdefault(name, view)
    return found


def _planned(
    summary: Summary, artifact: Artifact
) -> Iterator[tuple[str, str, int | None, str | None]]:
    """Place, task, epoch and label of each evaluation of the run that the matrix plans."""
    evaluation = summary.view.object("evaluation")
    left = artifact.limits.members
    for index, item in enumerate(evaluation.items("matrix")):
        if summary.entry is None or not isinstance(item, dict):
            continue
        place = f"{evaluation.pointer}/matrix/{index}"
        row = View(artifact, item, place, evaluation.problems)
        if row.text("run") != summary.entry.name:
            continue
        epochs = [None] if item.get("epochs") is None else _epochs(row)
        for task in row.texts("tasks"):
            for epoch in epochs[: max(left, 0)]:
                left -= 1
                yield place, task, epoch, row.filled("vis_label")


def _epochs(row: View) -> list[int | None]:
    items = row.items("epochs")
    return [item for item in items if isinstance(item, int) and not isinstance(item, bool)]


def _datasets(summary: Summary) -> Iterator[Dataset]:
    """Training data of a fine-tuned run, split by split; data of its evaluations."""
    if summary.entry is None:
        return
    training = summary.view.object("data").object("training")
    path = training.filled("path")
    if path is not None and _is_fine_tuned(summary):
        splits = training.object("splits")
        for split in _SPLITS:
            count = splits.integer(split)
            if count is not None:
                note = f"{count} samples by design"
                at = splits.at(split)
                yield Dataset(at=at, role=split, path=path, split=split, note=note)
        if not splits.value:
            yield Dataset(at=training.at("path"), role="train", path=path)
    evaluation = summary.view.object("evaluation")
    for index, item in enumerate(evaluation.items("tasks")):
        data = item.get("dataset") if isinstance(item, dict) else None
        if isinstance(data, str) and data:
            at = evaluation.at("tasks", index, "dataset")
            yield Dataset(at=at, role="eval", path=data)


def _doubts(summary: Summary, artifact: Artifact) -> Iterator[Problem]:
    """What the design says of the run and no tool would understand."""
    entry = summary.entry
    if entry is None:
        if artifact.member is not None and summary.view.value:
            message = "the run is not among the ones that the experiment names"
            yield artifact.problem("unlisted-run", message, "/runs")
        return
    kind = entry.view.text("type")
    if kind is not None and kind not in _TYPES:
        message = "a type of run that is not known; it was not taken for a training"
        yield artifact.problem("unknown-run-type", message, f"/runs/{entry.index}/type")


def _extras(summary: Summary) -> dict[str, Value]:
    """What a person wants to know of the experiment and no field holds."""
    experiment = summary.view.value.get("experiment")
    stated = experiment if isinstance(experiment, dict) else {}
    extras: dict[str, Value] = {
        key: stated[key]
        for key in ("project", "question", "hypothesis", "purpose", "date", "type")
        if stated.get(key)
    }
    where = stated.get("dir", stated.get("directory"))
    if where:
        extras["dir"] = where
    if summary.entry is not None:
        extras["run_type"] = summary.entry.view.value.get("type")
    extras["runs"] = len(summary.entries)
    return extras


READER = Reader(
    name="run_experiment_summary",
    kind="run_experiment.summary",
    summary="run-experiment experiment_summary.yaml: the design, its runs and planned evaluations",
    select=files("experiment_summary.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
    members=members,
    shared=True,
)
