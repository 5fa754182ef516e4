r"""Logs of bracketed records: `[YYYY-MM-DD HH:MM:SS] ACTION: subject`, then `Key: value` lines.

The run-experiment toolkit's submitters and the agents that follow its instructions append such
records. A record ends at a blank line or at the next header; agents leave the blank line out. A
value may run over several lines: what a rejected submission printed stands raw behind
`Result: failure:` and looks like keys and values itself. Lines of Python's logging (with
`[logger] LEVEL:`, `logger - LEVEL:`, or a stamp with milliseconds) begin with the same stamp and
are no records of the toolkit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from archiver.codecs.flaws import Flaws
from archiver.codecs.lines import LineStream, segments
from archiver.model.times import Instant, parse_iso

TEXT_CHARACTERS = 64 * 1024
"""Of one line, and of one value, no more is kept."""
_ITEMS = 1_000
"""Lines kept of one record."""
_STAMP = r"\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?P<fraction>[,.]\d{1,6})?\] "
_LEVELS = "DEBUG|INFO|WARNING|ERROR|CRITICAL"
_HEADER = re.compile(_STAMP + r"(?P<action>[A-Z][A-Z0-9_]{1,60})(?=:|\s*\Z)", re.ASCII)
_LOGGER = re.compile(
    _STAMP + rf"(?:\[[^\]]{{1,100}}\] |[^\s:]{{1,100}} - )?(?P<level>{_LEVELS})(?=[ :]|\Z)",
    re.ASCII,
)
_STAMPED = re.compile(_STAMP, re.ASCII)
_BROKEN_STAMP = re.compile(r"\[\d{1,4}(?:-[\d -:]{0,15})?\]?\Z", re.ASCII)
_KEY = re.compile(r"(?P<key>[A-Z][A-Za-z0-9/_-]*(?: [A-Za-z0-9/_-]+){0,3}): ?", re.ASCII)
_KEY_CHARACTERS = 48
_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_FAILURE = ("failure", "failed", "error")
_AFTER_FAILURE = frozenset({"Details", "Command", "Duration", "Explanation", "Calculation"})
"""Keys that end the text of a rejection; it may itself hold any other."""
_REMARK = "\u26a0"
"""A warning sign begins a remark, not more of the value above it."""
ACTIONS = frozenset(
    {
        "ALL_COMPLETE", "ALL_SUBMITTED", "CACHE_BUILT", "CACHE_PREBUILD", "CACHE_PREBUILD_COMPLETE",
        "CALCULATE_DISK_USAGE", "CALCULATE_TRAINING_TIME", "CHECKPOINT_MISSING",
        "CHECK_COMPLETENESS", "CHECK_DISK_SPACE", "CHOOSE_FIGURE", "COMPLETE", "COMPLETE_DESIGN",
        "COMPUTE_METRICS", "COMPUTE_UTILIZATION", "CONSULT_DOCUMENTATION",
        "CONSULT_PRIOR_EXPERIMENT", "COPY_ARTIFACT", "COUNT_DATASET_SAMPLES", "CREATE_LOG",
        "CREATE_YAML", "DATA_GEN_CONDITION", "DATA_GEN_CONFIG", "DEDUPLICATE", "DELETE_ORIGINALS",
        "DESIGN_DECISION", "DISCOVER_EXPERIMENT", "EXTRACT_ACCURACY", "EXTRACT_LOSS",
        "EXTRACT_TRAINING_SPEED", "GENERATE_EVAL_MATRIX", "GENERATE_PLOT", "GENERATE_REPORT",
        "GENERATE_RUNS", "GENERATE_SUMMARY", "IDENTIFY_EVALS", "IDENTIFY_RUNS", "INSPECT_COMPLETE",
        "INVENTORY", "LAUNCH_SUBAGENTS", "LOAD_EVALS", "LOCATE_EXPERIMENT", "MONITOR_CONFIG",
        "MONITOR_DETACHED", "OOM_EXHAUSTED", "OOM_RETRY", "OOM_RETRY_SUBMIT_FAILED", "PARSE_CONFIG",
        "PARSE_STATUS", "PARSE_SUMMARY", "READ_TOOL_SPECS", "RECORD_INTERPRETATION",
        "RESOLVE_FINDINGS", "RESOURCE_STATUS", "SCAFFOLD_INSPECT_COMPLETE",
        "SCAFFOLD_TORCHTUNE_COMPLETE", "SEARCH_PRIOR_RUNS", "START_DESIGN", "STATE_CHANGE",
        "STATUS_CHECK", "SUBMIT_EVAL", "SUBMIT_JOB", "THROUGHPUT_STATUS", "TORCHTUNE_COMPLETE",
        "USER_QUESTION", "USER_RESPONSE", "VERIFY_ARCHIVE", "VERIFY_CHECKPOINTS", "VERIFY_DATASET",
        "VERIFY_EVAL_TASK", "VERIFY_FINETUNING", "VERIFY_MODEL", "VERIFY_PREREQUISITES",
    }
)  # fmt: skip
"""Actions that the toolkit's instructions name; only these are looked for inside of a line."""


@dataclass(slots=True)
class Item:
    """One `Key: value` of a record; the key is empty for a line that has none."""

    key: str
    text: str
    line: int
    torn: bool = False
    """Whether its line has no end: the value may be cut short."""


@dataclass(slots=True)
class Record:
    """One record, or one line of Python's logging (then `level` is set and `action` empty)."""

    line: int
    time: Instant | None
    action: str = ""
    subject: str = ""
    level: str = ""
    items: list[Item] = field(default_factory=list)
    torn: bool = False
    """Whether the header's own line has no end."""

    def find(self, key: str) -> Item | None:
        """The first value of a key."""
        return next((item for item in self.items if item.key == key), None)

    def text(self, key: str) -> str:
        """The text of a key's first value; empty without one."""
        item = self.find(key)
        return item.text if item is not None else ""

    def whole(self, key: str) -> Item | None:
        """A key's value, if it is not torn and no other line of the record contradicts it."""
        found = [item for item in self.items if item.key == key]
        agreed = len({item.text for item in found}) == 1
        return found[0] if agreed and not found[0].torn else None


@dataclass
class ActionLog:
    """The records of a stream, and what became of every line; complete when it has been read.

    Flaws: those of `LineStream`, `bad-utf8`, `bad-time`, `torn-line`, `torn-record`,
    `glued-record`, `repeated-key`, `unknown-header`.
    """

    lines: LineStream
    records: int = 0
    stray: int = 0
    """Lines that belong to no record."""
    noise: int = 0
    """Progress bars that something else printed into the log."""
    torn: int = 0
    """Headers of which only a part is there."""
    _open: Record | None = None
    _closed: bool = False
    _more: list[str] = field(default_factory=list)
    """Further lines of the open record's last value, not yet joined to it."""
    _room: int = 0
    """Characters that the last value may still take."""

    @property
    def flaws(self) -> Flaws:
        """What was odd."""
        return self.lines.tally.flaws

    def __iter__(self) -> Iterator[Record]:
        for number, raw in self.lines:
            torn = self.lines.tally.torn_tail
            if not raw.strip():
                self._closed = True
                continue
            for part in segments(raw):
                yield from self._line(number, self._text(part, number), torn=torn)
        if self.lines.tally.torn_tail:
            self.flaws.add("torn-line", "the last line has no end", f"L{self.lines.tally.lines}")
        if self._open is not None:
            self._join()
            yield self._open

    def _text(self, raw: bytes, number: int) -> str:
        try:
            text = raw[: 4 * TEXT_CHARACTERS].decode("utf-8")
        except UnicodeDecodeError:
            self.flaws.add("bad-utf8", "bytes that are no utf-8 replaced", f"L{number}")
            text = raw[: 4 * TEXT_CHARACTERS].decode("utf-8", "replace")
        text = text[:TEXT_CHARACTERS].rstrip()
        return _ANSI.sub("", text) if "\x1b" in text else text

    def _line(self, number: int, text: str, *, torn: bool) -> Iterator[Record]:
        """Take one line; a header gives away the record before it."""
        starts = self._headers(text, number)
        front = text[: starts[0]] if starts else text
        if front.strip():
            begun = self._begin(front, number, torn=torn and not starts)
            if begun is not None:
                yield from self._turn(begun)
            else:
                self._body(front, number, torn=torn and not starts)
        for start, end in pairwise([*starts, len(text)]):
            begun = self._begin(text[start:end], number, torn=torn and end == len(text))
            if begun is not None:
                yield from self._turn(begun)

    def _turn(self, begun: Record) -> Iterator[Record]:
        if self._open is not None:
            self._join()
            yield self._open
        self._open, self._closed = begun, False
        self.records += 1

    def _headers(self, text: str, number: int) -> list[int]:
        """Where headers of known actions stand behind something else on the line."""
        starts: list[int] = []
        if "[" not in text:
            return starts
        for match in _HEADER.finditer(text):
            quoted = text[match.start() - 1 : match.start()] in ("'", '"', "`")
            if match.start() and match["action"] in ACTIONS and not quoted:
                starts.append(match.start())
                self.flaws.add("glued-record", "a record begins inside a line", f"L{number}")
        return starts

    def _begin(self, text: str, number: int, *, torn: bool) -> Record | None:
        """The record that a line begins, or None."""
        stamped = _STAMPED.match(text)
        if stamped is None:
            return None
        time = parse_iso(stamped["stamp"] + (stamped["fraction"] or "").replace(",", "."))
        if time is None:
            self.flaws.add("bad-time", "a stamp that is no time", f"L{number}")
        logged = _LOGGER.match(text)
        if logged is not None:
            item = Item("", text[logged.end() :].lstrip(": "), number, torn)
            return Record(number, time, level=logged["level"], items=[item])
        header = _HEADER.match(text)
        if header is None:
            self.flaws.add("unknown-header", "a stamp without an action", f"L{number}")
            rest = Item("", text[stamped.end() :], number, torn)
            return Record(number, time, items=[rest], torn=torn)
        subject = text[header.end() :].removeprefix(":").strip()
        return Record(number, time, header["action"], subject, torn=torn)

    def _body(self, text: str, number: int, *, torn: bool) -> None:
        if "%|" in text:
            self.noise += 1
            return
        if _BROKEN_STAMP.match(text):
            self.torn += 1
            self.flaws.add("torn-record", "a header of which only a part is there", f"L{number}")
            return
        record = self._open
        if record is None or (self._closed and not _rejected(record)):
            self.stray += 1
            return
        last = record.items[-1] if record.items else None
        key = _KEY.match(text)
        if key is not None and len(key["key"]) <= _KEY_CHARACTERS and _ends_value(last, key["key"]):
            self._add(record, Item(key["key"], text[key.end() :], number, torn))
        elif last is not None and not text.startswith(_REMARK):
            self._continue(last, text.strip(), torn=torn)
        else:
            self._add(record, Item("", text, number, torn))

    def _continue(self, last: Item, text: str, *, torn: bool) -> None:
        """Take another line of a value; it is joined when the value is over."""
        if not self._more:
            self._room = TEXT_CHARACTERS - len(last.text)
        if len(text) < self._room:
            self._more.append(text)
            self._room -= len(text) + 1
        last.torn = torn

    def _join(self) -> None:
        """Put what was taken into the open record's last value."""
        if self._more and self._open is not None:
            last = self._open.items[-1]
            last.text = "\n".join([last.text, *self._more] if last.text else self._more)
        self._more = []

    def _add(self, record: Record, item: Item) -> None:
        self._join()
        if len(record.items) >= _ITEMS:
            self.stray += 1
            return
        if item.key in ("Details", "Job ID", "Result"):
            known = record.find(item.key)
            if known is not None and known.text != item.text:
                self.flaws.add("repeated-key", f"{item.key} stands twice", f"L{item.line}")
        record.items.append(item)


def _rejected(record: Record) -> bool:
    """Whether the last value is what a submission printed when it was refused."""
    return bool(record.items) and _is_failure(record.items[-1])


def _is_failure(item: Item) -> bool:
    return item.key == "Result" and item.text[:8].lower().startswith(_FAILURE)


def _ends_value(last: Item | None, key: str) -> bool:
    return last is None or not _is_failure(last) or key in _AFTER_FAILURE
