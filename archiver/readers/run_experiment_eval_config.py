"""`eval/<cell>/eval.yaml` of a run-experiment run: what one evaluation was given.

Named `eval_config.yaml` until 2026-06-15; until 2026-05-20 one lay in `eval/` for all evaluations
of the run. `finetuned` became `is_finetuned`, `scorer` (text) became `scorers` (list). `epoch`
counts from 0 and is absent for the base model.
"""

from __future__ import annotations

from archiver import yaml_readings
from archiver.extension import Artifact, Match, PointSink, Reader, Reading, files
from archiver.model.record import Config, Dataset, Evaluation, Script, Step
from archiver.model.values import Value
from archiver.producers.experiment_jobs import EVAL, cell_of_directory
from archiver.view import View

_KEYS = frozenset(
    {
        "task_script", "task_name", "model_path", "model_hf_name", "is_finetuned", "finetuned",
        "source_model", "scorers", "scorer", "use_chat_template", "vis_label",
    }
)  # fmt: skip
_SIGNS = 2
_INPUTS = (
    ("task_name", "task"), ("model_hf_name", "model"), ("model_path", "checkpoint"),
    ("data_path", "eval_data"), ("source_model", "source_model"), ("epoch", "epoch"),
    ("split", "split"), ("vis_label", "vis_label"),
)  # fmt: skip


def detect(artifact: Artifact) -> Match:
    """A mapping with keys of an evaluation, below a directory `eval`."""
    document = artifact.yaml()
    if isinstance(document.value, dict) and document.complete:
        return Match.YES if len(_KEYS & document.value.keys()) >= _SIGNS else Match.NO
    there = "eval" in artifact.directory.split("/")
    return Match.DAMAGED if there and not document.complete else Match.NO


def parse(artifact: Artifact) -> View:
    """The mapping as a typed view."""
    return View.of(artifact, artifact.yaml().value)


def to_reading(view: View, artifact: Artifact, _points: PointSink) -> Reading:
    """The configuration, and the step where the file belongs to one."""
    document = artifact.yaml()
    cell = cell_of_directory(artifact.directory)
    step_id = EVAL + cell if cell else None
    config = Config(
        at=artifact.at(),
        id=artifact.path,
        role="authored",
        format="yaml",
        values=view.value,
        types=yaml_readings.types(artifact),
        partial=True,
        step_id=step_id,
    )
    data = view.filled("data_path")
    datasets = (
        (Dataset(at=view.at("data_path"), role="eval", path=data, split=view.filled("split")),)
        if data
        else ()
    )
    return Reading(
        configs=(config,) if view.value else (),
        steps=(_step(view, artifact, step_id),) if step_id and view.value else (),
        datasets=datasets,
        problems=(*yaml_readings.problems(artifact), *view.problems),
        accounting=artifact.document_accounting(
            READER.kind, document.flaws, complete=document.complete
        ),
    )


def _step(view: View, artifact: Artifact, step_id: str) -> Step:
    inputs: dict[str, Value] = {
        name: view.value[key] for key, name in _INPUTS if view.value.get(key) is not None
    }
    scorers = view.value.get("scorers", view.value.get("scorer"))
    if scorers is not None:
        inputs["scorers"] = scorers
    data, script = view.filled("data_path"), view.filled("task_script")
    return Step(
        at=artifact.at(),
        step_id=step_id,
        name="eval",
        config=artifact.path,
        inputs=inputs,
        params=view.value,
        params_from=(artifact.path,),
        eval=Evaluation(
            datasets=(data,) if data else (),
            script=Script(script.partition("@")[0] if script else None),
            checkpoint=view.filled("model_path"),
        ),
    )


READER = Reader(
    name="run_experiment_eval_config",
    kind="run_experiment.eval_config",
    summary="run-experiment eval.yaml / eval_config.yaml: what an evaluation was given",
    select=files("eval.yaml", "eval_config.yaml"),
    detect=detect,
    parse=parse,
    map=to_reading,
)
