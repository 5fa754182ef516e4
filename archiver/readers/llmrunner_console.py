"""What LLMRunner printed to its terminal, where somebody kept it (`run.log`, `nohup.out`, ...).

`prepare_exp.py` and `run.py` write `[YYYY-MM-DD HH:MM:SS] text` in local time without a zone, and
no zone is known. The children's output stands between their lines. Standard error comes unstamped
and, when redirected, out of order: `step failed:` and the list of files that were skipped. No
other artifact knows when a step began and ended, or what preparing copied.

`run.py` prepares once more before it runs, so its console shows zero copied files and every one
skipped. A dry run prints steps, too; they are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from archiver.codecs.lines import LineTally
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import (
    AttemptMark,
    AttemptTrail,
    Binding,
    Claim,
    Evidence,
    EvidenceKind,
    Location,
    Origin,
    Problem,
    Trust,
)
from archiver.model.record import Accounting, DataCopy, Dataset, Event, Source, Step, Training
from archiver.model.times import Instant, parse_iso, seconds_between
from archiver.model.values import Value
from archiver.producers.llmrunner import layout
from archiver.producers.llmrunner.plan import name_and_stage, step_type
from archiver.view import emptiness

_STAMPED = re.compile(rb"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (.{1,8000})", re.DOTALL)
_CHILD = re.compile(
    rb" ?\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d{1,6})?\] "
    rb"|  time {6}: (\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d)"
    rb"|\[[^\]]{1,100}\] datetime: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
)
"""A stamp of a trainer's line, of torch's report of a failure, of a trainer's clock marks; all
in local time, as the runner's own."""
_OPENING = re.compile(
    rb"config_dir=|datapool_root=|prepare_exp done|prepare-only: done"
    rb"|run_id=\S{0,300} .{0,4000}dry_run=[01]|(?:run|done) step[=\[]|skip step="
)
_RUN = re.compile(
    r"run_id=(?P<id>\S*) (?:config_dir=(?P<config>\S+) )?workdir=(?P<work>\S+)"
    r" datapool_root=(?P<pool>\S+)(?: run_dir=\S+)? dry_run=(?P<dry>[01])"
)
_STEP = re.compile(
    r"(?P<word>run|done) step"
    r"(?:\[(?P<at>\d{1,6})\] (?:id=(?P<id>\S+) type=(?P<type>\S+)|(?P<old>\S+))|=(?P<flat>\S+))"
)
_SKIP = re.compile(r"skip step=(?P<name>\S+)(?: \((?P<why>[^)]*)\))?")
_FAILED = re.compile(
    rb"(?:\[[^\]]{19}\] )?step failed: (?:id=(?P<id>\S+) type=\S+|(?P<old>[\w.]+))"
    rb".{0,200}?(?:\(exit=(?P<code>-?\d{1,6})\))?(?:, see log: (?P<log>\S+))?\s*\Z"
)
_CLEARED = re.compile(r"(?P<id>\S+): cleared (?P<n>\d{1,9}) files from (?P<dir>.+)")
_COPY = re.compile(r"(?P<kind>CPT|SFT)_RAW_COPY_SRC(?:\[(?P<cfg>[^\]]*)\])?: ")
_COUNTS = re.compile(r"copied_jsonl=(\d{1,9}) clashes=(\d{1,9})")
_MODE = re.compile(r" \(mode=(\w{1,20})\)\Z")
_MERGE = re.compile(
    r"(?P<kind>CPT|SFT) merge_jsonl(?:\[(?P<cfg>[^\]]*)\])?: (?P<skip>skipped \(exists\) )?"
    r"output=(?P<path>.+?)(?: shuffle=(?P<shuffle>True|False))?"
)
_CLASH = b"  [warn] skip (exists): "
_MORE = re.compile(rb"  \.\.\. and (\d{1,9}) more")
_OUTSIDE = b"[warn] DATAPOOL_ROOT is outside repo"
_DRY = b"[dry-run]"
_TRACEBACK = b"Traceback (most recent call last):"
_LOCAL = "local clock without a zone"
_EVENTS_MOST = 10_000
_STEPS_MOST = 5_000
_WHOLE_TEXT = 8_000
"""Of a line of the runner's own; those of its children may be of any length."""


@dataclass
class _Copied:
    """One copy of raw data, as its lines told it."""

    line: int
    kind: str
    config: str
    source: str = ""
    destination: str = ""
    mode: str = ""
    copied: int | None = None
    skipped: int | None = None


@dataclass
class _Prepare:
    """One preparation: what it copied and merged."""

    line: int
    copies: dict[tuple[str, str], _Copied] = field(default_factory=dict)


@dataclass
class _Execution:
    """One step as it was run once."""

    id: str
    type: str
    line: int
    started: Instant | None
    ended: Instant | None = None
    end_line: int = 0
    outcome: str = ""
    """`done`, `failed`, or empty where neither line stands."""
    exit_code: int | None = None


@dataclass
class _Run:
    """One call of the runner."""

    line: int
    id: str
    workdir: str
    pool: str
    dry: bool
    started: Instant | None
    finished: Instant | None = None
    finish_line: int = 0
    executions: list[_Execution] = field(default_factory=list)
    skipped: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass
class _Merged:
    line: int
    kind: str
    path: str
    existed: bool
    shuffle: str


@dataclass
class Console:
    """Everything that the runner said."""

    tally: LineTally
    first: tuple[int, Instant] | None = None
    last: tuple[int, Instant] | None = None
    config_dir: tuple[int, str] | None = None
    pool: tuple[int, str] | None = None
    prepares: list[_Prepare] = field(default_factory=list)
    runs: list[_Run] = field(default_factory=list)
    merges: list[_Merged] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    clashes: int = 0
    clashes_cut: int = 0
    own: int = 0
    """Lines of the runner itself."""
    traceback: tuple[int, str] | None = None
    """Line and last line of a traceback outside of any step."""
    plans: int = 0
    """Commands that a dry run printed."""


def detect(artifact: Artifact) -> Match:
    """A line of the runner's own, stamped, among the first ones."""
    for line in artifact.head().split(b"\n"):
        found = _STAMPED.match(line[:_WHOLE_TEXT])
        if found is not None and _OPENING.match(found[2]):
            return Match.YES
    return Match.NO


def parse(artifact: Artifact) -> Console:
    """One pass over the lines."""
    stream = artifact.lines()
    hearing = _Hearing(artifact, Console(stream.tally))
    for number, line in stream:
        # A progress bar redraws its line; what stands last is what a person would see.
        hearing.take(number, line.rpartition(b"\r")[2][:_WHOLE_TEXT])
    return hearing.console


class _Hearing:
    """Takes the runner's lines in, one after the other."""

    def __init__(self, artifact: Artifact, console: Console) -> None:
        self.console = console
        self._artifact = artifact
        self._in_step = False
        self._in_traceback = False

    def take(self, number: int, line: bytes) -> None:
        stamped = _STAMPED.match(line)
        if stamped is not None and self._own(number, stamped):
            self.console.own += 1
            self._in_traceback = False
            return
        self._child(number, line)
        self.console.own += self._unstamped(number, line)

    def _child(self, number: int, line: bytes) -> None:
        """A sign of life of the step at hand."""
        found = _CHILD.match(line) if self._in_step else None
        if found is None or found.lastindex is None:
            return
        time = parse_iso(found[found.lastindex].decode().replace("_", " "))
        before = self.console.last
        # A child may print old stamps; time does not go back.
        if time is not None and (before is None or time.micros >= before[1].micros):
            self.console.last = (number, time)

    def _own(self, number: int, stamped: re.Match[bytes]) -> bool:
        """Whether a stamped line is one that the runner writes."""
        time = parse_iso(stamped[1].decode())
        text = stamped[2].decode("utf-8", "replace").rstrip()
        for take in (self._prepared, self._run, self._step, self._told):
            if take(number, text, time):
                if time is not None:
                    self.console.first = self.console.first or (number, time)
                    self.console.last = (number, time)
                return True
        return False

    def _prepared(self, number: int, text: str, time: Instant | None) -> bool:
        console = self.console
        if text.startswith("config_dir="):
            console.prepares.append(_Prepare(number))
            console.config_dir = console.config_dir or (number, text.partition("=")[2])
            return True
        if text.startswith("datapool_root="):
            console.pool = console.pool or (number, text.partition("=")[2])
            return True
        copied = _COPY.match(text)
        if copied is not None:
            self._copied(number, copied, text[copied.end() :], time)
            return True
        merged = _MERGE.fullmatch(text)
        if merged is not None:
            existed, shuffle = merged["skip"] is not None, merged["shuffle"] or ""
            console.merges.append(_Merged(number, merged["kind"], merged["path"], existed, shuffle))
            return True
        if text.startswith("base_model: "):
            self._event(number, time, "base-model", "prepare", text.partition(": ")[2])
            return True
        return text.startswith("ensure_dir[")

    def _copied(self, number: int, found: re.Match[str], text: str, time: Instant | None) -> None:
        if not self.console.prepares:
            self.console.prepares.append(_Prepare(number))
        copies = self.console.prepares[-1].copies
        key = (found["kind"], found["cfg"] or "")
        if text.startswith("skipped"):
            self._event(number, time, "copy-skipped", "prepare", f"{found['kind']}: {text}")
            return
        copy = copies.setdefault(key, _Copied(number, *key))
        counts = _COUNTS.fullmatch(text)
        if counts is not None:
            copy.copied, copy.skipped = int(counts[1]), int(counts[2])
            return
        mode = _MODE.search(text[-40:])
        paths = text[: len(text) - len(mode[0])] if mode else text
        copy.mode = mode[1] if mode else ""
        copy.source, _, copy.destination = paths.partition(" -> ")

    def _run(self, number: int, text: str, time: Instant | None) -> bool:
        console = self.console
        found = _RUN.fullmatch(text)
        if found is not None:
            pool, dry = found["pool"], found["dry"] == "1"
            console.runs.append(_Run(number, found["id"], found["work"], pool, dry, time))
            console.pool = console.pool or (number, pool)
            if found["config"]:
                console.config_dir = console.config_dir or (number, found["config"])
            self._event(number, time, "run-started", found["id"], "dry run" if dry else "")
            self._in_step = False
            return True
        if text == "pipeline finished":
            console.traceback = None
            if console.runs:
                console.runs[-1].finished, console.runs[-1].finish_line = time, number
            self._event(number, time, "pipeline-finished", "pipeline", "")
            self._in_step = False
            return True
        return False

    def _step(self, number: int, text: str, time: Instant | None) -> bool:
        skipped = _SKIP.fullmatch(text)
        if skipped is not None and self.console.runs:
            self.console.runs[-1].skipped[skipped["name"]] = (number, skipped["why"] or "")
            return True
        found = _STEP.fullmatch(text)
        if found is None or not self.console.runs:
            return False
        run = self.console.runs[-1]
        name, kind = _id_of(found)
        self.console.traceback = None  # work went on
        if found["word"] == "run":
            if len(run.executions) < _STEPS_MOST:
                run.executions.append(_Execution(name, kind, number, time))
            self._in_step = True
        else:
            open_ones = (e for e in reversed(run.executions) if e.id == name and not e.outcome)
            execution = next(open_ones, None)
            if execution is not None:
                execution.outcome, execution.ended = "done", time
                execution.end_line = number
            self._in_step = False
        if not run.dry:
            self._event(number, time, f"step-{found['word']}", name, "")
        return True

    def _told(self, number: int, text: str, time: Instant | None) -> bool:
        cleared = _CLEARED.fullmatch(text)
        if cleared is not None:
            detail = f"{cleared['n']} files from {cleared['dir']}"
            self._event(number, time, "cleared", cleared["id"], detail)
            return True
        if text == "prepare_exp done" or text.startswith("prepare-only: done"):
            self.console.traceback = None
            self._event(number, time, "prepared", "prepare", text)
            return True
        if text.startswith("[warn]"):
            self.console.warnings.append((number, text[:500]))
            return True
        return False

    def _unstamped(self, number: int, line: bytes) -> bool:
        console = self.console
        failed = _FAILED.match(line)
        if failed is not None and console.runs:
            self._fail(number, failed)
            return True
        if line.startswith(_CLASH):
            console.clashes += 1
            return True
        more = _MORE.fullmatch(line.rstrip())
        if more is not None:
            console.clashes_cut += int(more[1])
            return True
        if line.startswith(_OUTSIDE):
            console.warnings.append((number, line[:500].decode("utf-8", "replace")))
            return True
        if line.startswith(_DRY):
            console.plans += 1
            return True
        if not self._in_step:
            self._fault(number, line)
        return False

    def _fail(self, number: int, failed: re.Match[bytes]) -> None:
        run = self.console.runs[-1]
        name = (failed["id"] or failed["old"]).decode("utf-8", "replace")
        execution = next((e for e in reversed(run.executions) if e.id == name), None)
        if execution is None:
            kind = step_type(name) or name
            execution = _Execution(name, kind, number, None)
            run.executions.append(execution)
        execution.outcome, execution.end_line = "failed", number
        last = self.console.last
        if last is not None and last[0] >= execution.line:
            execution.ended = last[1]
        execution.exit_code = int(failed["code"]) if failed["code"] else None
        self._event(number, None, "step-failed", name, _exit(execution))
        self._in_step = False

    def _fault(self, number: int, line: bytes) -> None:
        """A traceback of the runner itself: its last line is its exception."""
        if line.startswith(_TRACEBACK):
            self._in_traceback = True
            self.console.traceback = (number, "")
        elif self._in_traceback and line.strip() and not line.startswith((b" ", b"\t")):
            text = line[:500].decode("utf-8", "replace")
            start = self.console.traceback[0] if self.console.traceback else number
            self.console.traceback = (start, text)
            self._in_traceback = False

    def _event(self, line: int, time: Instant | None, kind: str, subject: str, detail: str) -> None:
        if len(self.console.events) >= _EVENTS_MOST:
            return
        self.console.events.append(
            Event(
                at=self._artifact.at(f"L{line}"),
                time=time.iso() if time else None,
                clock=time.clock.value if time else None,
                kind=kind,
                subject=subject,
                detail=detail,
            )
        )


def _id_of(found: re.Match[str]) -> tuple[str, str]:
    """Id and type of a step; before there were ids, as its log is called."""
    if found["id"]:
        return found["id"], found["type"]
    name: str = found["old"] or found["flat"]
    kind = step_type(name) or name
    if found["old"] and found["at"] != "0" and kind == name:
        name = f"{name}_{found['at']}"
    return name, kind


def _exit(execution: _Execution) -> str:
    code = execution.exit_code
    return f"exit code {code}" if code is not None else "no exit code"


def to_reading(console: Console, artifact: Artifact, _points: PointSink) -> Reading:
    """Runs, steps and copies; of another experiment's console nothing but the remark."""
    others = console.tally.lines - console.own
    books = Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=console.own,
        dropped=others,
        reasons={
            **console.tally.flaws.counts,
            **({"output of steps": others} if others else {}),
        },
        scope=artifact.run.scope,
    )
    problems = [*artifact.problems(console.tally.flaws), *emptiness(artifact)]
    foreign = _foreign(console, artifact)
    if foreign is not None:
        return Reading(problems=(*problems, foreign), accounting=books)
    told = _Telling(console, artifact)
    return Reading(
        claims=tuple(told.claims()),
        steps=tuple(told.steps()),
        datasets=tuple(told.datasets()),
        data_copies=tuple(told.copies()),
        events=tuple(console.events),
        evidence=tuple(told.evidence()),
        attempts=tuple(told.trails()),
        bindings=tuple(told.bindings()),
        problems=(*problems, *told.problems()),
        accounting=books,
        extras=told.extras(),
    )


def _foreign(console: Console, artifact: Artifact) -> Problem | None:
    """Whether it plainly is the console of an experiment that is not here."""
    if console.config_dir is None:
        return None
    line, path = console.config_dir
    named = path.rstrip("/").rpartition("/")[2]
    here = [
        directory.rpartition("/")[2]
        for directories in layout.experiments(artifact.tree).values()
        for directory in directories
    ]
    member = artifact.member.name if artifact.member is not None else None
    if named in here or named == member or not (here or member):
        return None
    message = f"it is the console of the experiment {named}, which is another one"
    return artifact.problem("foreign-log", message, f"L{line}", "nothing of it was used")


class _Telling:
    """The console told in the archive's terms."""

    def __init__(self, console: Console, artifact: Artifact) -> None:
        self._said, self._artifact = console, artifact
        self._real = [run for run in console.runs if not run.dry]
        config_dir = console.config_dir[1] if console.config_dir else ""
        self._root = layout.root_of(config_dir) or _root_above(console)
        self._home = _home(artifact, config_dir)

    def _at(self, line: int) -> Location:
        return self._artifact.at(f"L{line}")

    def _local(self, path: str) -> str:
        """A path as the tree spells it where it is there, else as it was printed."""
        found = layout.local(self._artifact.tree, path, self._root, self._home)
        return found if found is not None else path

    def claims(self) -> Iterator[Claim]:
        """What the lines say of the run; of a dry run's with less trust."""
        said = self._said
        trust = Trust.STATED if self._real or not said.runs else Trust.COPY
        run = (self._real or said.runs)[-1] if said.runs else None
        if run is not None:
            at = self._at(run.line)
            yield Claim("summary.run_id", run.id, at, trust)
            yield Claim("paths.workdir", run.workdir, at, trust)
            logs = f"{run.workdir}/logs/{run.id}"
            rule = "logs-below-workdir"
            yield Claim("paths.logs_root", logs, at, trust, Origin.DERIVED, rule, (at,))
        if said.pool is not None:
            at = self._at(said.pool[0])
            yield Claim("paths.datapool_root", said.pool[1], at, trust)
            head, found, _ = said.pool[1].rpartition("/experiments/")
            if found:
                name, rule = "repro.env.DATAPOOL", "above-experiments"
                yield Claim(name, head, at, Trust.COPY, Origin.DERIVED, rule, (at,))
        if said.config_dir is not None and layout.root_of(said.config_dir[1]):
            line, path = said.config_dir
            name = path.rstrip("/").rpartition("/")[2]
            at, rule = self._at(line), "directory-of-settings"
            if name != layout.CONFIGS:
                yield Claim("summary.experiment", name, at, Trust.COPY, Origin.DERIVED, rule, (at,))
        yield from self._times(trust)
        yield from self._raw()

    def bindings(self) -> Iterator[Binding]:
        """What the settings leave open: where LLMRunner lay, its data pool, the run's id.

        The settings are resolved as if the data pool were at its default place; where it was not,
        LLMRunner's root would make wrong paths of them.
        """
        said = self._said
        pool = said.pool[1].rstrip("/") if said.pool is not None else ""
        if said.config_dir is not None:
            line, path = said.config_dir
            root = layout.root_of(path)
            if root and f"{pool or root}/".startswith(f"{root}/{'datapool/' if pool else ''}"):
                yield Binding("ROOT_DIR", root, self._at(line))
        if said.pool is not None:
            yield Binding("DATAPOOL_ROOT", pool, self._at(said.pool[0]))
        if said.runs:
            run = (self._real or said.runs)[-1]
            yield Binding("RUN_ID", run.id, self._at(run.line))

    def _times(self, trust: Trust) -> Iterator[Claim]:
        said = self._said
        if said.first is None or said.last is None:
            return
        yield Claim("summary.started_at", said.first[1].iso(), self._at(said.first[0]), trust)
        run = (self._real or said.runs)[-1] if said.runs else None
        if run is not None and run.finished is not None:
            at = self._at(run.finish_line)
            yield Claim("summary.finished_at", run.finished.iso(), at, trust)
        elif run is not None:
            at, rule = self._at(said.last[0]), "last-stamped-line"
            iso = said.last[1].iso()
            yield Claim("summary.finished_at", iso, at, Trust.HINT, Origin.DERIVED, rule, (at,))

    def _raw(self) -> Iterator[Claim]:
        seen: set[str] = set()
        for prepare in self._said.prepares:
            for copy in prepare.copies.values():
                stage = copy.kind.lower()
                if copy.destination and stage not in seen:
                    seen.add(stage)
                    value = self._local(copy.destination)
                    yield Claim(f"data.raw_{stage}_dir", value, self._at(copy.line))
        for merge in self._said.merges:
            name = f"merged_{merge.kind.lower()}"
            if name not in seen:
                seen.add(name)
                yield Claim(f"data.{name}", self._local(merge.path), self._at(merge.line))

    def copies(self) -> Iterator[DataCopy]:
        """One row per source; the first preparation counts, later ones find everything there."""
        first: dict[tuple[str, str], _Copied] = {}
        later: dict[tuple[str, str], list[_Copied]] = {}
        for prepare in self._said.prepares:
            for key, copy in prepare.copies.items():
                if first.setdefault(key, copy) is not copy:
                    later.setdefault(key, []).append(copy)
        for key, copy in first.items():
            yield DataCopy(
                at=self._at(copy.line),
                source=copy.source,
                destination=self._local(copy.destination),
                files_copied=copy.copied,
                files_skipped=copy.skipped,
                note="; ".join(self._remarks(copy, later.get(key, []))) or None,
            )

    def _remarks(self, copy: _Copied, later: Iterable[_Copied]) -> Iterator[str]:
        if copy.config:
            yield f"for {copy.config}"
        if copy.mode == "copy":
            yield "mode=copy, which hard-links where both lie on one file system"
        elif copy.mode:
            yield f"mode={copy.mode}"
        if copy.copied == 0 and copy.skipped:
            yield "all were there already: an earlier preparation copied them"
        for again in later:
            yield f"prepared again: {again.copied} copied, {again.skipped} already there"
        if self._said.clashes_cut:
            yield f"{self._said.clashes_cut} of the files already there are not named"

    def datasets(self) -> Iterator[Dataset]:
        """The merged files, each once."""
        seen: set[str] = set()
        for merge in self._said.merges:
            if merge.path in seen:
                continue
            seen.add(merge.path)
            notes = []
            if merge.existed:
                notes.append("it was there already and was not made anew")
            if merge.shuffle:
                notes.append(f"shuffle={merge.shuffle}")
            yield Dataset(
                at=self._at(merge.line),
                role=f"merged_{merge.kind.lower()}",
                path=self._local(merge.path),
                note="; ".join(notes) or None,
            )

    def steps(self) -> Iterator[Step]:
        """Each step that was run, planned or passed over, once; real runs over dry ones."""
        known: dict[str, Step] = {}
        for run in self._real or self._said.runs:
            for one in run.executions:
                known[one.id] = self._executed(one, dry=run.dry)
            for name, (line, _) in run.skipped.items():
                known[name] = self._step(name, step_type(name) or name, line, "disabled")
        yield from known.values()

    def _executed(self, one: _Execution, *, dry: bool) -> Step:
        """A step that was run; of a training the time from its beginning to its end."""
        step = self._step(one.id, one.type, one.line, "dry run" if dry else "")
        if dry or step.name != "train" or one.started is None or one.ended is None:
            return step
        seconds = seconds_between(one.started, one.ended)
        if seconds is None or seconds < 0:
            return step
        places = (step.at, self._at(one.end_line))
        source = Source(Origin.DERIVED, step.at, "from-run-to-done", places, _LOCAL)
        return replace(
            step,
            training=Training(duration_sec=seconds),
            sources={"training.duration_sec": source},
        )

    def _step(self, name: str, kind: str, line: int, skipped: str) -> Step:
        what, stage = name_and_stage(kind)
        return Step(
            at=self._at(line),
            step_id=name,
            name=what,
            stage=stage,
            status="skipped" if skipped else "unknown",
            status_word=skipped or None,
        )

    def evidence(self) -> Iterator[Evidence]:
        """How each execution of each step ended, and how the last run did."""
        for name, executions in self._executions().items():
            for index, one in enumerate(executions):
                yield from self._ending(one, self._family(name), index, last=one is executions[-1])
        run = self._real[-1] if self._real else None
        if run is not None and run.finished is not None:
            at, kind = self._at(run.finish_line), EvidenceKind.TERMINAL_WORD
            yield Evidence(kind, "pipeline finished", at, "success", time=run.finished)
        elif self._said.runs and not self._real:
            at, detail = self._at(self._said.runs[-1].line), "a dry run: no step was executed"
            yield Evidence(EvidenceKind.PROGRESS, detail, at)
        elif self._said.traceback is not None:
            line, text = self._said.traceback
            detail = f"the runner stopped: {text or 'a traceback'}"
            yield Evidence(EvidenceKind.FAILURE, detail, self._at(line))

    def _ending(
        self, one: _Execution, family: str, index: int, *, last: bool
    ) -> Iterator[Evidence]:
        at = self._at(one.end_line or one.line)
        if one.outcome:
            word = "success" if one.outcome == "done" else "failed"
            detail = "done step" if one.outcome == "done" else f"step failed, {_exit(one)}"
            yield Evidence(
                EvidenceKind.TERMINAL_WORD, detail, at, word, family, index, one.ended, one.id
            )
            return
        detail = "run step, and no line about its end follows"
        kind = EvidenceKind.RUNNING_WORD
        yield Evidence(kind, detail, at, "", family, index, one.started, one.id)
        if last and self._said.tally.torn_tail:
            at, detail = self._at(self._said.tally.lines), "the last line is torn"
            yield Evidence(EvidenceKind.DEATH, detail, at, "", family, index, None, one.id)

    def _executions(self) -> dict[str, list[_Execution]]:
        """Step -> its executions in real runs, oldest first."""
        found: dict[str, list[_Execution]] = {}
        for run in self._real:
            for one in run.executions:
                found.setdefault(one.id, []).append(one)
        return found

    def _family(self, name: str) -> str:
        return f"{self._artifact.path}:{name}"

    def trails(self) -> Iterator[AttemptTrail]:
        """Each execution of a step is an attempt of it."""
        for name, executions in self._executions().items():
            marks = tuple(
                AttemptMark(
                    self._at(one.line),
                    one.started,
                    one.ended,
                    self._at(one.end_line) if one.end_line else None,
                    status_word=one.outcome or None,
                    exit_code=one.exit_code if one.outcome == "failed" else None,
                )
                for one in executions
            )
            yield AttemptTrail(self._family(name), marks, name)

    def problems(self) -> Iterator[Problem]:
        """What the runner warned of, and logs that the last run cannot have written."""
        for line, text in self._said.warnings:
            yield Problem("producer-warning", text, self._at(line))
        run = self._real[-1] if self._real else None
        failed = next((e for e in run.executions if e.outcome == "failed"), None) if run else None
        if run is None or failed is None:
            return
        for entry in self._artifact.tree.named("*.log"):
            stem = entry.name.rpartition(".")[0]
            placed = layout.is_log_place(entry.path) and entry.path.split("/")[-2] == run.id
            if placed and step_type(stem) and stem not in self._executions():
                message = f"{entry.path} is of an earlier execution: {stem} was not reached"
                hint = "its log says nothing of the last run"
                yield Problem("stale-log", message, self._at(failed.end_line), hint)

    def extras(self) -> dict[str, Value]:
        """Counts that no field holds."""
        said = self._said
        extras: dict[str, Value] = {"runs": len(self._real), "preparations": len(said.prepares)}
        if len(self._real) < len(said.runs):
            extras["dry_runs"] = len(said.runs) - len(self._real)
        if said.clashes or said.clashes_cut:
            extras["files_already_there"] = said.clashes + said.clashes_cut
        return extras


def _home(artifact: Artifact, config_dir: str) -> str:
    """LLMRunner's root in the tree: where the settings that it names lie, else any."""
    home = layout.home_for(artifact.tree, config_dir) if config_dir else None
    if home is None:
        homes = map(layout.home_of, layout.pipelines(artifact.tree))
        home = next((known for known in homes if known is not None), None)
    return home if home is not None else ""


def _root_above(console: Console) -> str:
    """LLMRunner's root where a standard place below it was printed."""
    texts = [(console.pool[1] if console.pool else "", "/datapool")]
    texts += [(run.workdir, "/.llmrunner") for run in console.runs[:1]]
    for text, tail in texts:
        head, found, rest = text.rstrip("/").partition(tail)
        if found and head and (not rest or rest.startswith("/")):
            return head
    return ""


READER = Reader(
    name="llmrunner_console",
    kind="llmrunner.console",
    summary="LLMRunner's terminal output, where it was kept: runs, steps, times, data copies",
    select=files("*.log", "*.out", "*.txt"),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
