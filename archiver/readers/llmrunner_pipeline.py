"""LLMRunner's settings of one experiment: the pipeline, its steps, and what they include.

`configs/experiments/<experiment>/pipeline.py` with `steps/*.py` and `configs/common/*.py`; before
2026-01-27 `pipeline.env`, at first flat below `configs/`. Every setting file that exists consists
of `NAME = literal` alone, and is read as that: nothing is imported or evaluated. The settings are
those of today: LLMRunner keeps no copy of what a run was started with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from archiver.artifact import Member
from archiver.codecs.flaws import Flaw, Flaws
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.limits import Limits
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
from archiver.producers.llmrunner.plan import Plan, PlannedStep, name_and_stage, plan, step_type
from archiver.producers.llmrunner.settings import Expanded, Merged, Settings
from archiver.rundir import Entry, Tree

_FILES_MOST = 400
"""Settings files of one experiment that are looked at."""
_LARGEST_FILES = 8
"""Files of the largest size that an experiment's settings may have together."""
_SUFFIXES = (".py", ".env")
_PIPELINE_KEYS = frozenset(
    {"STEPS", "DATAPOOL_ROOT", "WORKDIR", "RUN_ID", "INCLUDE", "INCLUDES", "BASE_MODEL_NAME"}
)
_STEP_CONTEXT = (
    "MODEL_PREFIX", "BASE_MODEL_PATH", "BASE_MODEL_NAME", "BASE_MODEL_SRC", "MEGATRON",
    "MINDSPEED", "TOKENIZER_PATH", "SFT_TOKENIZER_PATH",
)  # fmt: skip
"""Keys of the pipeline that a step's settings may refer to, since 2026-01-27."""
_INPUTS = re.compile(
    r"(?:\w+_)?DATA_PATH|LOAD_DIR|IN_CKPT_DIR|INPUT_\w+|TOKENIZER_(?:PATH|MODEL)|BASE_MODEL_\w+"
    r"|MODEL_HF_DIR|COPY_HF_FROM|(?:CPT|SFT)_RAW_COPY_SRC"
)
_OUTPUTS = re.compile(r"OUTPUT_\w+|SAVE_DIR|(?:OUT_HF|HF_OUTPUT|REPORT)_DIR|REWRITE_OUTPUT_FILE")
_COMMANDS = ("TRAIN_CMD", "CONVERT_CMD", "EVAL_CMD", "SCRIPT")
_OUTPUT_OPTIONS = frozenset({"--save", "--tensorboard-dir", "--wandb-save-dir"})
_HF_DIRECTORIES = ("OUT_HF_DIR", "OUTPUT_DIR", "HF_OUTPUT_DIR")
_HF_DEFAULT = "model/hf"
_TRAINERS = ("MEGATRON", "MINDSPEED")
_DERIVED = ("inputs", "outputs", "params")
_ASSUMED = "assuming that no environment variable overrode the settings"
_LOGS_LOOKED_AT = 300


@dataclass(frozen=True)
class Experiment:
    """Everything that the settings say, before it is told in the archive's terms."""

    directory: str
    home: str | None
    main: str
    files: dict[str, Settings]
    merged: Merged
    resolved: Expanded
    plan: Plan

    @property
    def env(self) -> bool:
        """Whether the pipeline's settings are a `.env` file."""
        return self.main.endswith(".env")

    @property
    def flat(self) -> bool:
        """Whether the settings are the only ones of their root."""
        return self.directory.rpartition("/")[2] == layout.CONFIGS

    @property
    def name(self) -> str:
        """Name of the experiment; empty where the directory does not tell."""
        return "" if self.flat else self.directory.rpartition("/")[2]


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


def parse(artifact: Artifact) -> Experiment:
    """Read every file once, then merge, expand and order."""
    files: dict[str, Settings] = {}
    left = artifact.limits.python_bytes * _LARGEST_FILES
    for entry in artifact.files:
        left -= entry.size
        files[entry.path] = _read(artifact, entry) if left >= 0 else _passed_over(entry)
    main = artifact.entry.path
    directory = artifact.entry.parent
    home = layout.home_of(directory)
    merged = settings.merged(main, files)
    resolved = _resolved(merged, home, artifact.limits)
    steps = _step_files(directory, main, files)
    planned = plan(
        {**merged.values, **resolved.values, "STEPS": merged.values.get("STEPS")},
        steps,
        flat=directory.rpartition("/")[2] == layout.CONFIGS,
        env=main.endswith(".env"),
        included=len(merged.files) > 1,
    )
    return Experiment(directory, home, main, files, merged, resolved, planned)


def _passed_over(entry: Entry) -> Settings:
    flaws = Flaws()
    flaws.add(
        "size-limit", "the settings of the experiment are too large together; it was not read"
    )
    return Settings(entry.path, {}, complete=False, flaws=flaws)


def _read(artifact: Artifact, entry: Entry) -> Settings:
    parts: list[bytes] = []
    left = artifact.limits.python_bytes + 1
    for chunk in artifact.open(entry).chunks():
        parts.append(chunk[:left])
        left -= len(parts[-1])
        if left <= 0:
            break
    return settings.read(entry.path, b"".join(parts), artifact.limits)


def _resolved(merged: Merged, home: str | None, limits: Limits) -> Expanded:
    """The pipeline's settings expanded; LLMRunner's root stays a name, nobody wrote it down."""
    fixed = {"DATAPOOL": "${ROOT_DIR}/datapool"} if home is not None else {}
    given = {name: text for name, text in fixed.items() if name not in merged.values}
    return settings.expanded(merged.values, given, limits)


def _step_files(directory: str, main: str, files: Mapping[str, Settings]) -> dict[str, str]:
    """Stem -> path of each settings file of a step."""
    steps = layout.below(directory, "steps")
    found: dict[str, str] = {}
    for path in files:
        parent, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0]
        beside = parent == directory and path != main and step_type(stem)
        if (parent == steps or beside) and stem not in found:
            found[stem] = path
    return found


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
        values = experiment.resolved.values
        old = experiment.plan.era in ("1", "2")
        names = None if old else _STEP_CONTEXT
        pool = settings.plain(values.get("DATAPOOL_ROOT"))
        fixed = {"DATAPOOL_ROOT": pool} if pool else {}
        self._context = settings.context_of(values, fixed, names)
        if not self._context.get("RUN_ID"):
            self._context.pop("RUN_ID", None)  # the runner makes one up
        self._steps = {step.id: self._resolved(step) for step in experiment.plan.steps}
        self._written = {step.id: self._places(step) for step in experiment.plan.steps}

    def _resolved(self, step: PlannedStep) -> Expanded:
        found = self._said.files.get(step.config or "")
        values = found.loaded if found is not None else {}
        # Until 2026-01-27 a module's settings could not refer to one another; a shell's could.
        own = self._said.plan.era != "2" or (found is not None and found.format == "env")
        return settings.expanded(values, self._context, self._artifact.limits, own=own)

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
        run_id = settings.plain(said.resolved.values.get("RUN_ID"))
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
        pool = self.place(settings.plain(values.get("DATAPOOL_ROOT")))
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
            path = settings.plain(self._said.resolved.values.get(key))
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
                values, partial = self._steps[step.id].values, not found.complete
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
            values = self._steps[entry.id].values
            off = entry.enabled is False
            dry = settings.is_dry(self._said.resolved.values) and not self._logs(entry)
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
                    **_matching(values, _INPUTS),
                },
                outputs={
                    **_matching(values, _OUTPUTS),
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
        name = settings.plain(values.get(key)) or settings.plain(
            self._said.resolved.values.get(key)
        )
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
            places = (*self._logs(step), *own)
            yield StepPlan(step.id, step.number, places, enabled=step.enabled is not False)

    def _places(self, step: PlannedStep) -> tuple[str, ...]:
        """Files and directories that the step writes and that are there."""
        values = self._steps[step.id].values
        named = [settings.plain(value) for value in _matching(values, _OUTPUTS).values()]
        for key in ("TRAIN_CMD", "ARGS"):
            named += _options(settings.plain(values.get(key)) or "")
        found: dict[str, None] = {}
        for path in named:
            place = self.place(path)
            if place is None:
                continue
            if layout.there(self._tree, place):
                found[place] = None
            else:
                found.update(dict.fromkeys(self._with_prefix(place)))
        return tuple(found)

    def _with_prefix(self, prefix: str) -> Iterator[str]:
        """Files that a prefix such as `data/tokenized/cpt/qwen` names."""
        parent = prefix.rpartition("/")[0]
        for entry in self._tree.directories.get(parent, ()):
            if entry.path.startswith(prefix) and entry.parent == parent:
                yield entry.path

    def place(self, path: str | None) -> str | None:
        """A configured path as the tree would spell it; None where that is not known."""
        home = self._said.home
        if path is None or home is None:
            return None
        for root in ("${ROOT_DIR}/", self._root()):
            if root and path.startswith(root):
                inside = path.removeprefix(root).strip("/")
                return layout.below(home, inside) if ".." not in inside.split("/") else None
        if path.startswith(("/", "$", "..")):
            return None
        return layout.below(home, path.removeprefix("./").strip("/"))

    def _root(self) -> str:
        """LLMRunner's root as the settings spell it, where a standard place below it is named."""
        for key, tail in (("DATAPOOL_ROOT", "/datapool"), ("WORKDIR", "/.llmrunner")):
            value = settings.plain(self._said.resolved.values.get(key)) or ""
            head, found, rest = value.rstrip("/").partition(tail)
            if found and head.startswith("/") and (not rest or rest.startswith("/")):
                return head + "/"
        return ""

    def _logs(self, step: PlannedStep) -> tuple[str, ...]:
        """The step's logs, of any run id; those of the run id that is set, where it has any."""
        name = step.id.partition("@")[0]
        found = layout.logs_of(self._tree, (name,))
        run_id = settings.plain(self._said.resolved.values.get("RUN_ID"))
        own = [path for path in found if run_id and path.split("/")[-2] == run_id]
        return tuple(own or found) if "@" not in step.id else ()

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the files, the inclusion, the expansion and the plan."""
        said = self._said
        for path, one in said.files.items():
            yield from self._flaws(one.flaws, path)
        yield from self._flaws(said.merged.flaws, said.main)
        yield from self._flaws(said.resolved.flaws, said.main)
        for step in said.plan.steps:
            yield from self._flaws(self._steps[step.id].flaws, step.config or said.main)
        at = self._artifact.at("", said.main)
        for code, message in said.plan.faults:
            yield Problem(code, message, at)
        for earlier, later in self._wiped():
            message = f"{later} clears the directory that {earlier} exports to"
            yield Problem("export-wiped", message, at, f"what lies there is that of {later}")
        for step in said.plan.steps:
            if step.enabled and step.config not in said.files:
                message = f"{step.id} has no settings here ({step.config or 'none named'})"
                yield Problem("missing-step-settings", message, at)
            if step.enabled is False and self._logs(step):
                message = f"{step.id} is switched off and has a log: one of an earlier execution"
                yield Problem("stale-log", message, at, "its log says nothing of the last run")

    def _wiped(self) -> Iterator[tuple[str, str]]:
        """Conversions whose directory a later one clears before it begins."""
        last: dict[str, str] = {}
        pool = settings.plain(self._said.resolved.values.get("DATAPOOL_ROOT")) or ""
        for step in self._said.plan.steps:
            if step.type != "mg2hf" or not step.enabled or self._said.plan.era != "7-8":
                continue
            values = self._steps[step.id].values
            named = (settings.plain(values.get(key)) for key in _HF_DIRECTORIES)
            place = next((path.rstrip("/") for path in named if path), f"{pool}/{_HF_DEFAULT}")
            if place in last:
                yield last[place], step.id
            last[place] = step.id

    def _flaws(self, flaws: Flaws, path: str) -> Iterator[Problem]:
        flaw: Flaw
        for flaw in flaws:
            place = self._artifact.at(flaw.place, path)
            yield Problem(flaw.code, flaw.message, place, flaw.hint)


def _matching(values: Mapping[str, Value], names: re.Pattern[str]) -> dict[str, Value]:
    return {
        name: value
        for name, value in values.items()
        if names.fullmatch(name) and settings.plain(value)
    }


def _options(command: str) -> Iterator[str]:
    """Directories that a trainer's command line says it writes to."""
    words = command.split()
    for word, following in pairwise(words):
        if word in _OUTPUT_OPTIONS:
            yield following


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


def members(artifact: Artifact) -> tuple[Member, ...]:
    """The experiments of LLMRunner's root, where there are several; told by the first of them."""
    home = layout.home_of(artifact.entry.parent)
    tree = artifact.tree
    groups = layout.experiments(tree)
    directories = groups.get(home, []) if home is not None else []
    alone = len(directories) < 2 and len(groups) < 2
    if home is None or alone or artifact.entry.parent not in directories[:1]:
        return ()
    pools = {directory: _pool_name(artifact, directory) for directory in directories}
    names = {d: {d.rpartition("/")[2], pools[d]} for d in directories}
    logs = _owned(artifact, home, names)
    return tuple(
        Member(
            directory.rpartition("/")[2],
            (
                directory,
                layout.below(home, "configs/common"),
                layout.below(home, f"datapool/experiments/{pools[directory]}"),
                *logs[directory],
            ),
            home,
        )
        for directory in directories
    )


def _pool_name(artifact: Artifact, directory: str) -> str:
    """Last part of an experiment's data pool, from its settings; else the experiment's name."""
    name = directory.rpartition("/")[2]
    for file in layout.PIPELINES:
        entry = artifact.tree.by_path.get(f"{directory}/{file}")
        if entry is not None and entry.type == "file":
            value = settings.as_text(_read(artifact, entry).values.get("DATAPOOL_ROOT"))
            last = (value or "").rstrip("/").rpartition("/")[2]
            return last if last and "$" not in last else name
    return name


def _owned(artifact: Artifact, home: str, names: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Directory of each experiment -> the logs and consoles that are its own.

    All share a log directory by default; a log's own paths tell whose it is. One that speaks of
    none belongs to each of them.
    """
    owned: dict[str, list[str]] = {directory: [] for directory in names}
    for entry in _logs(artifact.tree, home):
        speaks = set(layout.named_experiments(_ends(artifact, entry)))
        owners = [directory for directory, own in names.items() if own & speaks]
        for directory in owners if speaks else names:
            owned[directory].append(entry.path)
    return owned


def _logs(tree: Tree, home: str) -> Iterable[Entry]:
    skipped = (layout.below(home, "configs/"), layout.below(home, "datapool/"))
    found = (
        entry
        for entry in tree.named("*.log", "*.out", "*.txt")
        if (not home or entry.path.startswith(home + "/")) and not entry.path.startswith(skipped)
    )
    return [entry for entry, _ in zip(found, range(_LOGS_LOOKED_AT), strict=False)]


def _ends(artifact: Artifact, entry: Entry) -> bytes:
    """The beginning and the end of a log."""
    handle = artifact.open(entry)
    size = artifact.limits.head_bytes
    return handle.read_at(0, size) + b"\n" + handle.read_at(max(size, handle.size - size), size)


READER = Reader(
    name="llmrunner_pipeline",
    kind="llmrunner.pipeline",
    summary="LLMRunner pipeline.py / pipeline.env with its steps and included settings",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    members=members,
)
