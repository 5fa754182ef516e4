"""What one reader got out of one artifact: results and problems together."""

from __future__ import annotations

from dataclasses import field

from archiver.model.claims import (
    AttemptTrail,
    Binding,
    Claim,
    Evidence,
    LockClaim,
    Problem,
    StepPlan,
)
from archiver.model.plain import dataclass
from archiver.model.record import (
    Accounting,
    Artifact,
    Checkpoint,
    Config,
    DataCopy,
    Dataset,
    Dependency,
    Event,
    Related,
    Repository,
    Step,
)
from archiver.model.values import Value


@dataclass(frozen=True, slots=True)
class Reading:
    """Results and problems of one artifact; points went to the sink meanwhile."""

    claims: tuple[Claim, ...] = ()
    configs: tuple[Config, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    locks: tuple[LockClaim, ...] = ()
    repositories: tuple[Repository, ...] = ()
    steps: tuple[Step, ...] = ()
    plans: tuple[StepPlan, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    data_copies: tuple[DataCopy, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    events: tuple[Event, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    attempts: tuple[AttemptTrail, ...] = ()
    related: tuple[Related, ...] = ()
    bindings: tuple[Binding, ...] = ()
    problems: tuple[Problem, ...] = ()
    accounting: Accounting | None = None
    extras: dict[str, Value] = field(default_factory=dict)
    reader: str = ""
    """Stamped by `collect`, never by the reader."""
    files: tuple[str, ...] = ()
    """Files of the artifact; stamped by `collect`, too."""
