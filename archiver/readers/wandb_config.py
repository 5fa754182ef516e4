"""W&B `files/config.yaml` of an online or synced run: the configuration as it ended.

`wandb_version: 1`, then each key with `desc` and `value`; `_wandb` holds telemetry codes and
versions. Floats are spelled like `5.0e-05`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archiver.codecs.flaws import Flaws
from archiver.codecs.pointers import walk
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Config, Dependency, Step
from archiver.model.values import Value
from archiver.view import View

if TYPE_CHECKING:
    from archiver.codecs.yaml_document import YamlDocument

_VERSIONS = {"wandb": "cli_version", "transformers": "huggingface_version"}

_NUMBERED = "non-string-key"


def detect(artifact: Artifact) -> Match:
    """A mapping with `wandb_version`, looked for before anything is parsed."""
    if b"wandb_version" not in artifact.head():
        return Match.NO
    value = artifact.yaml().value
    known = isinstance(value, dict) and "wandb_version" in value
    return Match.YES if known else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.yaml().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The values without their wrapping; versions of `_wandb`."""
    document = artifact.yaml()
    values: dict[str, Value] = {}
    bare = 0
    for key, entry in view.value.items():
        if key in ("wandb_version", "_wandb"):
            continue
        if isinstance(entry, dict) and "value" in entry:
            values[key] = entry["value"]
        else:
            bare += 1
            values[key] = entry
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="resolved",
        format="yaml",
        values=values,
        partial=not document.complete,
    )
    own = view.object("_wandb").object("value") if view.has("_wandb") else View(artifact, {})
    flaws = _flaws(document)
    problems = [*artifact.problems(flaws), *view.problems]
    if bare:
        message = f"{bare} keys stand without the wrapping of desc and value; taken as they are"
        problems.append(artifact.problem("unexpected-shape", message))
    return Reading(
        claims=tuple(_claims(own)),
        configs=(config,) if values else (),
        dependencies=tuple(_dependencies(own)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),),
        problems=tuple(problems),
        accounting=artifact.document_accounting(READER.kind, flaws, complete=document.complete),
    )


def _flaws(document: YamlDocument) -> Flaws:
    """What is wrong with the document; that W&B numbers its telemetry codes is not."""
    counts = document.flaws.counts
    numbered = sum(
        key.isdecimal()
        for path, value in walk(document.value)
        if path[:1] == ["_wandb"] and isinstance(value, dict)
        for key in value
    )
    if document.value is not None and counts.get(_NUMBERED, 0) != numbered:
        return document.flaws
    kept = Flaws()
    for flaw in document.flaws:
        if flaw.code != _NUMBERED:
            kept.add(flaw.code, flaw.message, flaw.place, flaw.hint)
            kept.counts[flaw.code] = counts[flaw.code]
    return kept


def _claims(own: View) -> Iterator[Claim]:
    python = own.filled("python_version")
    if python:
        yield Claim("summary.python", python, own.artifact.at(), Trust.COPY)


def _dependencies(own: View) -> Iterator[Dependency]:
    for name, key in _VERSIONS.items():
        version = own.filled(key)
        if version:
            yield Dependency(at=own.at(key), name=name, version=version, kind="imported")


READER = Reader(
    name="wandb_config",
    kind="wandb.config",
    summary="W&B files/config.yaml: the run's configuration",
    select=files("config.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
