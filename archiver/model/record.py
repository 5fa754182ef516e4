"""The record: the normalised description of one run, as `record.json` holds it.

Every class here is one object of the record's JSON; `archiver.model.codec` turns them into
JSON and back, `schemas/record.v1.json` is generated from them.
"""

from __future__ import annotations

from dataclasses import field

from archiver.model.claims import Location, Origin, Problem
from archiver.model.plain import dataclass
from archiver.model.values import Value

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """What every entry of every list carries: where it stands and who read it."""

    at: Location
    origin: Origin = Origin.RECORDED
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A claim that did not win."""

    value: Value
    origin: Origin
    at: Location
    reader: str
    verdict: str
    """`same`, `equivalent` (a prefix of a digest, another spelling of a number) or `different`."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value of a field with its origin and the claims that lost."""

    value: Value
    origin: Origin
    at: Location
    reader: str
    rule: str | None = None
    from_: tuple[Location, ...] = ()
    note: str | None = None
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Another run that this one hangs together with."""

    relation: str
    run_id: str


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run this is."""

    run_id: str
    """The archive's id: the directory's name below the experiment."""
    experiment: str
    producers: tuple[str, ...]
    eras: dict[str, str]
    """Producer -> era of its contract."""
    directory: str
    """Name of the run directory (never its path)."""
    identity: str
    """64 hex digits; equal for the same run collected again."""
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Config(Sourced):
    """One configuration as one artifact holds it."""

    id: str
    role: str
    """`authored`, `resolved`, `effective`, `launcher` or `search_space`."""
    format: str
    values: dict[str, Value]
    typed: bool = True
    """False for text that never had types (argparse prints, log dumps, environment)."""
    types: dict[str, str] = field(default_factory=dict)
    """JSON pointer -> type, only where JSON is ambiguous."""
    partial: bool = False
    step_id: str | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Dependency(Sourced):
    """One package or system that the run stood on."""

    name: str
    version: str | None
    kind: str
    """`locked`, `installed` or `imported`."""
    state: str = "present"
    """`present` or `not_installed`."""
    commit: str | None = None
    dirty: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Lockfile(Sourced):
    """One lockfile, recorded digest against actual digest."""

    path: str
    """Where it lies; where there is none, the name that its producer looks for first."""
    recorded_sha256: str | None
    actual_sha256: str | None
    verdict: str
    """`match`, `mismatch`, `crlf_only` (equal but for line ends), `no_lock` (recorded, and the run
    holds none), `not_recorded`, or `unreadable` (what should state the digest does not)."""


@dataclass(frozen=True, slots=True)
class Repository(Sourced):
    """State of one repository that the run used."""

    role: str
    name: str
    remote: str | None = None
    path: str | None = None
    """Where its checkout lay on the training machine."""
    branch: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    status: tuple[str, ...] = ()
    status_cut: bool = False
    """Whether the recorded list reached its producer's limit."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a step was started."""

    argv: tuple[str, ...] = ()
    shell: str | None = None
    cwd: str | None = None
    executable: str | None = None
    launcher: str | None = None
    nodes: int | None = None
    procs_per_node: int | None = None
    world_size: int | None = None
    parallel: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start or resume of a step."""

    n: int
    id: str
    status: str
    status_word: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    host: str | None = None
    exit_code: int | None = None
    first_step: int | None = None
    """First step that this attempt executed."""
    params_changed: dict[str, Value] = field(default_factory=dict)
    command: Command | None = None
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a step's value that differs from the step's own."""

    origin: Origin
    at: Location
    rule: str | None = None
    from_: tuple[Location, ...] = ()
    note: str | None = None
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Training:
    """Results of a training step; None where nothing was recorded."""

    loss_curve: str | None = None
    final_loss: Value = None
    best_loss: Value = None
    ppl: Value = None
    steps: int | None = None
    duration_sec: float | None = None
    throughput_tokens_per_sec: float | None = None
    step_time_sec_avg: float | None = None
    epochs: int | None = None
    """Epochs that were recorded."""
    max_epochs: int | None = None
    """Epochs after which it was to stop at the latest."""


@dataclass(frozen=True, slots=True)
class Script:
    """The program that evaluated."""

    path: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of an evaluation step."""

    datasets: tuple[str, ...] = ()
    results: dict[str, Value] = field(default_factory=dict)
    script: Script = Script()
    checkpoint: str | None = None
    samples: dict[str, int] = field(default_factory=dict)
    """`done` and `total`."""


@dataclass(frozen=True, slots=True)
class Step(Sourced):
    """One step of the run, with the fields of the archive template in its order."""

    step_id: str
    name: str
    stage: str | None = None
    status: str = "unknown"
    status_word: str | None = None
    config: str | None = None
    inputs: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    params: dict[str, Value] = field(default_factory=dict)
    params_from: tuple[str, ...] = ()
    training: Training | None = None
    metrics: dict[str, Value] = field(default_factory=dict)
    eval: Evaluation | None = None
    logs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    error_stack: str | None = None
    retries: int | None = None
    command: Command | None = None
    attempts: tuple[Attempt, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series(Sourced):
    """Summary of one metric of one split in one source; its points stand in the table."""

    key: str
    source: str
    canonical: str | None = None
    shadow_of: str | None = None
    """Source whose series gives the same measurement and is preferred."""
    split: str | None = None
    dataset: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    step_id: str | None = None
    attempt: int | None = None
    axis: str = "step"
    unit: str | None = None
    type: str = "number"
    attributes: dict[str, str] = field(default_factory=dict)
    points: int = 0
    first: Value = None
    last: Value = None
    first_step: int | None = None
    last_step: int | None = None
    first_time: str | None = None
    last_time: str | None = None
    min: float | None = None
    max: float | None = None
    step_of_min: int | None = None
    step_of_max: int | None = None
    mean: float | None = None
    non_finite: int = 0
    non_numeric: int = 0
    duplicates: int = 0
    overwritten: int = 0
    superseded: int = 0
    segments: int = 1


@dataclass(frozen=True, slots=True)
class Digest:
    """A checksum and whether the run recorded it or the archiver computed it."""

    algorithm: str
    value: str
    origin: Origin
    path: str | None = None
    """File that it is of, where the entry stands for several."""


@dataclass(frozen=True, slots=True)
class Checkpoint(Sourced):
    """A saved state of the model."""

    path: str
    tags: tuple[str, ...] = ()
    step: int | None = None
    epoch: float | None = None
    metric: Value = None
    present: bool | None = None
    files: int | None = None
    bytes: int | None = None
    digests: tuple[Digest, ...] = ()
    named_at: tuple[Location, ...] = ()
    """Other places that speak of it, such as an index or a log."""
    monitor: str | None = None
    """Name of the metric that `metric` is a value of."""


@dataclass(frozen=True, slots=True)
class Dataset(Sourced):
    """Data that the run read."""

    role: str
    path: str
    split: str | None = None
    lines: int | None = None
    bytes: int | None = None
    sample_limit: int | None = None
    seed: int | None = None
    digests: tuple[Digest, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DataCopy(Sourced):
    """A copy of data made while preparing the run."""

    source: str
    destination: str
    files_copied: int | None = None
    files_skipped: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact(Sourced):
    """Something the run made that is neither a checkpoint nor a metric."""

    path: str
    kind: str
    step_id: str | None = None


@dataclass(frozen=True, slots=True)
class Event(Sourced):
    """One entry of the timeline."""

    time: str | None
    clock: str | None
    kind: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Accounting:
    """What became of everything that one artifact holds.

    `read`, `dropped` and `corrupt` count the artifact's own records (documents, lines, rows,
    events); `duplicate` and `superseded` count metric points.
    """

    path: str
    kind: str
    bytes: int
    read: int = 0
    dropped: int = 0
    corrupt: int = 0
    duplicate: int = 0
    superseded: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    scope: str = "run"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One line of `inventory.ndjson`: a file of the run, looked at or not."""

    scope: str
    path: str
    type: str
    """`file`, `symlink`, `directory` (unreadable or too deep), `fifo`, `socket`, `device`."""
    bytes: int | None = None
    mtime: str | None = None
    sha256: str | None = None
    kind: str | None = None
    """Artifact kind, None for files that no reader knows."""
    copied: str | None = None
    """Path below `data/`, None when not copied."""
    reason: str | None = None
    """Why it was not copied (or not hashed)."""
    target: str | None = None
    """Target of a symbolic link, as text."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the archive template is answered."""

    recorded: int
    derived: int
    declared: int
    probed: int
    not_recorded: int
    not_applicable: int
    fields: dict[str, str]
    """Template field -> `recorded`, `derived`, ..., `not recorded` or `n/a`."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The record of one run."""

    run: RunIdentity
    coverage: Coverage
    schema_version: int = SCHEMA_VERSION
    fields: dict[str, Resolved] = field(default_factory=dict)
    configs: tuple[Config, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    lockfiles: tuple[Lockfile, ...] = ()
    repositories: tuple[Repository, ...] = ()
    steps: tuple[Step, ...] = ()
    series: tuple[Series, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    data_copies: tuple[DataCopy, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    events: tuple[Event, ...] = ()
    accounting: tuple[Accounting, ...] = ()
    problems: tuple[Problem, ...] = ()
    extras: dict[str, dict[str, Value]] = field(default_factory=dict)
    probe: dict[str, Value] = field(default_factory=dict)
