"""codex_ml flat checkpoints: `epoch-<n>.pt` with `epoch-<n>.meta.json` beside it.

The one `checksums.json` of the directory is of the file that was saved last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, Selection
from archiver.model.claims import Claim, Trust
from archiver.model.record import Accounting, Checkpoint
from archiver.producers.codex_checkpoints import SideFile, commit, side_file
from archiver.rundir import Tree

_META = re.compile(r"epoch-\d{1,9}\.meta\.json\Z")


def select(tree: Tree) -> Iterable[Selection]:
    """Each pair, by the payload's path; the payload itself may be gone."""
    for entry in tree.named("epoch-*.meta.json"):
        if _META.match(entry.name):
            path = entry.path.removesuffix(".meta.json") + ".pt"
            payload = tree.by_path.get(path)
            there = payload is not None and payload.type == "file"
            yield Selection(path, (entry, payload) if payload and there else (entry,))


def detect(artifact: Artifact) -> Match:
    """An object with the epoch and where the code stood."""
    document = artifact.json()
    value = document.value
    if not document.complete:
        return Match.DAMAGED
    known = isinstance(value, dict) and "epoch" in value and {"git_commit", "system"} & value.keys()
    return Match.YES if known else Match.NO


def parse(artifact: Artifact) -> SideFile:
    """The side file; the payload is a pickle and is not read."""
    return side_file(artifact, artifact.entry)


def to_reading(file: SideFile, artifact: Artifact, _points: PointSink) -> Reading:
    """One checkpoint, and what the saver knew of its surroundings."""
    view = file.view
    payload = artifact.files[1] if len(artifact.files) > 1 else None
    checkpoint = Checkpoint(
        at=view.at(),
        path=artifact.path,
        epoch=view.number("epoch"),
        present=payload is not None,
        files=1 if payload is not None else None,
        bytes=payload.size if payload is not None else None,
    )
    return Reading(
        claims=tuple(_claims(file)),
        checkpoints=(checkpoint,),
        problems=(*file.problems, *view.problems),
        accounting=Accounting(
            artifact.path,
            READER.kind,
            artifact.size,
            read=int(file.complete),
            corrupt=int(not file.complete),
            reasons=dict(file.flaws.counts),
            scope=artifact.run.scope,
        ),
        extras={"dataset_checksums": view.value["dataset_checksums"]}
        if view.value.get("dataset_checksums")
        else {},
    )


def _claims(file: SideFile) -> Iterator[Claim]:
    view, system = file.view, file.view.object("system")
    for held in (view, system):
        code = commit(held, "git_commit")
        if code:
            yield Claim("summary.git_commit", code, held.at("git_commit"), Trust.COPY)
    for field, key in (("summary.python", "python"), ("summary.os", "platform")):
        text = system.filled(key)
        if text:
            yield Claim(field, text, system.at(key), Trust.COPY)


READER = Reader(
    name="codex_flat_checkpoint",
    kind="codex_ml.flat_checkpoint",
    summary="codex_ml epoch-<n>.pt with epoch-<n>.meta.json",
    select=select,
    detect=detect,
    parse=parse,
    map=to_reading,
)
