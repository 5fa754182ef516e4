"""The log of one LLMRunner step: `<workdir>/logs/<run id>/<step id>.log`.

Standard output and error of the step in order of arrival, without times, a header or an exit
code, written anew at every run. The wrapper's own lines (`<type>: ...`) are block buffered and
usually stand last. Logs of a trainer are those of Megatron's reader; what is read here is
tokenizing, converting, evaluating, and trainers that never came to train. A log before
2026-02-19 may hold the plan of a dry run instead of a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archiver.codecs.lines import LineTally
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Evidence, EvidenceKind, Location, Problem
from archiver.model.record import Accounting, Command, Dataset, Evaluation, Step
from archiver.model.values import Value
from archiver.producers.llmrunner import layout
from archiver.producers.llmrunner.faults import Faults
from archiver.producers.llmrunner.plan import TYPES, name_and_stage, step_type
from archiver.rundir import Tree
from archiver.view import emptiness

_NAMES = "|".join(sorted(TYPES, key=len, reverse=True)).encode()
_OWN = re.compile(rb"(?:" + _NAMES + rb"): ")
_PAIR = re.compile(rb"(?:" + _NAMES + rb"): ([a-z_]{1,40})=(.*)", re.DOTALL)
_FAILED = re.compile(
    rb"(?:" + _NAMES + rb"): (?:extern_script )?failed with exit code (-?\d{1,6})\s*\Z"
)
_TRAINER = re.compile(
    rb"- arguments -|using world size: \d|> initializing torch distributed"
    rb"|> number of parameters on \(tensor|saving checkpoint at iteration "
    rb"|\[(?:after megatron is initialized|before the start of training step)\] datetime:"
    rb"|\biteration[: ] {0,20}\d{1,12} {0,20}(?:/ {0,20}\d{1,12} {0,20})?\|[^\n]{0,200}: "
)
"""What only Megatron prints, its trainer or its converters."""
_OTHERS = frozenset({"udatasets", "tokenize", "tokenize_cpt", "tokenize_sft", "eval"})
"""Types of steps that are never Megatron's trainer or converters."""
_SETTINGS = re.compile(
    rb"[A-Z][A-Z0-9_]{1,60} is required|Path does not exist: |Missing config: |set RUN_WITH="
)
_OPENING = re.compile(rb"Opening (\S.*)")
_STARTUP = re.compile(rb"Time to startup: ([\d.e+-]{1,40})\s*\Z")
_PROCESSED = re.compile(
    rb"Processed (\d{1,18}) documents \(([\d.e+-]{1,40}) docs/s, ([\d.e+-]{1,40}) MB/s\)"
)
_HF_FILES = re.compile(rb"mg2hf: copied (\d{1,9}) hf files from (.*) -> (.*) \((before|after)\)")
_REWRITTEN = re.compile(
    rb"rewrite_sft_jsonl_to_input_label: wrote (\d{1,15}) lines, skipped (\d{1,15}) lines"
)
_REWRITING = re.compile(rb"tokenize_sft: rewriting input/label -> (\S.*)")
_PLAN = b"[dry-run]"
_INPUTS = frozenset(
    {"input", "tokenizer_path", "json_keys", "preprocess_script", "tokenizer_model"}
)
_OUTPUTS = frozenset({"output_prefix"})
_PLACES = frozenset({"trainer_dir", "preprocess_workdir", "megatron_dir", "mindspeed_dir"})
_LINE_KEPT = 4_000
_SIGNAL_BASE = 128
_SIGNALS = frozenset({2, 15})
"""Numbers of the signals by which somebody stops a step; 9 may be for want of memory."""


@dataclass
class StepLog:
    """What a step printed, as far as it is understood."""

    id: str
    type: str
    tally: LineTally
    faults: Faults
    own: int = 0
    """Lines that were understood."""
    inputs: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    metrics: dict[str, Value] = field(default_factory=dict)
    cwd: str | None = None
    suite: str | None = None
    opened: list[str] = field(default_factory=list)
    failed: tuple[int, int] | None = None
    """Line and exit code."""
    refused: tuple[int, str] | None = None
    """Line and text of a fault in the settings."""
    finished: tuple[int, str] | None = None
    """Line and text of what is printed only after the work."""
    rewritten: tuple[int, int, int] | None = None
    """Line, lines written, lines skipped."""
    rewriting: str | None = None
    plans: list[str] = field(default_factory=list)
    after_trace: int = 0
    """Lines that came after the last traceback and are not the wrapper's."""
    paths: bytes = b""
    """Lines that speak of an experiment, to tell whose log it is."""


def select(tree: Tree) -> Iterator[Selection]:
    """Logs that are called like a step."""
    for entry in tree.named("*.log"):
        if step_type(entry.name.rpartition(".")[0]) is not None:
            yield Selection(entry.path, (entry,))


def detect(artifact: Artifact) -> Match:
    """The wrapper's or the tokenizer's lines, or the place alone; never a trainer's log."""
    handle, size = artifact.open(), artifact.limits.head_bytes
    head = artifact.head()
    tail = handle.read_at(max(size, handle.size - size), size)
    kind = step_type(artifact.name.rpartition(".")[0])
    if kind not in _OTHERS and (_TRAINER.search(head) or _TRAINER.search(tail)):
        return Match.NO
    for line in (head + b"\n" + tail).split(b"\n"):
        known = (_OWN, _PROCESSED, _OPENING, _SETTINGS)
        if any(one.match(line[:_LINE_KEPT]) for one in known) or line.startswith(_PLAN):
            return Match.YES
    own = layout.is_log_place(artifact.path)
    return (
        Match.YES
        if own and (".llmrunner" in artifact.path or _is_llmrunner(artifact))
        else Match.NO
    )


def _is_llmrunner(artifact: Artifact) -> bool:
    return any(layout.home_of(place) is not None for place in layout.pipelines(artifact.tree))


def parse(artifact: Artifact) -> StepLog:
    """One pass over the lines."""
    stem = artifact.name.rpartition(".")[0]
    stream = artifact.lines()
    number = re.match(r"\d{1,3}\.", stem)
    name = stem[number.end() :] if number else stem
    faults = Faults(artifact.limits.traceback_bytes)
    log = StepLog(name, step_type(stem) or name, stream.tally, faults)
    for line_number, raw in stream:
        line = raw.rpartition(b"\r")[2][:_LINE_KEPT]
        if b"/experiments/" in line and len(log.paths) < artifact.limits.head_bytes:
            log.paths += line + b"\n"
        known = _take(log, line_number, line)
        before = log.faults.last
        log.faults.take(line_number, line)
        _count(log, line, known=known, new=log.faults.last is not before)
    return log


def _count(log: StepLog, line: bytes, *, known: bool, new: bool) -> None:
    log.own += known
    trace = log.faults.last
    if new:
        log.after_trace = 0
    elif trace is not None and trace.last_line < log.tally.lines and line.strip() and not known:
        log.after_trace += 1


def _take(log: StepLog, number: int, line: bytes) -> bool:
    """Whether the line is one that is understood."""
    failed = _FAILED.search(line)
    if failed is not None:
        log.failed = (number, int(failed[1]))
        return True
    if line.startswith(_PLAN):
        log.plans.append(line.decode("utf-8", "replace")) if len(log.plans) < 100 else None
        return True
    if _SETTINGS.match(line):
        log.refused = (number, line.decode("utf-8", "replace").strip())
        return True
    return _take_tokenizer(log, number, line) or _take_wrapper(log, number, line)


def _take_tokenizer(log: StepLog, number: int, line: bytes) -> bool:
    opening = _OPENING.fullmatch(line)
    if opening is not None:
        if len(log.opened) < 100:
            log.opened.append(_text(opening[1]))
        return True
    startup = _STARTUP.match(line)
    if startup is not None:
        _measure(log, "time_to_startup_sec", startup[1])
        return True
    done = _PROCESSED.match(line)
    if done is not None:
        log.metrics["documents"] = int(done[1])
        _measure(log, "docs_per_sec", done[2])
        _measure(log, "mb_per_sec", done[3])
        return True
    rewritten = _REWRITTEN.match(line)
    if rewritten is not None:
        log.rewritten = (number, int(rewritten[1]), int(rewritten[2]))
        log.metrics["lines_written"], log.metrics["lines_skipped"] = log.rewritten[1:]
        return True
    return line.startswith(b"rewrite_sft_jsonl_to_input_label: ")


def _take_wrapper(log: StepLog, number: int, line: bytes) -> bool:
    rewriting = _REWRITING.fullmatch(line)
    if rewriting is not None:
        log.rewriting = _text(rewriting[1])
        log.outputs["rewritten"] = log.rewriting
        return True
    copied = _HF_FILES.fullmatch(line)
    if copied is not None:
        when = copied[4].decode()
        log.metrics[f"hf_files_copied_{when}"] = int(copied[1])
        log.inputs["hf_files_from"] = _text(copied[2])
        log.outputs["hf_dir"] = _text(copied[3])
        if when == "after":
            log.finished = (number, "files are copied after the conversion")
        return True
    pair = _PAIR.fullmatch(line)
    if pair is not None:
        _pair(log, pair[1].decode(), _text(pair[2]))
        return True
    return _OWN.match(line) is not None


def _pair(log: StepLog, key: str, value: str) -> None:
    if key in _INPUTS:
        log.inputs[key] = value
    elif key in _OUTPUTS:
        log.outputs[key] = value
    elif key in _PLACES:
        log.cwd = value.partition(" RUN_WITH=")[0]
    elif key == "suite" and log.type == "eval":
        log.suite = value


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()


def _measure(log: StepLog, key: str, digits: bytes) -> None:
    try:
        log.metrics[key] = float(digits)
    except ValueError:
        return


def to_reading(log: StepLog, artifact: Artifact, _points: PointSink) -> Reading:
    """The step, and how it ended; of another experiment's log nothing but the remark."""
    others = log.tally.lines - log.own
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=log.own,
        dropped=others,
        reasons={**log.tally.flaws.counts, **({"output of the step": others} if others else {})},
        scope=artifact.run.scope,
    )
    problems = [*artifact.problems(log.tally.flaws), *emptiness(artifact)]
    foreign = _foreign(log, artifact)
    if foreign is not None:
        return Reading(problems=(*problems, foreign), accounting=books)
    evidence = () if log.plans else tuple(_evidence(log, artifact))
    return Reading(
        steps=(_step(log, artifact, evidence),),
        datasets=tuple(_datasets(log, artifact)),
        evidence=evidence,
        problems=(*problems, *_unended(log, artifact, evidence)),
        accounting=books,
    )


def _foreign(log: StepLog, artifact: Artifact) -> Problem | None:
    """Whether it plainly is the log of an experiment that is not here."""
    if artifact.member is not None:
        named = layout.named_experiments(log.paths)
        name = named[0] if named and artifact.member.name not in named else None
    else:
        name = layout.stranger(log.paths, artifact.tree)
    if name is None:
        return None
    message = f"it is a log of the experiment {name}, which is another one"
    hint = "experiments share the log directory by default; nothing of it was used"
    return artifact.problem("foreign-log", message, hint=hint)


def _step(log: StepLog, artifact: Artifact, evidence: tuple[Evidence, ...]) -> Step:
    name, stage = name_and_stage(log.type)
    failed = any(item.kind is not EvidenceKind.END_MARKER for item in evidence)
    cause = log.faults.cause if failed else None
    told = cause.error if cause else log.refused[1] if failed and log.refused else None
    opened: dict[str, Value] = {"opened": list(log.opened)} if log.opened else {}
    shell = "\n".join(log.plans) or None
    return Step(
        at=artifact.at(),
        step_id=log.id,
        name=name,
        stage=stage,
        status="skipped" if log.plans else "unknown",
        status_word="dry run" if log.plans else None,
        inputs={**log.inputs, **opened},
        outputs=log.outputs,
        metrics=log.metrics,
        eval=Evaluation(datasets=(log.suite,)) if log.suite else None,
        logs=(artifact.path,),
        warnings=log.faults.told(),
        error=told or (_exit(log.failed[1]) if failed and log.failed else None),
        error_stack=log.faults.stack if failed else None,
        command=Command(shell=shell, cwd=log.cwd) if shell or log.cwd else None,
    )


def _exit(code: int) -> str:
    return f"failed with exit code {code}"


def _evidence(log: StepLog, artifact: Artifact) -> Iterator[Evidence]:
    """The wrapper's mark of failure, else a traceback that ends the log, else the last line."""
    if log.failed is not None:
        line, code = log.failed
        number = -code if code < 0 else code - _SIGNAL_BASE
        stopped = number in _SIGNALS
        kind = EvidenceKind.INTERRUPTION if stopped else EvidenceKind.FAILURE
        detail = f"{_exit(code)}, which is signal {number}" if stopped else _exit(code)
        yield Evidence(kind, detail, artifact.at(f"L{line}"), step_id=log.id)
    elif log.refused is not None:
        line, text = log.refused
        yield Evidence(EvidenceKind.FAILURE, text, artifact.at(f"L{line}"), step_id=log.id)
    elif log.faults.last is not None and not log.after_trace:
        trace = log.faults.last
        at = artifact.at(f"L{trace.line}-{trace.last_line}")
        detail = f"the log ends in {trace.error}"
        yield Evidence(EvidenceKind.FAILURE, detail, at, step_id=log.id)
    elif log.finished is not None:
        line, text = log.finished
        yield Evidence(EvidenceKind.END_MARKER, text, artifact.at(f"L{line}"), step_id=log.id)


def _datasets(log: StepLog, artifact: Artifact) -> Iterator[Dataset]:
    """The rewritten file, whose lines the log counts."""
    if log.rewritten is None:
        return
    path = log.rewriting or (log.opened[0] if log.opened else "")
    if not path:
        return
    line, written, skipped = log.rewritten
    at: Location = artifact.at(f"L{line}")
    note = f"{skipped} lines skipped" if skipped else None
    yield Dataset(
        at=at, role="sft_input_label", path=_local(path, artifact), lines=written, note=note
    )


def _local(path: str, artifact: Artifact) -> str:
    """A path of the data pool as the tree spells it, where it is there."""
    root, found, _ = path.partition("/datapool/")
    homes = [
        home
        for place in layout.pipelines(artifact.tree)
        if (home := layout.home_of(place)) is not None
    ]
    known = layout.local(artifact.tree, path, root, homes[0] if homes else "") if found else None
    return known if known is not None else path


def _unended(log: StepLog, artifact: Artifact, evidence: tuple[Evidence, ...]) -> Iterator[Problem]:
    """A log of one's own without any mark of an end; most steps write none when all went well."""
    if log.tally.torn_tail and not evidence and not log.plans:
        message = "the log ends in the middle of a line, without a mark of an end"
        yield artifact.problem("no-end-mark", message, f"L{log.tally.lines}")


READER = Reader(
    name="llmrunner_step_log",
    kind="llmrunner.step_log",
    summary="LLMRunner logs of steps: tokenizing, converting, evaluating, failures, dry runs",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
