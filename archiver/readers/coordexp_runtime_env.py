"""CoordExp `runtime_env.json`: 22 environment variables, absent where unset or blank."""

from __future__ import annotations

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Claim, Trust
from archiver.model.fields import ENV_PREFIX
from archiver.view import View


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value, version=1)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """One claim per variable; the values never had a type other than text."""
    document = artifact.json()
    env = view.object("env")
    values = {name: env.text(name) for name in env.value}
    claims = [
        Claim(ENV_PREFIX + name, text, env.at(name))
        for name, text in values.items()
        if name and text is not None
    ]
    conda = env.filled("CONDA_DEFAULT_ENV")
    if conda:
        place = env.at("CONDA_DEFAULT_ENV")
        claims.append(Claim("summary.conda_env", conda, place, Trust.EFFECTIVE))
    return Reading(
        claims=tuple(claims),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


READER = Reader(
    name="coordexp_runtime_env",
    kind="coordexp.runtime_env",
    summary="CoordExp runtime_env.json: environment variables of the run",
    select=files("runtime_env.json"),
    detect=json_object("schema_version", "env"),
    parse=parse,
    map=to_reading,
)
