"""One start of the trainer, with what a Megatron log says of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from archiver.codecs.rank_tracebacks import Trace
from archiver.model.times import Instant
from archiver.producers.megatron_jobs import Job


@dataclass
class Start:
    """One start of the trainer, with what it said of itself."""

    job: Job
    world: bool = False
    """Whether its line with the sizes of everything was met."""
    arguments: dict[str, str] = field(default_factory=dict)
    dumped: int = 0
    """Line of its argument dump."""
    dump_whole: bool = False
    total: int | None = None
    """Iterations planned."""
    loaded: str | None = None
    """Checkpoint that it went on from."""
    at_work: int = 0
    """Line of its last sign that training goes on."""
    end: tuple[int, str, Instant | None] | None = None
    """Line, label and time of the mark that says that it is over."""
    exit_code: tuple[int, int] | None = None
    """Line and code that the script around it told."""
    killed: tuple[int, int] | None = None
    """Line and exit code that torchrun told of a worker."""
    trace: Trace | None = None
    hosts: dict[str, int] = field(default_factory=dict)
    """Host -> line that names it."""

    @property
    def done(self) -> bool:
        """Whether all iterations that were planned were printed."""
        steps = self.job.iterations
        return bool(steps and self.total is not None and steps[-1] >= self.total)

    def whole_number(self, name: str) -> int | None:
        """An argument that is one."""
        text = self.arguments.get(name, "").strip()
        return int(text) if text.isdecimal() and len(text) < 18 else None
