"""LLMRunner's settings of one experiment: the pipeline, its steps, and what they include.

`configs/experiments/<experiment>/pipeline.py` with `steps/*.py` and `configs/common/*.py`; before
2026-01-27 `pipeline.env`, at first flat below `configs/`. Every setting file that exists consists
of `NAME = literal` alone, and is read as that: nothing is imported or evaluated. The settings are
those of today: LLMRunner keeps no copy of what a run was started with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from archiver.codecs.flaws import Flaw, Flaws
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Location, Origin, Problem, StepPlan, Trust
from archiver.model.record import (
    Accounting,
    Command,
    Config,
    Dependency,
    Evaluation,
    Script,
    Source,
    Step,
)
from archiver.model.values import Value
from archiver.producers.llmrunner import layout, settings
from archiver.producers.llmrunner.experiment import Experiment, read_experiment
from archiver.producers.llmrunner.places import OUTPUTS, Places
from archiver.producers.llmrunner.plan import PlannedStep, name_and_stage, step_type
from archiver.producers.llmrunner.roots import members
from archiver.rundir import Entry, Tree

_FILES_MOST = 400
"""Settings files of one experiment that are looked at."""
_SUFFIXES = (".py", ".env")
_PIPELINE_KEYS = frozenset(
    {"STEPS", "DATAPOOL_ROOT", "WORKDIR", "RUN_ID", "INCLUDE", "INCLUDES", "BASE_MODEL_NAME"}
)
_INPUTS = re.compile(
    r"(?:\w+_)?DATA_PATH|LOAD_DIR|IN_CKPT_DIR|INPUT_\w+|TOKENIZER_(?:PATH|MODEL)|BASE_MODEL_\w+"
    r"|MODEL_HF_DIR|COPY_HF_FROM|(?:CPT|SFT)_RAW_COPY_SRC"
)
_COMMANDS = ("TRAIN_CMD", "CONVERT_CMD", "EVAL_CMD", "SCRIPT")
_TRAINERS = ("MEGATRON", "MINDSPEED")
_DERIVED = ("inputs", "outputs", "params")
_ASSUMED = "assuming that no environment variable overrode the settings"


def select(tree: Tree) -> Iterator[Selection]:
    """The settings of each directory that has a pipeline's: its steps' and the common ones, too."""
    for directory in layout.pipelines(tree):
        mains = [
            entry
            for name in layout.PIPELINES
            if (entry := tree.by_path.get(layout.below(directory, name))) is not None
            and entry.type == "file"
        ]
        own = [entry for entry in _settings_in(tree, directory) if entry not in mains]
        common = _common(tree, directory)
        files = dict.fromkeys([*mains, *own, *common])
        yield Selection(directory or mains[0].path, tuple(files)[:_FILES_MOST])


def _settings_in(tree: Tree, directory: str) -> Iterator[Entry]:
    steps = layout.below(directory, "steps")
    for entry in tree.files if not directory else tree.directories.get(directory, ()):
        if entry.parent in (directory, steps) and entry.name.endswith(_SUFFIXES):
            yield entry


def _common(tree: Tree, directory: str) -> Iterator[Entry]:
    home = layout.home_of(directory)
    place = layout.below(home, "configs/common") if home is not None else ""
    for entry in tree.directories.get(place, ()) if place else ():
        if entry.name.endswith(_SUFFIXES):
            yield entry


def detect(artifact: Artifact) -> Match:
    """A pipeline's settings: steps, or flags of steps, or two names that only a pipeline has."""
    main = settings.read(artifact.entry.path, artifact.data(), artifact.limits)
    names = set(main.values)
    flagged = any(name.startswith("STEP_") and name.endswith("_ENABLED") for name in names)
    if flagged or len(names & _PIPELINE_KEYS) >= 2:
        return Match.YES
    stepped = any(step_type(entry.name.rpartition(".")[0]) for entry in artifact.files[1:])
    return Match.DAMAGED if stepped and not main.complete else Match.NO


def to_reading(experiment: Experiment, artifact: Artifact, _points: PointSink) -> Reading:
    """Configurations as written and resolved, steps with their places, and what follows."""
    told = _Telling(experiment, artifact)
    return Reading(
        claims=tuple(told.claims()),
        configs=tuple(told.configs()),
        dependencies=tuple(told.trainers()),
        steps=tuple(told.steps()),
        plans=tuple(told.plans()),
        problems=tuple(told.problems()),
        accounting=_accounting(experiment, artifact),
        extras={
            "era": experiment.plan.era,
            "resolved": _ASSUMED,
            "dry_run": settings.is_dry(experiment.resolved.values),
            "files": list(experiment.merged.files),
        },
    )


class _Telling:
    """The settings told in the archive's terms."""

    def __init__(self, experiment: Experiment, artifact: Artifact) -> None:
        self._said, self._artifact, self._tree = experiment, artifact, artifact.tree
        self._places = Places(experiment, artifact.tree)
        self._written = {step.id: self._places.written(step) for step in experiment.plan.steps}

    def _at(self, name: str) -> Location:
        """Where a setting of the pipeline stands."""
        path = self._said.merged.homes.get(name, self._said.main)
        line = self._said.files[path].lines.get(name)
        return self._artifact.at(f"L{line}" if line else "", path)

    def claims(self) -> Iterator[Claim]:
        """What the settings say of the run as a whole."""
        said, main = self._said, self._artifact.at("", self._said.main)
        if said.name:
            rule = "directory-of-settings"
            yield Claim("summary.experiment", said.name, main, Trust.HINT, Origin.DERIVED, rule)
        run_id = said.plain("RUN_ID")
        if run_id:
            yield Claim("summary.run_id", run_id, self._at("RUN_ID"), Trust.COPY)
        yield Claim("config.pipeline_config", said.main, main)
        steps = layout.below(said.directory, "steps")
        if steps in self._tree.directories:
            yield Claim("config.steps_config_dir", steps, main)
        if isinstance(said.resolved.values.get("CONDA_ENV"), str):
            environment = settings.plain(said.resolved.values["CONDA_ENV"])
            if environment:
                yield self._derived("summary.conda_env", environment, "CONDA_ENV")
        yield from self._paths()
        yield from self._repro(main)

    def _paths(self) -> Iterator[Claim]:
        """Paths that the settings spell out; a symbolic root says nothing of the machine."""
        values = self._said.resolved.values
        for name, key in (("datapool_root", "DATAPOOL_ROOT"), ("workdir", "WORKDIR")):
            value = values.get(key)
            if isinstance(value, str) and value.startswith("/"):
                yield self._derived(f"paths.{name}", value, key)
        log_dir = values.get("LOG_DIR")
        if isinstance(log_dir, str) and log_dir.startswith("/"):
            yield self._derived("paths.logs_root", log_dir, "LOG_DIR")
        pool = self._places.place(self._said.plain("DATAPOOL_ROOT"))
        for stage in ("cpt", "sft") if pool else ():
            raw = f"{pool}/data/raw/{stage}"
            if raw in self._tree.directories:
                yield self._derived(f"data.raw_{stage}_dir", raw, "DATAPOOL_ROOT")

    def _derived(self, name: str, value: Value, key: str) -> Claim:
        rule = "llmrunner-settings"
        at = self._at(key)
        return Claim(name, value, at, Trust.COPY, Origin.DERIVED, rule, (at,), _ASSUMED)

    def _repro(self, main: Location) -> Iterator[Claim]:
        rule = "llmrunner-command"
        era = self._said.plan.era
        path = self._said.main
        home = self._said.home
        inside = path.removeprefix(home + "/") if home else path
        if era != "1":
            for name, script in (("prepare", "prepare_exp"), ("run", "run")):
                command = f"python3 scripts/{script}.py -c {inside}"
                yield Claim(f"repro.{name}", command, main, Trust.HINT, Origin.DERIVED, rule)
        values = self._said.resolved.values
        for key in ("DATAPOOL", *_TRAINERS):
            value = values.get(key)
            if isinstance(value, str) and value:
                yield self._derived(f"repro.env.{key}", value, key)
        if settings.is_dry(values):
            yield self._derived("repro.env.DRY_RUN", "1", "DRY_RUN")

    def trainers(self) -> Iterator[Dependency]:
        """Checkouts that the trainers run from; nobody wrote down their versions."""
        for key in _TRAINERS:
            path = self._said.plain(key)
            if path and path != f"${{{key}}}":
                yield Dependency(
                    at=self._at(key),
                    origin=Origin.DERIVED,
                    name=key.lower(),
                    version=None,
                    kind="imported",
                    note=f"configured at {path}",
                )

    def configs(self) -> Iterator[Config]:
        """Each file as written, then the pipeline and every step resolved."""
        said = self._said
        by_path = {step.config: step.id for step in said.plan.steps if step.config}
        for path, one in said.files.items():
            if path in said.merged.files or path in by_path or path == said.main:
                yield Config(
                    at=self._artifact.at("", path),
                    id=path,
                    role="authored",
                    format=one.format,
                    values=dict(one.values),
                    typed=one.format == "python",
                    types=one.types,
                    partial=not one.complete,
                    step_id=by_path.get(path),
                )
        merged = said.merged
        yield self._config(said.main, said.resolved.values, partial=merged.partial)
        for step in said.plan.steps:
            found = said.files.get(step.config or "")
            if found is not None:
                values, partial = self._said.steps[step.id].values, not found.complete
                yield self._config(found.path, values, partial=partial, step_id=step.id)

    def _config(
        self, path: str, values: dict[str, Value], *, partial: bool, step_id: str | None = None
    ) -> Config:
        return Config(
            at=self._artifact.at("", path),
            origin=Origin.DERIVED,
            id=f"{path} (resolved)",
            role="resolved",
            format="env" if path.endswith(".env") else "python",
            values=values,
            typed=False,
            partial=partial,
            step_id=step_id,
        )

    def steps(self) -> Iterator[Step]:
        """Each entry of the pipeline with what its settings say."""
        for entry in self._said.plan.steps:
            name, stage = name_and_stage(entry.type)
            values = self._said.steps[entry.id].values
            off = entry.enabled is False
            dry = settings.is_dry(self._said.resolved.values) and not self._places.logs(entry)
            known = entry.config if entry.config in self._said.files else None
            at = self._artifact.at("", known or self._said.main)
            derived = Source(Origin.DERIVED, at, "llmrunner-settings", note=_ASSUMED)
            evaluates = entry.type == "eval"
            written = self._written[entry.id]
            # LLMRunner never retries; a trainer may have been started again by itself.
            once = not entry.type.startswith("train")
            yield Step(
                at=at,
                step_id=entry.id,
                name=name,
                stage=stage,
                status="skipped" if off or dry else "unknown",
                status_word="disabled" if off else "dry run" if dry else None,
                config=entry.config,
                inputs={
                    "id": entry.id.partition("@")[0],
                    **self._base_model(entry, values),
                    **settings.matching(values, _INPUTS),
                },
                outputs={
                    **settings.matching(values, OUTPUTS),
                    **({"present": list(written)} if written else {}),
                },
                params=dict(values),
                params_from=(f"{entry.config} (resolved)",) if values else (),
                eval=_evaluation(values) if evaluates else None,
                command=_command(values),
                retries=0 if once else None,
                sources={
                    **dict.fromkeys(_DERIVED, derived),
                    **({"retries": Source(Origin.DERIVED, at, "no-retry-feature")} if once else {}),
                },
            )

    def _base_model(self, entry: PlannedStep, values: Mapping[str, Value]) -> dict[str, Value]:
        """Name of the model that a training starts from, the step's own before the pipeline's."""
        if not entry.type.startswith("train"):
            return {}
        key = "BASE_MODEL_NAME"
        name = settings.plain(values.get(key)) or self._said.plain(key)
        return {"base_model": name} if name else {}

    def plans(self) -> Iterator[StepPlan]:
        """Number and places of each entry; a place that several could own is nobody's."""
        wanted = self._written
        training = {s.id for s in self._said.plan.steps if s.type.startswith("train")}
        owners = Counter(place for places in wanted.values() for place in places)
        trainers = Counter(place for name in training for place in wanted[name])
        for step in self._said.plan.steps:
            own = [
                place
                for place in wanted[step.id]
                if owners[place] == 1 or (step.id in training and trainers[place] == 1)
            ]
            places = (*self._places.logs(step), *own)
            yield StepPlan(step.id, step.number, places, enabled=step.enabled is not False)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the files, the inclusion, the expansion and the plan."""
        said = self._said
        for path, one in said.files.items():
            yield from self._flaws(one.flaws, path)
        yield from self._flaws(said.merged.flaws, said.main)
        yield from self._flaws(said.resolved.flaws, said.main)
        for step in said.plan.steps:
            yield from self._flaws(self._said.steps[step.id].flaws, step.config or said.main)
        at = self._artifact.at("", said.main)
        for code, message in said.plan.faults:
            yield Problem(code, message, at)
        for earlier, later in self._places.wiped():
            message = f"{later} clears the directory that {earlier} exports to"
            yield Problem("export-wiped", message, at, f"what lies there is that of {later}")
        for step in said.plan.steps:
            if step.enabled and step.config not in said.files:
                message = f"{step.id} has no settings here ({step.config or 'none named'})"
                yield Problem("missing-step-settings", message, at)
            if step.enabled is False and self._places.logs(step):
                message = f"{step.id} is switched off and has a log: one of an earlier execution"
                yield Problem("stale-log", message, at, "its log says nothing of the last run")

    def _flaws(self, flaws: Flaws, path: str) -> Iterator[Problem]:
        flaw: Flaw
        for flaw in flaws:
            place = self._artifact.at(flaw.place, path)
            yield Problem(flaw.code, flaw.message, place, flaw.hint)


def _command(values: Mapping[str, Value]) -> Command | None:
    """What the step runs; the script of LLMRunner where it names nothing else."""
    shell = next((text for key in _COMMANDS if (text := settings.plain(values.get(key)))), None)
    entry = settings.plain(values.get("ENTRYPOINT"))
    if entry and settings.plain(values.get("RUN_WITH")) != "cmd":
        shell = f"{entry} {settings.plain(values.get('ARGS')) or ''}".rstrip()
    cwd = settings.plain(values.get("SCRIPT_CWD"))
    return Command(shell=shell, cwd=cwd) if shell else None


def _evaluation(values: Mapping[str, Value]) -> Evaluation:
    suite = settings.plain(values.get("EVAL_SUITE"))
    script = settings.plain(values.get("EVAL_CMD"))
    return Evaluation(datasets=(suite,) if suite else (), script=Script(path=script))


def _accounting(experiment: Experiment, artifact: Artifact) -> Accounting:
    books: Counter[str] = Counter()
    for one in experiment.files.values():
        books.update(one.flaws.counts)
    read = sum(one.complete for one in experiment.files.values())
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=read,
        corrupt=len(experiment.files) - read,
        reasons=dict(books),
        scope=artifact.run.scope,
    )


READER = Reader(
    name="llmrunner_pipeline",
    kind="llmrunner.pipeline",
    summary="LLMRunner pipeline.py / pipeline.env with its steps and included settings",
    select=select,
    detect=detect,
    parse=read_experiment,
    map=to_reading,
    members=members,
)
