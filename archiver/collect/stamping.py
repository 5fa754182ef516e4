"""What readers do not say of themselves: their name and the tree that they read; bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.model.claims import Problem
from archiver.model.plain import dataclass
from archiver.model.points import Batch, PointSink
from archiver.model.reading import Reading

_STAMPED = (
    "claims", "configs", "dependencies", "locks", "repositories", "steps", "checkpoints",
    "datasets", "data_copies", "artifacts", "events", "evidence", "bindings", "problems",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScopedSink:
    """Stamps the tree that points were read from, as readers know none but their own."""

    sink: PointSink
    scope: str

    def add(self, batch: Batch) -> None:
        """Take a batch."""
        if self.scope != "run":
            spec = replace(batch.spec, scope=self.scope)
            batch = replace(batch, spec=spec, family=_scoped(batch.family, self.scope))
        self.sink.add(batch)


def _scoped(family: str, scope: str) -> str:
    return f"{scope}:{family}" if family and scope != "run" else family


def _bounded(reading: Reading, artifact: Artifact, limits: Limits) -> Reading:
    """Bound the attempts: rows that go back and forth look like as many restarts."""
    most = limits.attempts
    cut = sum(max(0, len(trail.marks) - most) for trail in reading.attempts)
    if not cut:
        return reading
    trails = tuple(replace(trail, marks=trail.marks[:most]) for trail in reading.attempts)
    message = f"{cut} attempts over the limit of {most} are taken for the last one"
    problem = Problem("attempts-limit", message, artifact.at(path=artifact.entry.path))
    return replace(reading, attempts=trails, problems=(problem, *reading.problems))


def stamped(reading: Reading, name: str, artifact: Artifact, limits: Limits) -> Reading:
    """Put the reader's name on all that it said; bound the problems and attempts it may name."""
    reading, scope = _bounded(reading, artifact, limits), artifact.run.scope
    parts: dict[str, Any] = {
        part: tuple(replace(item, reader=name) for item in getattr(reading, part))
        for part in _STAMPED
    }
    problems, most = parts["problems"], limits.problems_per_artifact
    if len(problems) > most:
        rest = replace(
            problems[most],
            code="more-problems",
            message=f"{len(problems) - most} more problems of this artifact are counted, not named",
        )
        parts["problems"] = (*problems[:most], rest)
    parts["evidence"] = tuple(
        replace(item, family=_scoped(item.family, scope)) for item in parts["evidence"]
    )
    trails = tuple(
        replace(trail, family=_scoped(trail.family, scope)) for trail in reading.attempts
    )
    return replace(reading, reader=name, attempts=trails, **parts)
