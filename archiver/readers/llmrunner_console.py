"""What LLMRunner printed to its terminal, where somebody kept it (`run.log`, `nohup.out`, ...).

`prepare_exp.py` and `run.py` write `[YYYY-MM-DD HH:MM:SS] text` in local time without a zone, and
no zone is known. The children's output stands between their lines. Standard error comes unstamped
and, when redirected, out of order: `step failed:` and the list of files that were skipped. No
other artifact knows when a step began and ended, or what preparing copied.

`run.py` prepares once more before it runs, so its console shows zero copied files and every one
skipped. A dry run prints steps, too; they are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

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
from archiver.model.times import seconds_between
from archiver.model.values import Value
from archiver.producers.llmrunner import layout
from archiver.producers.llmrunner.console import Console, Copied, Execution
from archiver.producers.llmrunner.console_lines import hear, opens
from archiver.producers.llmrunner.plan import name_and_stage, step_type
from archiver.view import emptiness

_LOCAL = "local clock without a zone"


def detect(artifact: Artifact) -> Match:
    """A line of the runner's own, stamped, among the first ones."""
    return Match.YES if opens(artifact.head()) else Match.NO


def parse(artifact: Artifact) -> Console:
    """One pass over the lines."""
    return hear(artifact.lines())


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
        events=tuple(told.events()),
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
        self._real = console.real
        config_dir = console.config_dir[1] if console.config_dir else ""
        self._root = console.root
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
        for copy, later in self._said.copies():
            yield DataCopy(
                at=self._at(copy.line),
                source=copy.source,
                destination=self._local(copy.destination),
                files_copied=copy.copied,
                files_skipped=copy.skipped,
                note="; ".join(self._remarks(copy, later)) or None,
            )

    def _remarks(self, copy: Copied, later: Iterable[Copied]) -> Iterator[str]:
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

    def _executed(self, one: Execution, *, dry: bool) -> Step:
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

    def events(self) -> Iterator[Event]:
        """What happened, in the order of the lines."""
        for line, time, kind, subject, detail in self._said.remarks:
            yield Event(
                at=self._at(line),
                time=time.iso() if time else None,
                clock=time.clock.value if time else None,
                kind=kind,
                subject=subject,
                detail=detail,
            )

    def evidence(self) -> Iterator[Evidence]:
        """How each execution of each step ended, and how the last run did."""
        for name, executions in self._said.executions.items():
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

    def _ending(self, one: Execution, family: str, index: int, *, last: bool) -> Iterator[Evidence]:
        at = self._at(one.end_line or one.line)
        if one.outcome:
            word = "success" if one.outcome == "done" else "failed"
            detail = "done step" if one.outcome == "done" else f"step failed, {one.exit}"
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

    def _family(self, name: str) -> str:
        return f"{self._artifact.path}:{name}"

    def trails(self) -> Iterator[AttemptTrail]:
        """Each execution of a step is an attempt of it."""
        for name, executions in self._said.executions.items():
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
        executed = self._said.executions
        for entry in self._artifact.tree.named("*.log"):
            stem = entry.name.rpartition(".")[0]
            placed = layout.is_log_place(entry.path) and entry.path.split("/")[-2] == run.id
            if placed and step_type(stem) and stem not in executed:
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
