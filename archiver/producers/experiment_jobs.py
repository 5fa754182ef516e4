"""Jobs of a run-experiment directory: how they are named, what their states mean, their attempts.

One job goes by several names: `run`, `run/finetune.slurm`, `run/task/epochN`,
`run/eval/cell/cell.slurm`, `run/eval/task_epochN.slurm`. States are SLURM's, as `sacct` prints
them, and the toolkit's own SUBMIT_FAILED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archiver.artifact import Artifact
from archiver.model.claims import AttemptMark, AttemptTrail, Evidence, EvidenceKind
from archiver.model.record import Step
from archiver.model.times import Instant
from archiver.model.values import Value

TRAINING = "1"
"""Id of the step that trains; a run trains once."""
EVAL = "eval:"
"""Steps that evaluate are named by this and their cell."""
REJECTED = "SUBMIT_FAILED"
_EPOCH = re.compile(r"epoch_?(\d{1,9})\Z", re.ASCII)
_SLURM = ".slurm"
_SIGNS = {
    EvidenceKind.END_MARKER: "COMPLETED",
    EvidenceKind.FAILURE: f"FAILED OUT_OF_MEMORY {REJECTED}",
    EvidenceKind.INTERRUPTION: "TIMEOUT CANCELLED NODE_FAIL PREEMPTED BOOT_FAIL DEADLINE REVOKED",
    EvidenceKind.RUNNING_WORD: (
        "PENDING RUNNING CONFIGURING COMPLETING SUSPENDED STOPPED STAGE_OUT SIGNALING RESIZING"
        " REQUEUED REQUEUE_FED REQUEUE_HOLD SPECIAL_EXIT RESV_DEL_HOLD"
    ),
}
_SIGN_OF = {state: kind for kind, states in _SIGNS.items() for state in states.split()}
_BY_EXIT_CODE = ("COMPLETED", "FAILED")
_WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED")
_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,6})-)?(?:(?P<hours>\d{1,6}):)?(?P<minutes>\d{1,6}):(?P<seconds>\d{1,6})"
    r"(?:\.\d{1,9})?\Z",
    re.ASCII,
)
_SPAN = re.compile(
    r"(\d{1,9}) ?(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)\Z", re.ASCII
)
_SPAN_PARTS = re.compile(r"[,\s]+(?=\d)|,?\s+and\s+|(?<=[a-z])(?=\d)")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class JobName:
    """Whose job it is."""

    run: str
    cell: str = ""
    """Of an evaluation: its directory below the run's `eval/`, or `task_epochN`."""

    @property
    def step_id(self) -> str:
        """The step that it works for; empty for the training."""
        return EVAL + self.cell if self.cell else ""


def job_name(subject: str, run: str | None = None) -> JobName | None:
    """A job by any of its names; with `run`, None for a job of another run."""
    subject = subject.strip()
    if run is None:
        run = subject.partition("/")[0]
    elif subject.startswith(run + " ("):
        subject = run
    if not run or (subject != run and not subject.startswith(run + "/")):
        return None
    return JobName(run, _cell(subject[len(run) + 1 :]))


def _cell(rest: str) -> str:
    parts = [part for part in rest.split("/") if part]
    if parts[:1] == ["eval"]:
        del parts[0]
    if parts and parts[-1].endswith(_SLURM):
        script = parts.pop().removesuffix(_SLURM)
        if not parts and script != "finetune":
            parts = [script]
    epoch = _EPOCH.match(parts[-1]) if len(parts) > 1 else None
    if epoch is not None:
        parts = [*parts[:-2], f"{parts[-2]}_epoch{epoch[1]}"]
    return "/".join(parts)


def cell_of_directory(directory: str) -> str:
    """The cell of a directory at or below `eval/<cell>`; empty elsewhere."""
    parts = directory.split("/")
    if "eval" not in parts:
        return ""
    after = len(parts) - parts[::-1].index("eval")
    return parts[after] if after < len(parts) and parts[after] != "logs" else ""


def plain_state(word: str) -> str:
    """A state without what `sacct` adds to it: `CANCELLED by 418203`, `CANCELLED+`."""
    return word.strip().partition(" ")[0].rstrip("+").upper()


def is_state(word: str) -> bool:
    """Whether it is a state that SLURM or the toolkit knows."""
    return plain_state(word) in _SIGN_OF


def sign_of(word: str, *, evaluation: bool) -> EvidenceKind | None:
    """What a job's last state says of its step; None where it says nothing.

    Scripts of evaluations end with the exit code of something else, so that COMPLETED and FAILED
    say nothing of them; that the scheduler killed one does.
    """
    state = plain_state(word)
    if evaluation and state in _BY_EXIT_CODE:
        return None
    return _SIGN_OF.get(state)


def seconds_of(text: str) -> int | None:
    """Seconds of `H:MM:SS`, `D-HH:MM:SS`, `1h 02m 03s` or `45 minutes`; None for anything else."""
    text = text.strip()
    if len(text) > 60:
        return None
    clock = _CLOCK.match(text)
    if clock is not None:
        parts = (int(clock[name] or 0) for name in ("days", "hours", "minutes", "seconds"))
        return sum(part * unit for part, unit in zip(parts, _UNITS.values(), strict=True))
    total = 0
    for part in _SPAN_PARTS.split(text.lower()):
        span = _SPAN.match(part)
        if span is None:
            return None
        total += int(span[1]) * _UNITS[span[2][0]]
    return total


@dataclass(slots=True)
class Job:
    """One submission of a step, or one start of it after a requeue; places as in `Location`."""

    place: str
    """Where it was first met."""
    id: str | None = None
    submitted: Instant | None = None
    started: Instant | None = None
    started_place: str = ""
    ended: Instant | None = None
    ended_place: str = ""
    state: str = ""
    """The last one, as written."""
    state_place: str = ""
    error: str = ""
    out_of_memory: bool = False
    exit_code: int | None = None
    host: str | None = None
    changed: tuple[tuple[str, Value], ...] = ()
    """Parameters changed for it."""
    requeued: bool = False
    """Whether the scheduler started it again."""

    def sign(self, *, evaluation: bool) -> tuple[EvidenceKind, str] | None:
        """What it says of how its step ended, and in which words."""
        name = f"job {self.id}" if self.id else "job"
        if self.state == REJECTED:
            return EvidenceKind.FAILURE, "the submission was rejected"
        if self.requeued:
            return EvidenceKind.INTERRUPTION, f"{name} went back to the queue"
        kind = sign_of(self.state, evaluation=evaluation)
        if self.out_of_memory and kind is not EvidenceKind.END_MARKER:
            return EvidenceKind.FAILURE, f"{name} ran out of memory"
        return (kind, f"{name} is {self.state}") if kind is not None else None


MOST_JOBS = 10_000
"""Jobs of one run that are told apart; no run is submitted that often."""


@dataclass(slots=True)
class Jobs:
    """The jobs of one run, step by step, oldest first."""

    by_step: dict[str, list[Job]] = field(default_factory=dict)
    left_out: int = 0
    """Jobs over the limit."""
    _steps: dict[str, str] = field(default_factory=dict)
    _latest: dict[tuple[str, str | None], Job] = field(default_factory=dict)
    """By step and job id; under no id, the step's latest that was not refused."""
    _count: int = 0

    def step_of(self, job_id: str | None) -> str | None:
        """The step that a job id works for, where that is known."""
        return self._steps.get(job_id) if job_id else None

    def submit(self, step_id: str, job: Job) -> Job:
        """Enter a submission; one that is told twice is one."""
        known = self.find(step_id, job.id) if job.id else None
        if known is not None:
            known.submitted = known.submitted or job.submitted
            return known
        self._enter(step_id, job)
        return job

    def _enter(self, step_id: str, job: Job) -> None:
        if self._count >= MOST_JOBS:
            self.left_out += 1
            return
        self._count += 1
        self.by_step.setdefault(step_id, []).append(job)
        if job.id:
            self._steps[job.id] = step_id
            self._latest[step_id, job.id] = job
        if job.state != REJECTED:
            self._latest[step_id, None] = job

    def find(self, step_id: str, job_id: str | None) -> Job | None:
        """The latest job of an id; without one, the latest that was not refused."""
        return self._latest.get((step_id, job_id))

    def change(self, step_id: str, job_id: str | None, new: str, place: str) -> Job:
        """Enter a new state of a job; a job that goes back to the queue is started once more."""
        job = self.find(step_id, job_id)
        if job is None:
            job = self.submit(step_id, Job(place, job_id))
        before, after = plain_state(job.state), plain_state(new)
        over = sign_of(job.state, evaluation=False) not in (None, EvidenceKind.RUNNING_WORD)
        again = after in _WAITING and (over or before == "RUNNING")
        if again or (over and after == "RUNNING"):
            job.requeued = True
            job = Job(place, job.id)
            self._enter(step_id, job)
        job.state, job.state_place = new, place
        return job


def trails(jobs: Jobs, artifact: Artifact) -> Iterator[AttemptTrail]:
    """The jobs of each step as its attempts."""
    for step_id, of_step in jobs.by_step.items():
        marks = tuple(
            AttemptMark(
                artifact.at(job.place),
                job.started,
                job.ended,
                artifact.at(job.ended_place) if job.ended_place else None,
                host=job.host,
                id=job.id,
                status_word=job.state or None,
                exit_code=job.exit_code,
                params_changed=job.changed,
            )
            for job in of_step
        )
        yield AttemptTrail(_family(artifact, step_id), marks, step_id)


def evidence(jobs: Jobs, artifact: Artifact) -> Iterator[Evidence]:
    """What the jobs' last states say of how each attempt ended."""
    for step_id, of_step in jobs.by_step.items():
        for index, job in enumerate(of_step):
            found = job.sign(evaluation=bool(step_id))
            if found is not None:
                yield Evidence(
                    *found,
                    artifact.at(job.state_place or job.place),
                    family=_family(artifact, step_id),
                    attempt=index,
                    time=job.ended,
                    step_id=step_id,
                )


def _family(artifact: Artifact, step_id: str) -> str:
    return f"{artifact.path}#{step_id}" if step_id else artifact.path


def steps(
    jobs: Jobs, artifact: Artifact, warnings: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Step]:
    """What the jobs say of each step: the error of its last job, and what was warned of."""
    warned = warnings or {}
    for step_id in dict.fromkeys([*jobs.by_step, *warned]):
        of_step = jobs.by_step.get(step_id, [])
        yield Step(
            at=artifact.at(of_step[0].place) if of_step else artifact.at(),
            step_id=step_id or TRAINING,
            name="eval" if step_id else "train",
            warnings=tuple(dict.fromkeys(warned.get(step_id, ()))),
            error=of_step[-1].error or None if of_step else None,
        )
