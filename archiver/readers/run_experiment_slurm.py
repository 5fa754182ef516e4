"""SLURM scripts of a run-experiment run: `finetune.slurm`, `eval/<cell>/cell.slurm`.

Before 2026-05-20 evaluations had `eval/<task>_epoch<N>.slurm`. Directives are requests: the GPUs
asked for are not the GPUs that were given. Placeholders (`##SBATCH --partition=<PART>`) are no
values. Nothing is expanded: `$VAR` stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.codecs import batch_script
from archiver.codecs.batch_script import BatchScript, ShellLine
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Command, Config, Evaluation, Script, Step
from archiver.model.values import Value
from archiver.producers.experiment_jobs import EVAL, TRAINING, cell_of_directory

_SIGNS = re.compile(rb"\btune run\b|\binspect eval\b")
_TRAIN = ("tune", "run")
_EVALUATE = ("inspect", "eval")
_PROCESSES = ("--nproc_per_node", "--nproc-per-node")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,127})=(.*)", re.DOTALL)
_GRES = re.compile(r"gpu(?::[\w.-]{1,60})?:(\d{1,6})\Z")


@dataclass(frozen=True, slots=True)
class Job:
    """A script and the command that it is for."""

    script: BatchScript
    line: ShellLine | None = None
    argv: tuple[str, ...] = ()
    cwd: str | None = None

    @property
    def evaluates(self) -> bool:
        """Whether it evaluates rather than trains."""
        return self.argv[:2] == _EVALUATE


def detect(artifact: Artifact) -> Match:
    """Directives, and a command that trains or evaluates."""
    head = artifact.head()
    if b"#SBATCH" in head and _SIGNS.search(head):
        return Match.YES
    blank = not head.strip(b"\0 \r\n\t")
    return (
        Match.DAMAGED if blank and artifact.name in ("finetune.slurm", "cell.slurm") else Match.NO
    )


def parse(artifact: Artifact) -> Job:
    """The script, with the last command that trains or evaluates."""
    script = batch_script.parse(artifact.head())
    found = Job(script)
    cwd: str | None = None
    for line in script.commands:
        if line.words[:1] == ("cd",) and len(line.words) > 1:
            cwd = line.words[1]
        for words in (_TRAIN, _EVALUATE):
            argv = batch_script.command(line, *words)
            if argv:
                found = Job(script, line, argv, cwd)
    return found


def to_reading(job: Job, artifact: Artifact, _points: PointSink) -> Reading:
    """Step, command, launcher configuration."""
    problems = list(artifact.problems(job.script.flaws))
    if artifact.size > artifact.limits.head_bytes:
        problems.append(artifact.problem("size-limit", "only the beginning was read"))
    if not job.script.commands and not job.script.directives:
        problems.append(artifact.problem("empty", "the file is empty"))
    step_id = _step_id(job, artifact)
    return Reading(
        claims=tuple(_claims(job, artifact)),
        configs=tuple(_configs(job, artifact, step_id)),
        steps=tuple(_steps(job, artifact, step_id)),
        problems=tuple(problems),
        accounting=artifact.document_accounting(
            READER.kind, job.script.flaws, complete=job.line is not None
        ),
        extras=_extras(job),
    )


def _step_id(job: Job, artifact: Artifact) -> str:
    if not job.evaluates:
        return TRAINING
    cell = cell_of_directory(artifact.directory)
    if not cell and artifact.directory.rpartition("/")[2] == "eval":
        cell = artifact.name.removesuffix(".slurm")
    return EVAL + cell if cell else "eval"


def _steps(job: Job, artifact: Artifact, step_id: str) -> Iterator[Step]:
    if job.line is None:
        return
    nodes = job.script.last("nodes")
    command = Command(
        argv=job.argv,
        shell=job.line.text,
        cwd=job.cwd,
        executable=job.argv[0],
        launcher=" ".join(job.argv[:2]),
        nodes=int(nodes) if nodes.isdecimal() and len(nodes) < 9 else None,
        procs_per_node=_processes(job.argv),
    )
    at = artifact.at(f"L{job.line.line}")
    if not job.evaluates:
        yield Step(at=at, step_id=step_id, name="train", command=command)
        return
    options = _options(job.argv)
    data = options.get("-T data_path")
    yield Step(
        at=at,
        step_id=step_id,
        name="eval",
        command=command,
        inputs={key: value for key, value in _inputs(job.argv, options) if value != ""},
        eval=Evaluation(
            datasets=(data,) if data else (),
            script=Script(job.argv[2].partition("@")[0] if len(job.argv) > 2 else None),
            checkpoint=options.get("-M model_path"),
        ),
    )


def _processes(argv: tuple[str, ...]) -> int | None:
    """Processes per node, where `tune run` was told a number."""
    for index, word in enumerate(argv):
        name, _, value = word.partition("=")
        if name in _PROCESSES:
            text = value or (argv[index + 1] if index + 1 < len(argv) else "")
            return int(text) if text.isdecimal() and len(text) < 9 else None
    return None


def _options(argv: tuple[str, ...]) -> dict[str, str]:
    """Options of `inspect eval`; those that repeat are told apart by the name they set."""
    found: dict[str, str] = {}
    words = iter(argv[3:])
    for word in words:
        if not word.startswith("-"):
            continue
        name, equals, value = word.partition("=")
        value = value if equals else next(words, "")
        if name in ("-M", "-T", "--metadata"):
            key, _, value = value.partition("=")
            name = f"{name} {key}"
        found[name] = value
    return found


def _inputs(argv: tuple[str, ...], options: dict[str, str]) -> Iterator[tuple[str, Value]]:
    yield "task", argv[2].partition("@")[2] if len(argv) > 2 else ""
    yield "model", options.get("--model", "")
    yield "checkpoint", options.get("-M model_path", "")
    yield "eval_data", options.get("-T data_path", "")
    epoch = options.get("--metadata epoch", "")
    yield "epoch", int(epoch) if epoch.isdecimal() and len(epoch) < 9 else epoch


def _environment(job: Job) -> dict[str, tuple[str, int]]:
    """Variables that the script exports, as written, with their lines."""
    found: dict[str, tuple[str, int]] = {}
    for line in job.script.commands:
        if line.words[:1] != ("export",):
            continue
        for word in line.words[1:]:
            pair = _NAME.fullmatch(word)
            if pair is not None:
                found[pair[1]] = (pair[2], line.line)
    return found


def _activated(job: Job) -> tuple[str, int] | None:
    """The conda environment that is activated last, and the line."""
    found = None
    for line in job.script.commands:
        words = line.words
        if len(words) > 2 and words[0] in ("conda", "source", "mamba") and words[1] == "activate":
            found = (words[2], line.line)
    return found


def _claims(job: Job, artifact: Artifact) -> Iterator[Claim]:
    """What the training script states; one that evaluates knows its environment only."""
    if job.line is None:
        return
    conda = _activated(job)
    if conda is not None:
        trust = Trust.COPY if job.evaluates else Trust.STATED
        yield Claim("summary.conda_env", conda[0], artifact.at(f"L{conda[1]}"), trust)
    if job.evaluates:
        return
    at = artifact.at(f"L{job.line.line}")
    yield Claim("repro.run", job.line.text, at)
    config = _config_file(job, artifact)
    if config is not None:
        yield Claim("config.pipeline_config", config, at)
    for name, (value, line) in _environment(job).items():
        yield Claim(f"repro.env.{name}", value, artifact.at(f"L{line}"))


def _options_given(script: BatchScript) -> dict[str, Value]:
    """Directives; those that were given several times as a list."""
    given: dict[str, Value] = {}
    for name, values in script.directives.items():
        given[name] = values[0] if len(values) == 1 else [*values]
    return given


def _config_file(job: Job, artifact: Artifact) -> str | None:
    """The configuration that training was started with: the file beside the script, or as told."""
    for index, word in enumerate(job.argv):
        name, equals, value = word.partition("=")
        if name == "--config":
            told = value if equals else "".join(job.argv[index + 1 : index + 2])
            beside = f"{artifact.directory}/{told}".lstrip("/")
            return beside if beside in artifact.tree.by_path else told or None
    return None


def _configs(job: Job, artifact: Artifact, step_id: str) -> Iterator[Config]:
    if job.line is None:
        return
    loaded: list[Value] = []
    for line in job.script.commands:
        if line.words[:2] == ("module", "load"):
            loaded += line.words[2:]
    conda = _activated(job)
    values: dict[str, Value] = {
        "sbatch": _options_given(job.script),
        "command": list(job.argv),
        **({"modules": loaded} if loaded else {}),
        **({"conda_env": conda[0]} if conda else {}),
    }
    yield Config(
        at=artifact.at(),
        id=artifact.path,
        role="launcher",
        format="slurm",
        values=values,
        typed=False,
        partial=True,
        step_id=step_id if job.evaluates else None,
    )


def _extras(job: Job) -> dict[str, Value]:
    extras: dict[str, Value] = {}
    gres = _GRES.match(job.script.last("gres"))
    if gres is not None:
        extras["requested_gpus"] = int(gres[1])
    if job.script.placeholders:
        extras["placeholders"] = job.script.placeholders
    return extras


READER = Reader(
    name="run_experiment_slurm",
    kind="run_experiment.slurm_script",
    summary="run-experiment SLURM scripts: what was asked for, and the command",
    select=files("*.slurm"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
