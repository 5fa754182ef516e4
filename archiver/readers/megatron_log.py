"""Logs of Megatron-LM, MindSpeed-LLM and other forks: everything that a training process printed.

The last rank prints the iteration lines, rank 0 the argument dump and memory; validation results
stand between two rulers. Stamps are local time without a zone, written since core 0.6 and with
microseconds since 0.16. A NaN loss is never printed: its field is missing. A loss is the mean over
the iterations since the line before it, so it differs from TensorBoard's for good reason. Several
jobs may have been appended to one log, or have written one each: those that save to one directory,
one after the other, are read as one. In a pipeline of LLMRunner the log is named after its step
and ends with what the step's wrapper said, sometimes glued to a line that was never finished.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from archiver.codecs import megatron_lines as grammar
from archiver.codecs import python_literals
from archiver.codecs.lines import LineStream
from archiver.codecs.megatron_lines import Figure, IterationLine
from archiver.codecs.rank_tracebacks import Tracebacks
from archiver.extension import Artifact, Match, Metric, PointSink, Reader, Reading, Selection
from archiver.limits import Limits
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Claim,
    Evidence,
    EvidenceKind,
    Location,
    Origin,
    Problem,
    Trust,
)
from archiver.model.points import Batch, SeriesSpec
from archiver.model.record import (
    Accounting,
    Checkpoint,
    Command,
    Config,
    Event,
    Source,
    Step,
    Training,
)
from archiver.model.times import Clock, Instant
from archiver.model.values import Value
from archiver.producers import megatron_jobs as jobs
from archiver.producers.megatron_jobs import Derived
from archiver.producers.megatron_walk import Labels, Start, Walk
from archiver.rundir import Entry, Tree

_INTERVAL = (("mean over", "interval"),)
_PEAK = (("memory", "peak"), ("device", "accelerator"))
_CAPPED = Metric("", attributes=(("capped at", "exp(20)"),))
"""Of a perplexity that only says that the loss was 20 or more, or no number."""

METRICS: dict[str, Metric] = {
    "lm loss": Metric("loss", "nat/token", "train", _INTERVAL),
    "loss": Metric("loss", None, "train", _INTERVAL),
    "learning rate": Metric("learning_rate", split="train"),
    "grad norm": Metric("grad_norm", split="train"),
    "global batch size": Metric("batch_size", "samples", "train"),
    "gloabl batch size": Metric("batch_size", "samples", "train"),
    "loss scale": Metric("loss_scale", split="train"),
    "params norm": Metric("param_norm", split="train"),
    "consumed samples": Metric("samples_seen", "samples", "train"),
    "skipped samples": Metric("", "samples", "train"),
    "consumed tokens": Metric("tokens_seen", "tokens", "train"),
    "elapsed time per iteration (ms)": Metric("step_time", "ms", "train", _INTERVAL),
    "elapsed time per iteration (s)": Metric("step_time", "s", "train", _INTERVAL),
    "throughput per GPU (TFLOP/s/GPU)": Metric("tflops_per_gpu", "TFLOP/s/GPU", "train"),
    "TFLOPs": Metric("tflops_per_gpu", "TFLOP/s/GPU", "train"),
    "samples per second": Metric("samples_per_sec", "samples/s", "train"),
    "throughput(samples/s)": Metric("samples_per_sec", "samples/s", "train"),
    "tokens/s": Metric("tokens_per_sec", "tokens/s", "train"),
    "tokens per GPU (tokens/s/GPU)": Metric("tokens_per_sec_per_gpu", "tokens/s/GPU", "train"),
    "mfu": Metric("mfu", split="train"),
    "number of skipped iterations": Metric("skipped_iterations", "iterations", "train"),
    "number of nan iterations": Metric("nan_iterations", "iterations", "train"),
    "energy per GPU (J/iter/GPU)": Metric("", "J/iteration/GPU", "train"),
    "power per GPU (W/GPU)": Metric("gpu_power", "W", "train"),
    "max_memory_allocated(GB)": Metric("gpu_mem", "GB", "train", _PEAK),
    "max_memory_reserved(GB)": Metric("", "GB", "train"),
    "hip mem usage": Metric("gpu_mem", "GB", "train"),
    "lm loss value": Metric("eval_loss", "nat/token"),
    "lm loss PPL": Metric("perplexity"),
    "allocated": Metric("", "MiB"),
    "max allocated": Metric("gpu_mem", "MiB", None, _PEAK),
    "reserved": Metric("", "MiB"),
    "max reserved": Metric("", "MiB"),
}

_STEP = re.compile(r"(?:(train)_(cpt|sft)|(mg2hf|hf2mg|convert))(?:_\d{1,6})?\Z")
"""Log of a step of LLMRunner; Megatron's converters say much of what its trainer says."""
_SIGNS = (
    b"- arguments -",
    b"using world size: ",
    b"[after megatron is initialized] datetime:",
    b"[before the start of training step] datetime:",
    b"> initializing torch distributed",
    b"> number of parameters on (tensor",
    b"saving checkpoint at iteration ",
)
_CONSOLE = re.compile(rb"^\[[\d: -]{19}\] (?:run_id|config_dir)=", re.MULTILINE)
"""LLMRunner's console repeats what its steps print; it has a reader of its own."""
_SIGNALS = ("KeyboardInterrupt", "SIGTERM", "SignalException")
_STOPPED = frozenset({130, 143, -2, -15})
"""Exit codes of SIGINT and SIGTERM: somebody stopped it."""
_INPUTS = ("data_path", "train_data_path", "valid_data_path", "load", "tokenizer_model")
_OUTPUTS = ("save", "tensorboard_dir")
_NAMES = ("*.log", "*.log.*", "*.out", "*.err", "*.txt", "log", "stdout*", "stderr*")
_NUMBERS = re.compile(r"\d+")
_LOGS = 200
"""Logs of one run's jobs that are read together."""
_DETAIL = 500
_POINTS_HELD = 4096


_Key = tuple[str, str, Labels]


@dataclass
class _Column:
    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))


@dataclass
class _Curves:
    """Points on their way to the sink, in columns."""

    source: str
    step_id: str | None
    sink: PointSink
    path: str = ""
    """File that the points come from."""
    attempt: int = 0
    specs: dict[_Key, SeriesSpec] = field(default_factory=dict)
    columns: dict[_Key, _Column] = field(default_factory=dict)
    held: int = 0

    def point(
        self, item: Figure, group: str, step: int, time: Instant | None, labels: Labels
    ) -> None:
        """Take one."""
        key = item.key, group, labels
        if key not in self.specs:
            self.specs[key] = self._spec(item, group, labels)
        column = self.columns.get(key)
        if column is None:
            column = self.columns[key] = _Column()
        column.steps.append(step)
        column.values.append(item.value)
        column.times.append(time.micros / 1_000_000 if time is not None else math.nan)
        self.held += 1
        if self.held >= _POINTS_HELD:
            self.flush()

    def begin(self, attempt: int) -> None:
        """Points of another job follow."""
        self.flush()
        self.attempt = attempt

    def flush(self) -> None:
        """Hand over what is held."""
        for key, column in self.columns.items():
            self.sink.add(
                Batch(
                    self.specs[key],
                    self.path,
                    column.steps,
                    column.values,
                    times=column.times,
                    attempt=self.attempt,
                    family=self.source,
                )
            )
        self.columns, self.held = {}, 0

    def _spec(self, item: Figure, group: str, labels: Labels) -> SeriesSpec:
        """The first point of a series says how its source rounds."""
        metric = _CAPPED if group.startswith("capped-") else METRICS.get(item.key, Metric(""))
        device = group == "memory"
        unit = metric.unit or ("MiB" if device else None)
        return SeriesSpec(
            item.key,
            self.source,
            metric.canonical or None,
            None if device else group.removeprefix("capped-"),
            labels=labels,
            step_id=self.step_id,
            unit=unit,
            clock=Clock.NAIVE.value,
            attributes=metric.attributes,
            absolute_error=item.absolute_error,
            relative_error=item.relative_error,
        )


@dataclass
class Log:
    """The log's lines, still to be read, and whose they are.

    Logs of one run's jobs are read one after the other; their lines are numbered through.
    """

    artifact: Artifact
    files: list[tuple[Entry, LineStream]]
    step_id: str = "1"
    name: str = "train"
    stage: str | None = None
    """Of a pipeline's step; None for a log that stands for itself."""
    offsets: list[int] = field(default_factory=list)
    """Lines before those of each file."""

    @property
    def own(self) -> str | None:
        """The step's id where the log is that of a pipeline's step."""
        return self.step_id if self.stage else None

    def at(self, line: int) -> Location:
        """Where a line stands."""
        index = max(bisect_left(self.offsets, line) - 1, 0)
        entry, _ = self.files[index]
        offset = self.offsets[index] if self.offsets else 0
        return self.artifact.at(f"L{max(line - offset, 1)}", entry.path)


def select(tree: Tree) -> Iterable[Selection]:
    """Text logs by themselves, and before them those whose names differ in numbers only."""
    groups: dict[str, list[Entry]] = {}
    for entry in tree.named(*_NAMES):
        yield Selection(entry.path, (entry,))
        pattern = _NUMBERS.sub("*", entry.name)
        if pattern != entry.name and _STEP.match(entry.name.partition(".")[0]) is None:
            groups.setdefault(f"{entry.parent}/*{pattern}".lstrip("/"), []).append(entry)
    for path, entries in groups.items():
        if 1 < len(entries) <= _LOGS:
            yield Selection(path, tuple(entries))


def detect(artifact: Artifact) -> Match:
    """Start-up messages or iteration lines; of several logs, those of one run's jobs alone."""
    if not all(_is_log(artifact, entry) for entry in artifact.files):
        return Match.NO
    return Match.YES if len(artifact.files) == 1 or _order(artifact) is not None else Match.NO


def _is_log(artifact: Artifact, entry: Entry) -> bool:
    """At the beginning or the end of the file; libraries may talk for megabytes before."""
    handle, most = artifact.open(entry), artifact.limits.head_bytes
    head = handle.read_at(0, most)
    if _CONSOLE.search(head) is not None:
        return False
    tail = handle.read_at(max(handle.size - most, most), most)
    return any(_tells(piece) for piece in (head, tail))


def _tells(piece: bytes) -> bool:
    if any(sign in piece for sign in _SIGNS):
        return True
    for line in piece.split(b"\n"):
        if b"iteration" in line and b"|" in line:
            text = line[:4096].decode("utf-8", "replace")
            if any(_is_training(item) for item in grammar.iterations(text)):
                return True
    return False


def _order(artifact: Artifact) -> list[int] | None:
    """The order of the jobs that wrote the files; None where they are not of one run."""
    most = artifact.limits.head_bytes
    sketches = []
    for entry in artifact.files:
        handle = artifact.open(entry)
        tail = handle.read_at(max(handle.size - most, 0), most)
        sketches.append(jobs.Sketch.of(handle.read_at(0, 4 * most), tail))
    return jobs.order(sketches)


def _is_training(line: IterationLine) -> bool:
    keys = {item.key for item in line.figures}
    return bool(keys & METRICS.keys()) and (line.total is not None or len(keys) > 1)


def parse(artifact: Artifact) -> Log:
    """A lazy walk over the lines."""
    order = (_order(artifact) if len(artifact.files) > 1 else None) or range(len(artifact.files))
    entries = [artifact.files[index] for index in order]
    lines = [
        (entry, LineStream(artifact.open(entry).chunks(), artifact.limits)) for entry in entries
    ]
    stem = artifact.name.partition(".")[0]
    step = _STEP.match(stem)
    if step is None:
        return Log(artifact, lines)
    return Log(artifact, lines, stem, step[1] or step[3], step[2] or "other")


def to_reading(log: Log, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; jobs, their ends, results and what follows from them in the reading."""
    curves = _Curves(artifact.path, log.own, points)
    walk = Walk(curves, Tracebacks(artifact.limits.traceback_bytes))
    for index, (entry, stream) in enumerate(log.files):
        offset = walk.last_line if index else 0
        log.offsets.append(offset)
        if index:
            walk.next_log(offset + 1)
        curves.flush()
        curves.path = entry.path
        walk.read((offset + number, raw) for number, raw in stream)
    curves.flush()
    step, problems = _step(log, walk, log.artifact.limits)
    reasons = Counter(_reasons(walk))
    for _, stream in log.files:
        reasons.update(stream.tally.flaws.counts)
    return Reading(
        claims=tuple(_claims(log, walk)),
        configs=tuple(_configs(log, walk)),
        steps=(step,),
        checkpoints=tuple(_checkpoints(log, walk)),
        events=tuple(_events(log, walk)),
        evidence=tuple(_evidence(log, walk)),
        attempts=(_trail(log, walk),),
        problems=(*_flaws(log), *problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=sum(stream.tally.lines for _, stream in log.files) - walk.torn,
            corrupt=walk.torn,
            reasons=dict(reasons),
            scope=artifact.run.scope,
        ),
        extras=_extras(walk),
    )


def _flaws(log: Log) -> Iterator[Problem]:
    for entry, stream in log.files:
        for problem in log.artifact.problems(stream.tally.flaws):
            yield replace(problem, at=log.artifact.at(problem.at.place, entry.path))


def _reasons(walk: Walk) -> dict[str, int]:
    found = {
        "torn-iteration-line": walk.torn,
        "capped-perplexity": walk.capped,
        "warnings": walk.warning_count,
    }
    return {name: count for name, count in found.items() if count}


# The step.


def _step(log: Log, walk: Walk, limits: Limits) -> tuple[Step, list[Problem]]:
    sources: dict[str, Source] = {}
    training, problems = _training(log, walk, sources)
    trace = walk.start.trace
    inputs = _listed(_named(walk, _INPUTS), limits)
    if walk.start.loaded is not None:
        inputs["loaded_checkpoint"] = walk.start.loaded
    step = Step(
        at=log.artifact.at(),
        step_id=log.step_id,
        name=log.name,
        stage=log.stage,
        inputs=inputs,
        outputs=_named(walk, _OUTPUTS),
        training=training,
        metrics=_metrics(walk),
        logs=tuple(entry.path for entry, _ in log.files),
        warnings=tuple(
            text if count == 1 else f"{text} (x{count})" for text, count in walk.warnings.items()
        ),
        error=_error(walk),
        error_stack=trace.text if trace is not None else None,
        command=_command(walk),
        sources=sources,
    )
    return step, problems


def _error(walk: Walk) -> str | None:
    start = walk.start
    if start.trace is not None:
        return start.trace.error
    code = start.exit_code or start.killed
    return f"exit code {code[1]}" if code is not None and code[1] else None


def _command(walk: Walk) -> Command | None:
    if walk.world_size is None and walk.trainer_dir is None:
        return None
    folder = walk.trainer_dir[1] if walk.trainer_dir is not None else None
    return Command(cwd=folder or None, world_size=walk.world_size, parallel={**walk.sizes})


def _named(walk: Walk, names: tuple[str, ...]) -> dict[str, Value]:
    """Arguments that the last job was given and that are neither None nor empty."""
    given = next((item.arguments for item in reversed(walk.starts) if item.arguments), {})
    return {
        name: given[name]
        for name in names
        if given.get(name, "None").strip() not in ("None", "", "[]")
    }


def _listed(inputs: Mapping[str, Value], limits: Limits) -> dict[str, Value]:
    """Inputs with lists of paths (and of weights between them) as lists; all others as printed."""
    found: dict[str, Value] = {}
    for name, text in inputs.items():
        source = f"X = {text}".encode("utf-8", "replace") if str(text).startswith("[") else b""
        value = python_literals.parse(source, limits).values.get("X") if source else None
        is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
        found[name] = value if is_list else text
    return found


def _metrics(walk: Walk) -> dict[str, Value]:
    found: dict[str, Value] = {
        f"validation lm loss ({where})": last.value for where, last in walk.evaluated.items()
    }
    # Of the series that share these labels, the periodic one is meant.
    if "periodic" in walk.evaluated:
        found["lm loss value"] = walk.evaluated["periodic"].value
    if walk.ppl is not None and math.isfinite(walk.ppl.value):
        found["lm loss PPL"] = walk.ppl.value
    found |= {f"total {key}": count for key, count in walk.counters.items()}
    total, count = walk.speeds
    if count:
        found["mean throughput per GPU (TFLOP/s/GPU)"] = total / count
    return found


def _training(log: Log, walk: Walk, sources: dict[str, Source]) -> tuple[Training, list[Problem]]:
    all_jobs = [start.job for start in walk.starts]

    def derived(name: str, found: Derived | None) -> float | None:
        if found is None:
            return None
        first, last = log.at(found.first_line), log.at(found.last_line)
        from_ = tuple(dict.fromkeys((first, last)))
        sources[f"training.{name}"] = Source(Origin.DERIVED, first, found.rule, from_, found.note)
        return found.value

    lengths = (start.whole_number("seq_length") for start in reversed(walk.starts))
    seq_length = next((length for length in lengths if length), None)
    training = Training(
        ppl=_ppl(log, walk, sources),
        steps=_nothing_left(log, walk, sources),
        duration_sec=derived("duration_sec", jobs.duration(all_jobs)),
        throughput_tokens_per_sec=derived(
            "throughput_tokens_per_sec", jobs.throughput(all_jobs, seq_length)
        ),
        step_time_sec_avg=derived("step_time_sec_avg", jobs.step_time(all_jobs)),
    )
    back = [job for job in all_jobs if job.went_back]
    message = "the clock of the stamps went back, so no duration was computed"
    return training, [
        Problem("clock-went-back", message, log.at(job.ended_line)) for job in back[:1]
    ]


def _ppl(log: Log, walk: Walk, sources: dict[str, Source]) -> float | None:
    """Of the last periodic evaluation, if it is one; else of the last training loss."""
    ppl, loss = walk.ppl, walk.loss
    if ppl is not None and math.isfinite(ppl.value):
        at = log.at(ppl.line)
        note = f"validation at iteration {ppl.step}"
        sources["training.ppl"] = Source(Origin.RECORDED, at, note=note)
        return ppl.value
    if loss is None or not loss.value < 20:
        return None
    at = log.at(loss.line)
    note = f"training loss at iteration {loss.step}"
    sources["training.ppl"] = Source(Origin.DERIVED, at, "exp-of-final-loss", (at,), note)
    return math.exp(loss.value)


def _nothing_left(log: Log, walk: Walk, sources: dict[str, Source]) -> int | None:
    """Iterations done where the checkpoint had them all: then no iteration line tells them."""
    start = walk.start
    done, total = start.job.resume, start.total
    if any(item.job.iterations for item in walk.starts) or not done or not total or done < total:
        return None
    at = log.at(start.end[0] if start.end else walk.last_line)
    note = f"the checkpoint was of iteration {done}, {total} were planned"
    sources["training.steps"] = Source(Origin.DERIVED, at, "loaded-iteration", (at,), note)
    return done


# The run.


def _claims(log: Log, walk: Walk) -> Iterator[Claim]:
    hosts: dict[str, int] = {}
    for start in walk.starts:
        hosts = {**start.hosts, **hosts}
    if hosts:
        at = log.at(min(hosts.values()))
        yield Claim("summary.host", [*sorted(hosts)], at, Trust.COPY)
    if walk.installed is not None:
        line, environment, version = walk.installed
        at = log.at(line)
        rule = "path-in-a-traceback"
        for name, value in (("python", version), ("conda_env", environment)):
            if value is not None:
                yield Claim(f"summary.{name}", value, at, Trust.HINT, Origin.DERIVED, rule, (at,))
    # In a pipeline one step's times and directories are not the run's.
    if log.own is None:
        yield from _own_claims(log, walk)


def _own_claims(log: Log, walk: Walk) -> Iterator[Claim]:
    first = walk.starts[0].job
    if first.started is not None:
        at = log.at(first.started_line)
        rule = "first-stamp-of-the-log"
        started = first.started.iso()
        yield Claim("summary.started_at", started, at, Trust.COPY, Origin.DERIVED, rule, (at,))
    end = walk.start.end
    if end is not None and end[2] is not None:
        yield Claim("summary.finished_at", end[2].iso(), log.at(end[0]), Trust.COPY)
    save = _named(walk, ("save",)).get("save")
    if save is not None:
        dumped = next(item.dumped for item in reversed(walk.starts) if item.arguments)
        yield Claim("paths.workdir", save, log.at(dumped), Trust.COPY)


def _configs(log: Log, walk: Walk) -> Iterator[Config]:
    for index, start in enumerate(walk.starts):
        if start.arguments:
            at = log.at(start.dumped)
            yield Config(
                at=at,
                id=str(Location(at.path, at.place)),
                role="effective",
                format="text",
                values={**start.arguments},
                typed=False,
                partial=not start.dump_whole,
                step_id=log.own,
                attempt=index + 1 if len(walk.starts) > 1 else None,
            )


def _checkpoints(log: Log, walk: Walk) -> Iterator[Checkpoint]:
    for (folder, step), line in walk.saves.items():
        path = f"{folder.rstrip('/')}/iter_{step:07d}"
        local = _inside(path, log.artifact.tree)
        yield Checkpoint(
            at=log.at(line),
            path=local or path,
            step=step,
            present=None if local else False,
        )


def _inside(path: str, tree: Tree) -> str | None:
    """The run's own directory that a path of the training machine ends in, where there is one."""
    rest = path.strip("/")
    while "/" in rest:
        if rest in tree.directories:
            return rest
        rest = rest.partition("/")[2]
    return None


def _events(log: Log, walk: Walk) -> Iterator[Event]:
    for mark in walk.marks:
        yield Event(
            at=log.at(mark.line),
            time=mark.time.iso() if mark.time is not None else None,
            clock=mark.time.clock.value if mark.time is not None else None,
            kind=mark.kind,
            subject=log.own or "train",
            detail=mark.detail,
        )


def _trail(log: Log, walk: Walk) -> AttemptTrail:
    marks = []
    before: dict[str, str] = {}
    for start in walk.starts:
        job = start.job
        changed: tuple[tuple[str, Value], ...] = ()
        if start.dump_whole:
            changed = tuple(
                (name, text)
                for name, text in start.arguments.items()
                if before and before.get(name) != text
            )
            before = start.arguments
        marks.append(
            AttemptMark(
                log.at(job.line),
                started=job.started,
                ended=job.ended,
                ended_at=log.at(job.ended_line) if job.ended_line else None,
                resume_step=job.resume,
                first_step=min(job.iterations, default=None),
                host=next(iter(start.hosts), None),
                exit_code=start.exit_code[1] if start.exit_code is not None else None,
                params_changed=changed,
                logs=(log.at(job.line).path,),
            )
        )
    return AttemptTrail(log.artifact.path, tuple(marks), log.own or "")


# How it ended.


def _evidence(log: Log, walk: Walk) -> Iterator[Evidence]:
    for index, start in enumerate(walk.starts):
        signs = [*_failures(start), *_ends(start)]
        torn = log.files[-1][1].tally.torn_tail or walk.torn
        if start is walk.start and start.end is None and torn:
            signs.append((EvidenceKind.DEATH, "the last line is torn", walk.last_line))
        for kind, detail, line in signs:
            yield Evidence(
                kind,
                detail,
                log.at(line),
                family=log.artifact.path,
                attempt=index,
                step_id=log.own or "",
            )


_Sign = tuple[EvidenceKind, str, int]


def _failures(start: Start) -> Iterator[_Sign]:
    if start.exit_code is not None and start.exit_code[1]:
        line, code = start.exit_code
        stopped = code in _STOPPED
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        yield kind, f"failed with exit code {code}", line
    trace = start.trace
    if trace is not None and trace.error is not None:
        stopped = any(sign in trace.error for sign in _SIGNALS)
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        yield kind, f"the log ends in {trace.error[:_DETAIL]}", trace.line
    elif start.killed is not None and start.killed[1]:
        line, code = start.killed
        if code < 0:
            yield EvidenceKind.INTERRUPTION, f"a worker was killed by signal {-code}", line
        else:
            yield EvidenceKind.FAILURE, f"a worker failed with exit code {code}", line


def _ends(start: Start) -> Iterator[_Sign]:
    progress = _progress(start)
    if start.end is not None:
        line, label, _ = start.end
        yield _end_kind(start, label), f"{label.rstrip('.')}, {progress}", line
    elif start.done:
        yield EvidenceKind.PROGRESS, f"all iterations done: {progress}", start.at_work
    elif start.at_work:
        yield EvidenceKind.RUNNING_WORD, f"training stops at {progress}", start.at_work


def _end_kind(start: Start, label: str) -> EvidenceKind:
    """Training done or a planned exit is an end; a signal or a time limit cuts it short."""
    planned = label.startswith(("after training", "exiting program at iteration"))
    return EvidenceKind.END_MARKER if planned or start.done else EvidenceKind.INTERRUPTION


def _progress(start: Start) -> str:
    steps, resume = start.job.iterations, start.job.resume
    total = f" of {start.total}" if start.total else ""
    if steps:
        return f"iteration {steps[-1]}{total}"
    if resume:
        return f"loaded iteration {resume}{total} without an iteration line"
    return f"no iteration{total}"


def _extras(walk: Walk) -> dict[str, Value]:
    told: dict[str, Value] = {
        "world_size": walk.world_size,
        "parameter_dtype": walk.dtype,
        "parameters_by_model_parallel_rank": {**walk.shards} or None,
        "parameters_in_billions": walk.billions,
        "theoretical_memory_footprint": walk.footprint,
        "trainer_dir": walk.trainer_dir[1] if walk.trainer_dir is not None else None,
        "async_saves_scheduled": walk.async_saves or None,
        "iteration_lines": sum(len(start.job.iterations) for start in walk.starts),
    }
    return {name: value for name, value in told.items() if value is not None}


READER = Reader(
    name="megatron_log",
    kind="megatron.log",
    summary="Training logs of Megatron-LM, MindSpeed-LLM and other forks",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
