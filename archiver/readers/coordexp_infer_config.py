"""CoordExp's inference pipeline `resolved_config.json`: the other schema of that name.

It holds `stages` and `cfg` and no `resolved`. `schema_version` 1 stands in it from 2026-02-11;
files of 2026-01-26 to 2026-02-10 have none. Secrets are already shown as `<REDACTED>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Origin
from archiver.model.record import Config, Dataset, Step
from archiver.view import View


def detect(artifact: Artifact) -> Match:
    """`stages` and `cfg` without `resolved`."""
    document = artifact.json()
    value = document.value
    if not isinstance(value, dict) or "resolved" in value:
        return Match.NO
    if "stages" in value and "cfg" in value:
        return Match.YES
    # Its own first keys, and then nothing: `cfg` stands last.
    cut = not document.complete and ("root_image_dir" in value or "stages" in value)
    return Match.DAMAGED if cut else Match.NO


def parse(artifact: Artifact) -> View:
    """The document as a typed view."""
    return View.of(artifact, artifact.json().value, version=1)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The pipeline's configuration and its one step."""
    document = artifact.json()
    infer = view.object("infer")
    wanted = {
        "model": infer.filled("resolved_base_model_checkpoint"),
        "adapter": infer.filled("resolved_adapter_checkpoint"),
        "requested_model": infer.filled("requested_model_checkpoint"),
    }
    artifacts = view.object("artifacts")
    outputs = {key: artifacts.text(key) for key in artifacts.value}
    config = Config(
        at=view.at(),
        id=artifact.path,
        role="resolved",
        format="json",
        values=view.value,
        partial=not document.complete,
    )
    step = Step(
        at=artifact.at(),
        step_id="1",
        name="infer",
        stage="none",
        config=view.filled("config_path"),
        inputs={key: value for key, value in wanted.items() if value},
        outputs={key: value for key, value in outputs.items() if value},
        params=view.value,
        params_from=(artifact.path,),
    )
    return Reading(
        claims=tuple(_claims(view)),
        configs=(config,),
        datasets=tuple(_datasets(view)),
        steps=(step,),
        problems=(*artifact.problems(document.flaws), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _claims(view: View) -> Iterator[Claim]:
    path = view.filled("config_path")
    if path:
        yield Claim("config.pipeline_config", path, view.at("config_path"))
    directory = view.object("artifacts").filled("run_dir")
    place = view.at("artifacts", "run_dir")
    if directory:
        yield Claim("paths.workdir", directory, place)
        parent = directory.rstrip("/").rpartition("/")[0].rpartition("/")[2]
        if parent:
            rule = "parent-of-run-dir"
            origin = Origin.DERIVED
            yield Claim(
                "summary.experiment", parent, place, origin=origin, rule=rule, sources=(place,)
            )
    name = view.object("cfg").object("run").filled("name")
    if name:
        yield Claim("summary.run_id", name, view.at("cfg", "run", "name"))


def _datasets(view: View) -> Iterator[Dataset]:
    infer = view.object("cfg").object("infer")
    path = infer.filled("gt_jsonl")
    if path:
        yield Dataset(at=infer.at("gt_jsonl"), role="eval", path=path, split="eval")


READER = Reader(
    name="coordexp_infer_config",
    kind="coordexp.infer_config",
    summary="CoordExp resolved_config.json of the inference pipeline",
    select=files("resolved_config.json"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
