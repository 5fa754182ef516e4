"""Names of metrics in MLflow."""

from __future__ import annotations

import pytest

from archiver.producers.mlflow_names import meaning


@pytest.mark.parametrize(
    ("key", "canonical", "split", "unit"),
    [
        ("train/loss", "loss", "train", None),
        ("eval/perplexity", "perplexity", "eval", None),
        ("val/loss", "eval_loss", "eval", None),
        ("eval/token_accuracy", "accuracy", "eval", None),
        ("final/loss", "", None, None),
        ("train/x/loss", "", None, None),
        ("system/gpu_0_utilization_percentage", "gpu_util", None, "%"),
        ("system/gpu_1_memory_usage_megabytes", "gpu_mem", None, "MB"),
        ("anything", "", None, None),
    ],
)
def test_names_that_say_what_they_are(key, canonical, split, unit):
    """Only names whose meaning is known get one."""
    metric, told, _ = meaning(key)
    assert (metric.canonical, told, metric.unit) == (canonical, split, unit)
