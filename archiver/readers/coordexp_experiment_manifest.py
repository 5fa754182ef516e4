"""CoordExp `experiment_manifest.json`: what the author said of the experiment, and copies.

`runtime_summary` and `provenance_summary` repeat other artifacts; they are read as copies, so
they speak only where the originals are gone.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, PointSink, Reader, Reading, files, json_object
from archiver.model.claims import Claim, Trust
from archiver.model.record import Step
from archiver.view import View


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value, version=1)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """Second-hand claims, and the authored description."""
    document = artifact.json()
    authored = view.object("experiment").value.get("authored")
    return Reading(
        claims=tuple(_claims(view)),
        steps=(Step(at=artifact.at(), step_id="1", name="train"),) if view.value else (),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
        extras={"authored": authored} if authored else {},
    )


def _claims(view: View) -> Iterator[Claim]:
    identity = view.object("identity")
    provenance = view.object("provenance_summary")
    upstream = provenance.object("upstream")
    sources = (
        ("config.pipeline_config", identity, "config_path"),
        ("paths.workdir", identity, "output_dir"),
        ("summary.started_at", provenance, "created_at"),
        ("summary.python", upstream, "python"),
        ("summary.conda_env", upstream, "conda_env"),
        ("summary.torch", upstream.object("torch"), "version"),
    )
    for field, holder, key in sources:
        text = holder.filled(key)
        if text:
            yield Claim(field, text, holder.at(key), Trust.COPY)
    # Git's warnings can stand before the id here, too.
    commit = provenance.commit("git_sha")
    if commit:
        yield Claim("summary.git_commit", commit, provenance.at("git_sha"), Trust.COPY)
    dirty = provenance.flag("git_dirty")
    if dirty is not None:
        yield Claim("summary.git_dirty", dirty, provenance.at("git_dirty"), Trust.COPY)
    name = identity.filled("run_name")
    if name and "/" not in name:
        yield Claim("summary.experiment", name, identity.at("run_name"), Trust.COPY)


READER = Reader(
    name="coordexp_experiment_manifest",
    kind="coordexp.experiment_manifest",
    summary="CoordExp experiment_manifest.json: the authored experiment, and copies",
    select=files("experiment_manifest.json"),
    detect=json_object("schema_version", "identity", "experiment"),
    parse=parse,
    map=to_reading,
)
