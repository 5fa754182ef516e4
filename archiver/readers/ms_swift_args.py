"""ms-swift `args.json` (2.x: `sft_args.json`): every argument, written before training.

Nulls are kept. `training_args`, `model_info` and `model_meta` are Python `repr` texts and stay
texts. Values under keys containing `_token` were replaced by null. Checkpoints hold copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Origin, Trust
from archiver.model.record import Config, Dataset, Step
from archiver.view import View

_VERSION_ELEMENT = re.compile(r"v\d+-\d{8}-\d{6}\Z")
_SIGNS = ("model_type", "output_dir", "learning_rate")
_KNOWN = ("template", "template_type", "train_type", "sft_type", "tuner_backend", "model_meta")


def detect(artifact: Artifact) -> Match:
    """A flat object with ms-swift's argument names."""
    document = artifact.json()
    if isinstance(document.value, dict) and document.complete:
        known = all(key in document.value for key in _SIGNS)
        return Match.YES if known and any(key in document.value for key in _KNOWN) else Match.NO
    if document.complete:
        return Match.NO
    # Other tools have an `args.json`, too: what is left of a torn one must look like this one.
    start = document.value
    torn = isinstance(start, dict) and any(key in start for key in (*_SIGNS, *_KNOWN))
    return Match.DAMAGED if torn or not start else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The effective arguments; a checkpoint's copy counts only where no other is there."""
    document = artifact.json()
    books = artifact.document_accounting(READER.kind, document.flaws, complete=document.complete)
    flaws = artifact.problems(document.flaws)
    if _is_copy(artifact):
        return Reading(problems=flaws, accounting=books)
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="effective",
        format="json",
        values=view.value,
        partial=not document.complete,
    )
    model = view.filled("model") or view.filled("model_id_or_path") or view.filled("model_type")
    resumed = view.filled("resume_from_checkpoint")
    inputs = {"model": model, "resume_from_checkpoint": resumed}
    outputs = {"output_dir": view.filled("output_dir")}
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="train",
        inputs={key: value for key, value in inputs.items() if value},
        outputs={key: value for key, value in outputs.items() if value},
    )
    return Reading(
        claims=tuple(_claims(view)),
        configs=(config,) if view.value else (),
        datasets=tuple(_datasets(view)),
        steps=(step,),
        problems=(*flaws, *view.problems),
        accounting=books,
    )


def _is_copy(artifact: Artifact) -> bool:
    """Whether a file nearer to the run's root, or in an earlier checkpoint, says the same."""
    if not artifact.directory.rpartition("/")[2].startswith("checkpoint-"):
        return False
    twins = artifact.tree.named("args.json", "sft_args.json")
    outside = [twin for twin in twins if "checkpoint-" not in twin.parent]
    return bool(outside) or twins[0].path != artifact.path


def _claims(view: View) -> list[Claim]:
    claims = []
    for field, key in (("paths.workdir", "output_dir"), ("paths.logs_root", "logging_dir")):
        path = view.filled(key)
        if path:
            claims.append(Claim(field, path, view.at(key)))
    return [*claims, *_names(view)]


def _names(view: View) -> Iterator[Claim]:
    """Run and experiment, from the directory that ms-swift wrote to."""
    parent, name = ["", *(view.filled("output_dir") or "").rstrip("/").split("/")][-2:]
    place = view.at("output_dir")
    found = {"summary.run_id": (name, "last-element-of-output-dir")}
    if _VERSION_ELEMENT.match(name):
        found["summary.experiment"] = (parent, "parent-of-version-element")
    for field, (value, rule) in found.items():
        if value:
            yield Claim(field, value, place, Trust.COPY, Origin.DERIVED, rule, (place,))


def _datasets(view: View) -> list[Dataset]:
    found = []
    for role, key in (("train", "dataset"), ("eval", "val_dataset")):
        for index, path in enumerate(view.items(key)):
            if isinstance(path, str) and path:
                place = view.at(key, index)
                seed = view.integer("data_seed")
                found.append(Dataset(at=place, role=role, path=path, split=role, seed=seed))
    return found


READER = Reader(
    name="ms_swift_args",
    kind="ms_swift.args",
    summary="ms-swift args.json / sft_args.json: every argument of the run",
    select=files("args.json", "sft_args.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
