"""CoordExp `config_source.yaml` and `base_config_source.yaml`: the authored YAML, as text.

They are copies of the leaf and of the base file; parents named by `extends` or `inherit` are
not copied, so the YAML alone cannot rebuild the run. Values are read as YAML 1.1, as the
producer did, and reported where YAML 1.2 reads them differently.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Problem
from archiver.model.record import Config
from archiver.model.values import Value


def detect(artifact: Artifact) -> Match:
    """Any YAML mapping under one of the two names."""
    document = artifact.yaml()
    if isinstance(document.value, dict):
        return Match.YES
    return Match.NO if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> dict[str, Value]:
    """The mapping; empty where the YAML is broken."""
    value = artifact.yaml().value
    return value if isinstance(value, dict) else {}


def to_reading(values: dict[str, Value], artifact: Artifact, _points: PointSink) -> Reading:
    """The authored configuration."""
    document = artifact.yaml()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format="yaml",
        values=values,
        partial=bool(values.get("extends") or values.get("inherit")),
    )
    return Reading(
        configs=(config,) if values else (),
        problems=(*artifact.problems(document.flaws), *_parents(values, artifact)),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _parents(values: dict[str, Value], artifact: Artifact) -> Iterator[Problem]:
    for key in ("extends", "inherit"):
        if values.get(key):
            yield artifact.problem(
                "parent-config-not-kept",
                f"its parents ({key}) were not copied into the run",
                f"/{key}",
                "the merged values stand in resolved_config.json",
            )


READER = Reader(
    name="coordexp_config_source",
    kind="coordexp.config_source",
    summary="CoordExp config_source.yaml / base_config_source.yaml: the authored YAML",
    select=files("config_source.yaml", "base_config_source.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
