"""Evaluation logs against inspect-ai's own reader."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from archiver import registry
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.model.record import Step
from archiver.rundir import RunDir

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "readers" / "inspect_log"
INPUTS = [FIXTURES / case / "input" for case in ("clean", "ends", "deflate")]
ENDS = {"success": "success", "error": "failed", "cancelled": "interrupted", "started": "unknown"}


class Nowhere:
    """A sink that keeps nothing."""

    def add(self, _batch: object) -> None:
        """Let a batch go."""


def ours(folder: Path) -> dict[str, Step]:
    """The step of every log below a folder."""
    reader: Any = next(item for item in registry.readers() if item.name == "inspect_log")
    found = {}
    with RunDir(folder, "run", Limits()) as run:
        tree = run.walk()
        for chosen in reader.select(tree):
            artifact = Artifact(run, tree, chosen.files, chosen.path, Limits())
            reading = reader.map(reader.parse(artifact), artifact, Nowhere())
            (found[chosen.path],) = reading.steps
            artifact.close()
    return found


def same(left: Any, right: Any) -> bool:
    """Equal, NaN included."""
    if isinstance(left, float) and math.isnan(left):
        return isinstance(right, float) and math.isnan(right)
    return bool(left == right)


@pytest.mark.oracle("inspect_ai")
@pytest.mark.parametrize("folder", INPUTS, ids=[path.parent.name for path in INPUTS])
def test_logs_as_inspect_reads_them(folder: Path) -> None:
    """Status, results, samples, checkpoint, error and tokens are those of `read_eval_log`."""
    from inspect_ai.log import read_eval_log

    steps = ours(folder)
    assert steps
    for path, step in steps.items():
        log = read_eval_log(str(folder / path))
        assert (step.status_word, step.status) == (log.status, ENDS[log.status])
        scores = log.results.scores if log.results else []
        theirs = {f"{s.scorer}/{name}": m.value for s in scores for name, m in s.metrics.items()}
        assert step.eval is not None
        assert step.eval.results.keys() == theirs.keys()
        assert all(same(step.eval.results[key], value) for key, value in theirs.items())
        assert step.eval.script.path == log.eval.task_file
        assert step.eval.checkpoint == log.eval.model_args["model_path"]
        assert step.error == (log.error.message if log.error else None)
        assert step.eval.samples["total"] == len(log.eval.dataset.sample_ids or [])
        if log.results:
            assert step.eval.samples["done"] == log.results.completed_samples
        for model, usage in log.stats.model_usage.items():
            assert step.metrics[f"{model}/total_tokens"] == usage.total_tokens
