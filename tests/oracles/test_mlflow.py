"""Runs as read here against MLflow's own file store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver import registry
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.model.points import NO_STEP
from archiver.rundir import RunDir
from tests.readers.conftest import CASES, Sink

WRITTEN = ("clean", "failed", "interrupted", "running", "child", "deleted")


def read_here(home: Path) -> tuple[dict[str, str], dict[str, list[tuple[int, str, int]]]]:
    """Parameters, and of each metric time, value and step in file order."""
    reader = next(item for item in registry.readers() if item.name == "mlflow_run")
    with RunDir(home, "run", Limits()) as run:
        tree = run.walk()
        (selection,) = reader.select(tree)
        artifact = Artifact(run, tree, selection.files, selection.path, Limits())
        sink = Sink()
        reading = reader.map(reader.parse(artifact), artifact, sink)
        artifact.close()
    params = dict(reading.configs[0].values) if reading.configs else {}
    metrics: dict[str, list[tuple[int, str, int]]] = {}
    for batch in sink.batches:
        rows = zip(batch.times or (), batch.values, batch.steps, strict=True)
        metrics.setdefault(batch.spec.key, []).extend(
            (round(time * 1000), repr(value), 0 if step == NO_STEP else step)
            for time, value, step in rows
        )
    return params, metrics


@pytest.mark.oracle("mlflow")
@pytest.mark.parametrize("name", WRITTEN)
def test_every_parameter_and_point(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The very parameters and points that MLflow reads, in its order."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.store.tracking.file_store import FileStore

    source = CASES / "mlflow_run" / name / "input"
    shutil.copytree(source, tmp_path / "mlruns")
    (experiment,) = source.iterdir()
    shutil.copy(
        CASES / "mlflow_experiment/clean/input" / experiment.name / "meta.yaml",
        tmp_path / "mlruns" / experiment.name,
    )
    (run_dir,) = [path for path in experiment.iterdir() if path.is_dir()]
    # Empty directories are not kept in a repository; MLflow takes a run without them for none.
    for folder in ("params", "metrics", "tags", "artifacts"):
        (tmp_path / "mlruns" / experiment.name / run_dir.name / folder).mkdir(exist_ok=True)
    store = FileStore(str(tmp_path / "mlruns"))
    run = store.get_run(run_dir.name)
    params, metrics = read_here(source)
    assert params == dict(run.data.params)
    assert metrics == {
        key: [
            (m.timestamp, repr(m.value), m.step)
            for m in store.get_metric_history(run_dir.name, key)
        ]
        for key in run.data.metrics
    }
