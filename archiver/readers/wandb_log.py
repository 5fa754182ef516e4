"""W&B transaction log (`run-<id>.wandb`): everything that a run sent, or would have sent.

Offline runs hold configuration, history and summary here and nowhere else. An exit record is
written when the run is finished; its code is 255 after Ctrl-C. A killed writer leaves whole blocks
of 32 KiB, often with the first part of a record at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.codecs import traceback_text, wandb_record
from archiver.codecs.wandb_log import MAGIC, WandbLog
from archiver.codecs.wandb_record import Message
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
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
from archiver.model.record import Accounting, Config, Dependency, Related, Step
from archiver.model.times import from_epoch
from archiver.model.values import Value
from archiver.producers.wandb_history import METRICS, flat
from archiver.producers.wandb_machine import claims as machine_claims
from archiver.producers.wandb_machine import command, machine, repository
from archiver.producers.wandb_records import Log, read_records
from archiver.view import View, emptiness

INTERRUPTED = 255
"""Exit code that W&B gives a run that Ctrl-C ended."""
_FILE = re.compile(r"run-(\w{1,128})\.wandb\Z")
_NAMES_KEPT = 200


def detect(artifact: Artifact) -> Match:
    """The file's magic bytes; under its name, damaged without them."""
    head = artifact.head()
    if head.startswith(MAGIC):
        return Match.YES
    return Match.NO if head.strip(b"\0") and not MAGIC.startswith(head) else Match.DAMAGED


def parse(artifact: Artifact) -> WandbLog:
    """A lazy walk over the log's records."""
    return WandbLog(artifact.chunks(), artifact.limits)


def to_reading(stream: WandbLog, artifact: Artifact, points: PointSink) -> Reading:
    """Points to the sink; identity, configuration, machine and end as claims and evidence."""
    log = read_records(stream, artifact.path, points)
    view = View.of(_Placed(artifact, log.environment_at), log.environment)
    return Reading(
        claims=(*_identity(log, artifact), *machine_claims(view)),
        configs=_configs(log, artifact),
        dependencies=tuple(_dependencies(log, artifact)),
        repositories=tuple(filter(None, [repository(view)])),
        steps=(_step(log, artifact, view),) if log.kinds else (),
        evidence=tuple(_evidence(log, artifact)),
        attempts=(_trail(log, artifact, view),) if log.kinds else (),
        related=tuple(_related(log)),
        problems=(*_problems(log, artifact), *emptiness(artifact), *view.problems),
        accounting=_accounting(log, artifact),
        extras=_extras(log, view),
    )


class _Placed(Artifact):
    """The artifact, for a view of what one of its records states."""

    def __init__(self, artifact: Artifact, offset: int) -> None:
        super().__init__(
            artifact.run, artifact.tree, artifact.files, artifact.path, artifact.limits
        )
        self._offset = offset

    def at(self, place: str = "", path: str | None = None) -> Location:
        """The record that the value stands in; pointers do not lead into a binary file."""
        del place
        return super().at(f"byte {self._offset}", path)


def _place(artifact: Artifact, offset: int) -> Location:
    return artifact.at(f"byte {offset}")


def _identity(log: Log, artifact: Artifact) -> Iterator[Claim]:
    """Inside another producer's run the tracker's names are copies."""
    place = _place(artifact, log.run_at)
    named_after = _FILE.match(artifact.name)
    if named_after and not log.run.text(1):
        whole = artifact.at()
        rule = "id-in-file-name"
        yield Claim(
            "summary.run_id", named_after[1], whole, Trust.HINT, Origin.DERIVED, rule, (whole,)
        )
    named = {"summary.run_id": log.run.text(1), "summary.experiment": log.run.text(3)}
    for name, value in named.items():
        if value:
            yield Claim(name, value, place, Trust.COPY)
    started = _started(log)
    if started is not None:
        instant = from_epoch(started)
        if instant is not None:
            yield Claim("summary.started_at", instant.iso(), place, Trust.COPY)
    if not log.environment.get("host") and log.run.text(13):
        yield Claim("summary.host", [log.run.text(13)], place)
    if not log.environment.get("python") and log.telemetry.text(4):
        yield Claim("summary.python", log.telemetry.text(4), _place(artifact, log.telemetry_at))
    commit = log.run.message(21).text(2) if 21 in log.run.fields else ""
    if commit and "git" not in log.environment:
        yield Claim("summary.git_commit", commit, place)


def _started(log: Log) -> float | None:
    return log.run.seconds(17)


def _configs(log: Log, artifact: Artifact) -> tuple[Config, ...]:
    values = {key: value for key, value in log.config.items() if key != "_wandb"}
    if not values:
        return ()
    config = Config(
        at=_place(artifact, log.run_at),
        id=artifact.path,
        role="resolved",
        format="wandb",
        values=values,
    )
    return (config,)


def _dependencies(log: Log, artifact: Artifact) -> Iterator[Dependency]:
    for name, number_ in (("wandb", 5), ("transformers", 6)):
        version = log.telemetry.text(number_)
        if version:
            place = _place(artifact, log.telemetry_at)
            yield Dependency(at=place, name=name, version=version, kind="imported")


def _step(log: Log, artifact: Artifact, view: View) -> Step:
    limits = artifact.limits
    tree: dict[str, Value] = {}
    for path, item in log.summary.items():
        wandb_record.place(tree, path, item.value(limits))
    metrics: dict[str, Value] = {
        key: value
        for key, value in flat(tree.items())
        if not key.startswith("_") and not isinstance(value, dict | list)
    }
    failure = _failure(log)
    how = command(view)
    return Step(
        at=_place(artifact, log.run_at),
        step_id="1",
        name="train",
        metrics=metrics,
        error=failure.error or None if failure else None,
        error_stack=failure.stack if failure else None,
        command=how if how.argv else None,
    )


def _failure(log: Log) -> traceback_text.TracebackText | None:
    """The traceback that ended the run.

    A bad exit says that one did; without an exit, it is one that nothing came after.
    """
    if log.exit is not None and log.exit[1] == 0:
        return None
    found = traceback_text.last(log.output)
    ended = found is not None and (log.exit is not None or not found.followed)
    return found if ended else None


def _evidence(log: Log, artifact: Artifact) -> Iterator[Evidence]:
    family = artifact.path

    def sign(kind: EvidenceKind, detail: str, offset: int) -> Evidence:
        return Evidence(kind, detail, _place(artifact, offset), family=family)

    extent = log.history.extent
    if extent is not None:
        yield sign(EvidenceKind.PROGRESS, f"last row at step {extent[1]}", log.run_at)
    if log.preempting is not None:
        yield sign(EvidenceKind.INTERRUPTION, "marked as being preempted", log.preempting)
    failure = _failure(log)
    if failure is not None and "KeyboardInterrupt" not in failure.error:
        detail = f"a traceback ends the output: {failure.error}"[:300]
        yield sign(EvidenceKind.FAILURE, detail, log.console_at)
    if log.exit is not None:
        offset, code, _ = log.exit
        if code == 0:
            yield sign(EvidenceKind.END_MARKER, "the exit record is written at the end", offset)
        elif code == INTERRUPTED:
            yield sign(EvidenceKind.INTERRUPTION, "exit code 255: Ctrl-C", offset)
        else:
            yield sign(EvidenceKind.FAILURE, f"exit code {code}", offset)
    elif log.kinds:
        yield sign(EvidenceKind.RUNNING_WORD, "no exit record was written", log.run_at)
    cut = log.stream.tally.truncated_at
    if cut is not None:
        yield sign(EvidenceKind.DEATH, "the last record is torn", cut)


def _trail(log: Log, artifact: Artifact, view: View) -> AttemptTrail:
    started, ended, extent = _started(log), log.ended, log.history.extent
    argv = command(view).argv
    mark = AttemptMark(
        _place(artifact, log.run_at),
        started=from_epoch(started) if started is not None else None,
        ended=from_epoch(ended) if ended is not None else None,
        first_step=extent[0] if extent else None,
        command=" ".join(argv) or None,
        host=log.run.text(13) or view.filled("host"),
        id=log.run.text(1) or None,
        exit_code=log.exit[1] if log.exit else None,
    )
    return AttemptTrail(artifact.path, (mark,))


def _related(log: Log) -> Iterator[Related]:
    branch = log.run.message(23) if 23 in log.run.fields else Message()
    if branch.text(1):
        yield Related("parent", branch.text(1))


def _problems(log: Log, artifact: Artifact) -> Iterator[Problem]:
    yield from artifact.problems(log.stream.tally.flaws)
    if log.history.unplaced:
        message = f"{log.history.unplaced} points lack the step counter of their metric"
        yield artifact.problem("no-step", message)


def _accounting(log: Log, artifact: Artifact) -> Accounting:
    tally = log.stream.tally
    values = sum(log.history.other.values()) + log.system.other
    reasons = dict(tally.flaws.counts)
    if values:
        reasons["values-without-number"] = values
    return Accounting(
        artifact.path,
        READER.kind,
        artifact.size,
        read=tally.records - log.undecodable,
        corrupt=tally.corrupt + tally.lost + log.undecodable + (tally.truncated_at is not None),
        reasons=reasons,
        scope=artifact.run.scope,
    )


def _extras(log: Log, view: View) -> dict[str, Value]:
    run = log.run
    texts = {
        "entity": run.text(2),
        "display_name": run.text(8),
        "notes": run.text(9),
        "group": run.text(6),
        "job_type": run.text(7),
        "sweep_id": run.text(12),
        "producer": log.producer,
        "platform": log.telemetry.text(13),
    }
    extras: dict[str, Value] = {key: text for key, text in texts.items() if text}
    if run.integer(18):
        extras["resumed_at_log_call"] = run.integer(14)
    if run.texts(10):
        extras["tags"] = list[Value](run.texts(10)[:_NAMES_KEPT])
    if log.kinds:
        extras["records"] = dict[str, Value](sorted(log.kinds.items()))
    if log.history.other:
        kept = sorted(log.history.other.items())[:_NAMES_KEPT]
        extras["values_without_number"] = dict[str, Value](kept)
    if log.files:
        extras["files"] = list[Value](log.files)
    noted = machine(view)
    if noted:
        extras["machine"] = noted
    return extras


READER = Reader(
    name="wandb_log",
    kind="wandb.log",
    summary="W&B transaction log run-<id>.wandb: configuration, history, system figures, end",
    select=files("*.wandb"),
    detect=detect,
    parse=parse,
    map=to_reading,
    metrics=METRICS,
)
