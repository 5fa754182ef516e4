"""CoordExp `config_source.yaml` and `base_config_source.yaml`: the authored YAML, as text.

They are copies of the leaf and of the base file; parents named by `extends` or `inherit` are
not copied, so the YAML alone cannot rebuild the run. Values are read as YAML 1.1, as the
producer did, and reported where YAML 1.2 reads them differently.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.artifact import json_text
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Problem
from archiver.model.record import Config
from archiver.model.values import Value

_TWO_READINGS = "yaml-readings-differ"


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
        problems=(
            *artifact.problems(flaw for flaw in document.flaws if flaw.code != _TWO_READINGS),
            *_readings(artifact),
            *_parents(values, artifact),
        ),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _readings(artifact: Artifact) -> Iterator[Problem]:
    for place, both in artifact.yaml().readings.items():
        older, newer = json_text(both.yaml11), json_text(both.yaml12)
        message = f"YAML 1.1, as the producer read it, says {older}; YAML 1.2 says {newer}"
        yield artifact.problem(_TWO_READINGS, message, place, "write the value so that both agree")


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
