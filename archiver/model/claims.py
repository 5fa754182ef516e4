"""What readers say: where something stands, what it claims, what went wrong."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum, StrEnum

from archiver.model.plain import dataclass
from archiver.model.times import Instant
from archiver.model.values import Value


class Origin(StrEnum):
    """Where a value comes from; nothing in a record is without one."""

    RECORDED = "recorded"
    DERIVED = "derived"
    DECLARED = "declared"
    PROBED = "probed"


class Trust(IntEnum):
    """How close a claim stands to the fact; the highest wins, the others are kept."""

    HINT = 1
    """Read off a name: a directory, an event file's host part."""
    COPY = 2
    """An artifact repeats what another artifact states first hand."""
    STATED = 3
    """The artifact that exists to state this."""
    EFFECTIVE = 4
    """What the running program itself measured or used."""
    DECLARED = 9
    """The person who archives said so."""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file of the run."""

    path: str
    """POSIX path relative to the run directory (or to the `--with` tree of `scope`)."""
    place: str = ""
    """JSON pointer, `L12`, `L12-40`, or `member!/pointer`; empty for the whole file."""
    scope: str = "run"
    """`run`, `experiment`, or `with-N`."""

    def __str__(self) -> str:
        where = self.path if self.scope == "run" else f"{self.scope}:{self.path}"
        return f"{where}#{self.place}" if self.place else where


COMMAND_LINE = Location("", "", "command-line")
"""Where declared values come from."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One reader's statement that a field has a value."""

    field: str
    value: Value
    at: Location
    trust: Trust = Trust.STATED
    origin: Origin = Origin.RECORDED
    rule: str | None = None
    """Name of the rule, for what is derived."""
    sources: tuple[Location, ...] = ()
    """Where a derived value was computed from."""
    note: str | None = None
    reader: str = ""
    """Stamped by `collect`, never by the reader."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the data, met while reading."""

    code: str
    """Short stable name of the fault: `truncated`, `unreadable`, `duplicate-key`, ..."""
    message: str
    at: Location
    hint: str = ""
    reader: str = ""
    line: int | None = None
    """Line of a place that is a JSON pointer, from 1."""
    column: int | None = None
    """Character in that line, from 1."""


class EvidenceKind(StrEnum):
    """Rungs of the status ladder, strongest first."""

    TERMINAL_WORD = "terminal-word"
    """The producer's own final word; `word` is one of the status words."""
    FAILURE = "failure"
    """Traceback, non-zero exit, out of memory, rejected submission."""
    INTERRUPTION = "interruption"
    """Signal, cancel, timeout, preemption, node loss."""
    END_MARKER = "end-marker"
    """Something that is only written when the work is done."""
    RUNNING_WORD = "running-word"
    """The producer's word that it was still at work."""
    DEATH = "death"
    """Traces of a sudden end: torn last lines, truncated files."""
    PROGRESS = "progress"
    """How far it came; evidence, not an end."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sign of how an attempt ended."""

    kind: EvidenceKind
    detail: str
    at: Location
    word: str = ""
    """For a terminal word: `success`, `failed` or `interrupted`."""
    family: str = ""
    """Numbering of attempts that `attempt` belongs to; empty: the run's last attempt."""
    attempt: int = 0
    """Attempt it speaks of, from 0, in its family's numbering."""
    time: Instant | None = None
    step_id: str = ""
    """Step it speaks of, as `Step.step_id` of the same reading names it; empty: the training."""
    fallback: bool = False
    """Whether it counts only where no other sign was seen: a file of nobody's format."""
    reader: str = ""


@dataclass(frozen=True, slots=True)
class AttemptMark:
    """One attempt (start or resume) as one artifact family saw it."""

    at: Location
    started: Instant | None = None
    ended: Instant | None = None
    """Last sign of life in this artifact."""
    ended_at: Location | None = None
    """Where that stands, if not at `at`."""
    resume_step: int | None = None
    """Steps already done when it began, as recorded; 0 for a fresh start."""
    first_step: int | None = None
    """Smallest step that it recorded a point for."""
    command: str | None = None
    host: str | None = None
    id: str | None = None
    """The scheduler's or launcher's name of it, such as a job id."""
    status_word: str | None = None
    """The scheduler's own word for how it ended."""
    exit_code: int | None = None
    params_changed: tuple[tuple[str, Value], ...] = ()
    """Parameters that were changed for this attempt."""
    logs: tuple[str, ...] = ()
    """Paths of its logs."""


@dataclass(frozen=True, slots=True)
class AttemptTrail:
    """The attempts that one artifact (or family) tells apart, oldest first."""

    family: str
    """Files that share a numbering of attempts share this name."""
    marks: tuple[AttemptMark, ...] = field(default=())
    step_id: str = ""
    """Step that was attempted; empty: the run's training."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Where a step stands among the others, and which files are its own.

    A reader names steps by its producer's own ids; a plan gives them their place. Series,
    evidence, attempts and artifacts that name no step belong to the one whose place holds them.
    """

    step_id: str
    number: int | None = None
    """Position in the pipeline, from 1; it becomes the step's id."""
    places: tuple[str, ...] = ()
    """Files and directories of the run that are the step's own."""
    enabled: bool = True
    """False for a step that was switched off."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stood for that other artifacts of the same producer refer to as `${NAME}`.

    It fills what their readers marked as unresolved; where two artifacts disagree, nothing.
    """

    name: str
    value: str
    at: Location
    reader: str = ""


@dataclass(frozen=True, slots=True)
class LockClaim:
    """What one artifact says of a lockfile: the digest recorded, or the file itself."""

    path: str
    """Of the lockfile; where a manifest names none, empty."""
    at: Location
    recorded_sha256: str | None = None
    """What a manifest recorded; empty where it states that there was none."""
    actual_sha256: str | None = None
    """Of the file as it is; None for a manifest."""
    lf_sha256: str | None = None
    """Of the file with every line end as LF."""
    crlf_sha256: str | None = None
    """Of the file with every line end as CRLF."""
    names: tuple[str, ...] = ()
    """For a manifest that names no path: the lockfiles that its producer looks for, in order."""
    reader: str = ""
