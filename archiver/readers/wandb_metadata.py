"""W&B `files/wandb-metadata.json`: machine, program, code and GPUs of a run.

Written when the run starts. Until 0.16 `state` is `running` even of finished runs and
`heartbeatAt` follows the start by seconds: neither says how the run ended. Newer offline runs
have an environment record in their log instead.
"""

from __future__ import annotations

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Trust
from archiver.model.record import Step
from archiver.model.times import parse_iso
from archiver.producers.wandb_machine import claims, command, machine, repository
from archiver.view import View

_SIGNS = ("os", "python", "startedAt", "host", "program", "executable")


def detect(artifact: Artifact) -> Match:
    """An object with some of the keys that every version writes."""
    document = artifact.json()
    if not isinstance(document.value, dict):
        return Match.NO if document.complete else Match.DAMAGED
    known = sum(key in document.value for key in _SIGNS)
    if known >= 2:
        return Match.YES
    return Match.NO if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Claims on machine and code; the start as one attempt."""
    document = artifact.json()
    started = view.filled("startedAt")
    found = list(claims(view))
    if started:
        found.append(Claim("summary.started_at", started, view.at("startedAt"), Trust.COPY))
    how = command(view)
    mark = AttemptMark(
        view.at("startedAt") if view.has("startedAt") else artifact.at(),
        started=parse_iso(started or ""),
        command=" ".join(how.argv) or None,
        host=view.filled("host"),
    )
    code = repository(view)
    return Reading(
        claims=tuple(found),
        repositories=(code,) if code else (),
        steps=(
            Step(at=artifact.at(), step_id="1", name="train", command=how if how.argv else None),
        ),
        attempts=(AttemptTrail(artifact.path, (mark,)),),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={"machine": machine(view)} if machine(view) else {},
    )


READER = Reader(
    name="wandb_metadata",
    kind="wandb.metadata",
    summary="W&B files/wandb-metadata.json: machine, program, code, GPUs",
    select=files("wandb-metadata.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
