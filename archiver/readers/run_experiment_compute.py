"""`compute_utilization.json` (until 2026-06-15 `compute_metrics.json`): figures of every job.

Gathered after the fact from the scheduler's accounting and from `gpu_metrics.csv`. An object with
`jobs`, or, for a while, the bare list of jobs. Sizes named `_gb` are MiB / 1024, that is GiB. Each
job names its run and whether it trained (`finetune`) or evaluated (`eval`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Accounting
from archiver.model.values import Value
from archiver.producers.experiment_jobs import job_name, seconds_of
from archiver.view import View

_TRAINED = "finetune"
_SIGNS = {"run_name", "job_type"}
_KEPT = 100


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs, and those of the run at hand."""

    view: View
    all: int
    own: tuple[View, ...]
    broken: int


def detect(artifact: Artifact) -> Match:
    """Jobs that name a run."""
    document = artifact.json()
    if not document.complete:
        return Match.DAMAGED
    value = document.value
    jobs = value.get("jobs") if isinstance(value, dict) else value
    if not isinstance(jobs, list):
        return Match.NO
    named = any(isinstance(job, dict) and job.keys() >= _SIGNS for job in jobs)
    experiment = isinstance(value, dict) and "experiment_name" in value
    return Match.YES if named or (experiment and not jobs) else Match.NO


def parse(artifact: Artifact) -> Jobs:
    """The jobs of the run at hand; without one, of the only run that there is."""
    value = artifact.json().value
    bare = isinstance(value, list)
    view = View.of(artifact, {"jobs": value} if bare else value)
    items = view.items("jobs")
    run = artifact.member.name if artifact.member else _only_run(items)
    problems = view.problems
    own = []
    for index, item in enumerate(items):
        named = item.get("run_name") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(named, str) and run and job_name(named, run):
            own.append(View(artifact, item, f"/{index}" if bare else f"/jobs/{index}", problems))
    broken = sum(not isinstance(item, dict) for item in items)
    return Jobs(view, len(items), tuple(own), broken)


def _only_run(items: list[Value]) -> str | None:
    names = {
        str(item["run_name"]).partition("/")[0]
        for item in items
        if isinstance(item, dict) and isinstance(item.get("run_name"), str)
    }
    return names.pop() if len(names) == 1 else None


def to_reading(jobs: Jobs, artifact: Artifact, _points: PointSink) -> Reading:
    """Figures of the training job; those of all jobs of the run as extras."""
    document = artifact.json()
    trained = [job for job in jobs.own if job.text("job_type") == _TRAINED]
    claims = tuple(_claims(trained[-1])) if trained else ()
    others = jobs.all - len(jobs.own) - jobs.broken
    reasons = {"other-runs": others, "no-job": jobs.broken, **document.flaws.counts}
    kept: list[Value] = [job.value for job in jobs.own[:_KEPT]]
    return Reading(
        claims=claims,
        problems=(*artifact.problems(document.flaws), *jobs.view.problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=len(jobs.own),
            dropped=others + jobs.broken,
            corrupt=int(not document.complete),
            reasons={reason: count for reason, count in reasons.items() if count},
            scope=artifact.run.scope,
        ),
        extras={"jobs": kept} if kept else {},
    )


def _claims(job: View) -> Iterator[Claim]:
    """Repeats of what the scheduler and the GPU's own log said; of several jobs, of the last."""
    wall = job.filled("wall_time")
    seconds = seconds_of(wall) if wall else None
    if seconds is not None:
        yield Claim("resources.train_time_sec", seconds, job.at("wall_time"), Trust.COPY)
    unavailable = job.flag("gpu_util_unavailable") is True
    for key, name in (
        ("gpu_util_mean", "resources.gpu_util_avg_pct"),
        ("gpu_mem_used_mean_gb", "resources.avg_vram_gb"),
    ):
        value = job.number(key)
        if value is not None and not (unavailable and key == "gpu_util_mean"):
            yield Claim(name, value, job.at(key), Trust.COPY)


READER = Reader(
    name="run_experiment_compute",
    kind="run_experiment.compute",
    summary="run-experiment compute_utilization.json / compute_metrics.json: figures of the jobs",
    select=files("compute_utilization.json", "compute_metrics.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
    shared=True,
)
