"""`setup_finetune.yaml` of a run-experiment run: what a person or agent set for one run.

Keys are argument names of the toolkit's setup tool. A key that is absent has the value of the
recipe or of the tool, so this file is never all of the run's configuration: `finetune.yaml` is.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import yaml_readings
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.claims import Claim, Trust
from archiver.model.record import Config
from archiver.view import View

_KEYS = frozenset(
    {
        "torchtune_model_name", "models_dir", "input_dir_base", "experiment_name",
        "my_wandb_project", "my_wandb_run_name", "dataset_label", "project_dir",
        "output_dir_base", "base_recipe", "custom_recipe", "model_checkpoint",
    }
)  # fmt: skip
_SIGNS = 2


def detect(artifact: Artifact) -> Match:
    """A flat mapping with keys of the setup tool."""
    document = artifact.yaml()
    if isinstance(document.value, dict) and document.complete:
        return Match.YES if len(_KEYS & document.value.keys()) >= _SIGNS else Match.NO
    return Match.NO if document.complete else Match.DAMAGED


def parse(artifact: Artifact) -> View:
    """The mapping as a typed view."""
    return View.of(artifact, artifact.yaml().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The authored configuration, and the names that it gives."""
    document = artifact.yaml()
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format="yaml",
        values=view.value,
        types=yaml_readings.types(artifact),
        partial=True,
    )
    claims = tuple(_claims(view))
    return Reading(
        claims=claims,
        configs=(config,) if view.value else (),
        problems=(*yaml_readings.problems(artifact), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _claims(view: View) -> Iterator[Claim]:
    for key, name in (
        ("experiment_name", "summary.experiment"),
        ("my_wandb_run_name", "summary.run_id"),
        ("conda_env", "summary.conda_env"),
    ):
        text = view.filled(key)
        if text is not None:
            yield Claim(name, text, view.at(key), Trust.COPY)


READER = Reader(
    name="run_experiment_setup",
    kind="run_experiment.setup",
    summary="run-experiment setup_finetune.yaml: what was set for one run",
    select=files("setup_finetune.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
