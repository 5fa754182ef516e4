"""W&B `files/output.log`: what the program printed, of which the last traceback is looked at.

Older releases end a run without an exit record when its program dies; then the traceback at the
end of its output is the only sign of that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from archiver.codecs import traceback_text
from archiver.codecs.lines import LineTally
from archiver.codecs.traceback_text import TracebackText
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Evidence, EvidenceKind
from archiver.model.record import Accounting, Step
from archiver.producers.wandb_machine import in_files_of_run

_HEAD = b"Traceback (most recent call last):"


@dataclass
class Output:
    """The end of what was printed."""

    tally: LineTally = field(default_factory=LineTally)
    failure: TracebackText | None = None
    line: int = 0
    """Where the last traceback begins."""


def detect(artifact: Artifact) -> Match:
    """By its place; it may hold any text, and none."""
    return Match.YES if in_files_of_run(artifact) else Match.NO


def parse(artifact: Artifact) -> Output:
    """One pass; of what was printed the end is kept."""
    output = Output()
    lines = artifact.lines()
    tail: deque[bytes] = deque()
    held, most = 0, artifact.limits.traceback_bytes
    for number, line in lines:
        if line.startswith(_HEAD):
            output.line = number
        tail.append(line[:most])
        held += len(tail[-1]) + 1
        while held > most and len(tail) > 1:
            held -= len(tail.popleft()) + 1
    output.tally = lines.tally
    found = traceback_text.last(b"\n".join(tail).decode("utf-8", "replace"))
    output.failure = found if found is not None and not found.followed else None
    return output


def to_reading(output: Output, artifact: Artifact, _points: PointSink) -> Reading:
    """The traceback that nothing was printed after, as the error of the run."""
    failure, tally = output.failure, output.tally
    evidence, steps = [], []
    if failure is not None:
        place = artifact.at(f"L{max(output.line, 1)}")
        interrupted = "KeyboardInterrupt" in failure.error
        kind = EvidenceKind.INTERRUPTION if interrupted else EvidenceKind.FAILURE
        detail = f"a traceback ends the output: {failure.error}"[:300]
        evidence.append(Evidence(kind, detail, place))
        steps.append(
            Step(
                at=place,
                step_id="1",
                name="train",
                error=failure.error or None,
                error_stack=failure.stack,
            )
        )
    return Reading(
        steps=tuple(steps),
        evidence=tuple(evidence),
        problems=artifact.problems(tally.flaws),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=tally.lines,
            reasons=dict(tally.flaws.counts),
            scope=artifact.run.scope,
        ),
    )


READER = Reader(
    name="wandb_output",
    kind="wandb.output",
    summary="W&B files/output.log: the traceback that ended the output",
    select=files("output.log"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
