"""What the records of a W&B transaction log come to, one after another.

A run record comes first, configuration in it and in later records (applied in order), then history
rows, summary updates, system statistics and console output. An exit record is written when the run
is finished; its code is left out when it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from archiver.codecs import wandb_record
from archiver.codecs.protobuf import WireError
from archiver.codecs.wandb_log import WandbLog
from archiver.codecs.wandb_record import Item, Message
from archiver.limits import Limits
from archiver.model.points import PointSink
from archiver.model.values import Value
from archiver.producers.wandb_history import History
from archiver.producers.wandb_system import SystemFigures

_FILES_KEPT = 200
_PRINTED_PARTS = 256


@dataclass
class Log:
    """A log, and what reading it finds out."""

    stream: WandbLog
    history: History
    system: SystemFigures
    run: Message = field(default_factory=Message)
    run_at: int = 0
    config: dict[str, Value] = field(default_factory=dict)
    summary: dict[tuple[str, ...], Item] = field(default_factory=dict)
    environment: dict[str, Value] = field(default_factory=dict)
    environment_at: int = 0
    telemetry: Message = field(default_factory=Message)
    telemetry_at: int = 0
    producer: str = ""
    exit: tuple[int, int, int] | None = None
    """Offset of the exit record, exit code, seconds that the run took."""
    preempting: int | None = None
    printed: list[str] = field(default_factory=list)
    """The end of what was printed, in parts."""
    console_at: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    undecodable: int = 0
    last_time: float | None = None
    files: list[str] = field(default_factory=list)

    @property
    def ended(self) -> float | None:
        """The last time that anything in the log carries, Unix seconds."""
        known = [time for time in (self.last_time, self.history.last_time) if time is not None]
        return max(known, default=None)

    @property
    def limits(self) -> Limits:
        """Those that the stream is read with."""
        return self.stream.limits

    @property
    def output(self) -> str:
        """The end of what was printed."""
        return "".join(self.printed)[-self.limits.traceback_bytes :]


def read_records(stream: WandbLog, path: str, points: PointSink) -> Log:
    """Read a log to its end; history and system figures go to the sink."""
    log = Log(stream, History(points, path, path), SystemFigures(points, path))
    for offset, payload in stream:
        try:
            _take(log, offset, payload)
        except WireError as fault:
            log.undecodable += 1
            stream.tally.flaws.add("undecodable-record", str(fault), f"byte {offset}")
    log.history.flush()
    log.system.flush()
    return log


def _take(log: Log, offset: int, payload: bytes) -> None:
    kind, body = wandb_record.kind_of(payload, log.limits)
    log.kinds[kind or "unknown"] = log.kinds.get(kind or "unknown", 0) + 1
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(log, offset, body)


def _take_run(log: Log, offset: int, body: bytes) -> None:
    log.run, log.run_at = wandb_record.read(body, log.limits), offset
    for config in log.run.fields.get(4, ()):
        if isinstance(config, bytes):
            _take_config(log, offset, config)
    if 19 in log.run.fields:
        log.telemetry, log.telemetry_at = log.run.message(19), offset


def _take_config(log: Log, _offset: int, body: bytes) -> None:
    limits = log.limits
    for item in wandb_record.items(body, 1, limits):
        wandb_record.place(log.config, item.path, item.value(limits))
    for item in wandb_record.items(body, 2, limits):
        wandb_record.remove(log.config, item.path)


def _take_history(log: Log, _offset: int, body: bytes) -> None:
    limits = log.limits
    row: dict[str, Value] = {}
    items, step = wandb_record.history(body, limits)
    for item in items:
        wandb_record.place(row, item.path, item.value(limits))
    log.history.add(row.items(), step)


def _take_summary(log: Log, _offset: int, body: bytes) -> None:
    for item in wandb_record.items(body, 1, log.limits):
        log.summary[item.path] = item
    for item in wandb_record.items(body, 2, log.limits):
        log.summary.pop(item.path, None)


def _take_stats(log: Log, _offset: int, body: bytes) -> None:
    limits = log.limits
    time = wandb_record.read(body, limits).seconds(2)
    _note_time(log, time)
    named = [(".".join(i.path), i.value(limits)) for i in wandb_record.items(body, 3, limits)]
    log.system.add(named, time)


def _take_output(log: Log, offset: int, body: bytes) -> None:
    message = wandb_record.read(body, log.limits)
    _note_time(log, message.seconds(2))
    text = message.text(3)
    most = log.limits.traceback_bytes
    log.printed.append(text[-most:])
    if len(log.printed) > _PRINTED_PARTS:
        log.printed = ["".join(log.printed)[-most:]]
    log.console_at = offset


def _take_environment(log: Log, offset: int, body: bytes) -> None:
    log.environment.update(wandb_record.environment(body, log.limits))
    log.environment_at = log.environment_at or offset


def _take_exit(log: Log, offset: int, body: bytes) -> None:
    message = wandb_record.read(body, log.limits)
    log.exit = (offset, message.integer(1), message.integer(2))


def _take_telemetry(log: Log, offset: int, body: bytes) -> None:
    log.telemetry, log.telemetry_at = wandb_record.read(body, log.limits), offset


def _take_metric(log: Log, _offset: int, body: bytes) -> None:
    message = wandb_record.read(body, log.limits)
    name, counter = message.text(1) or message.text(2), message.text(4)
    if name and counter:
        log.history.define(name, counter)


def _take_header(log: Log, _offset: int, body: bytes) -> None:
    log.producer = wandb_record.read(body, log.limits).message(1).text(1)


def _take_files(log: Log, _offset: int, body: bytes) -> None:
    for item in wandb_record.read(body, log.limits).messages(1):
        if item.text(1) and len(log.files) < _FILES_KEPT:
            log.files.append(item.text(1))


def _take_preempting(log: Log, offset: int, _body: bytes) -> None:
    log.preempting = offset


_HANDLERS: dict[str, Callable[[Log, int, bytes], None]] = {
    "run": _take_run,
    "config": _take_config,
    "history": _take_history,
    "summary": _take_summary,
    "stats": _take_stats,
    "output": _take_output,
    "environment": _take_environment,
    "exit": _take_exit,
    "telemetry": _take_telemetry,
    "metric": _take_metric,
    "header": _take_header,
    "files": _take_files,
    "preempting": _take_preempting,
}


def _note_time(log: Log, time: float | None) -> None:
    if time is not None:
        log.last_time = time if log.last_time is None else max(time, log.last_time)
