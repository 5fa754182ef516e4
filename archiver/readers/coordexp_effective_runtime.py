"""CoordExp `effective_runtime.json`: what the trainer was really started with.

Executed values stand here first, in ms-swift's arguments second, and only as authored in
`resolved_config.json`. Nulls are kept. World size is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import AttemptMark, AttemptTrail, Claim, Origin, Trust
from archiver.model.record import Config, Dataset, Digest, Step
from archiver.view import View

_SPLITS = (("train", "dataset_source_train_jsonl"), ("eval", "dataset_source_val_jsonl"))


def parse(artifact: Artifact) -> View:
    """The object `runtime` as a typed view."""
    return View.of(artifact, artifact.json().value, version=1).object("runtime")


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The effective configuration, directories and data."""
    document = artifact.json()
    claims = []
    for field, key in (("paths.workdir", "output_dir"), ("paths.logs_root", "logging_dir")):
        path = view.filled(key)
        if path:
            claims.append(Claim(field, path, view.at(key), Trust.EFFECTIVE))
    resumed = view.filled("resume_from_checkpoint")
    config = Config(
        at=view.at(),
        id=artifact.path,
        role="effective",
        format="json",
        values=view.value,
        partial=not document.complete,
    )
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="train",
        inputs={"resume_from_checkpoint": resumed} if resumed else {},
    )
    return Reading(
        claims=tuple(claims),
        configs=(config,) if view.value else (),
        datasets=tuple(_datasets(view)),
        steps=(step,),
        attempts=_trail(view, resumed),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _trail(view: View, resumed: str | None) -> tuple[AttemptTrail, ...]:
    """The last attempt's resume step, as far as the checkpoint's name tells it."""
    number = (resumed or "").rstrip("/").rpartition("checkpoint-")[2]
    if not resumed or not number.isdecimal() or len(number) > 15:
        return ()
    mark = AttemptMark(view.at("resume_from_checkpoint"), resume_step=int(number))
    return (AttemptTrail("coordexp.effective_runtime", (mark,)),)


def _datasets(view: View) -> Iterator[Dataset]:
    for split, key in _SPLITS:
        if view.value.get(key) is None:
            continue
        source = view.object(key)
        path = source.filled("resolved_path") or source.filled("raw_path")
        if path is None:
            continue
        digest = source.filled("sha256")
        reason = source.filled("sha256_skipped_reason")
        there = source.flag("exists")
        note = "did not exist when the run started" if there is False else None
        yield Dataset(
            at=source.at(),
            role=split,
            path=path,
            split=split,
            bytes=source.integer("size_bytes"),
            seed=view.integer("dataset_seed"),
            digests=(Digest("sha256", digest, Origin.RECORDED),) if digest else (),
            note=f"no digest: {reason}" if reason else note,
        )


READER = Reader(
    name="coordexp_effective_runtime",
    kind="coordexp.effective_runtime",
    summary="CoordExp effective_runtime.json: what the trainer was started with",
    select=files("effective_runtime.json"),
    detect=json_object("schema_version", "runtime"),
    parse=parse,
    map=to_reading,
)
