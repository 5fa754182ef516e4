"""No artifact says with which seed the run trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Command, Dataset
from archiver.model.values import Tagged, Value
from tests.rules.provenance import TRAIN, config, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


@pytest.mark.parametrize(
    "values",
    [
        {"seed": 0},
        {"training": {"seed": "17"}},
        {"trainer.seed": 1},
        {"seed_everything": True},
        {"torch_seed": 3},
        {"seeds": {"python": 1}},
        {"TRAIN_CMD": "torchrun pretrain.py --lr 1 --seed 1234"},
        {"command": "python train.py training.seed=5"},
        {"job": "PL_GLOBAL_SEED=7 python train.py"},
    ],
)
def test_seed_is_found(values: dict[str, Value]) -> None:
    """A number under a seed's key, or an option of a command, is a seed."""
    assert hits("no-seed", configs=(config(values),)) == []


@pytest.mark.parametrize(
    "values",
    [
        {"seed": None},
        {"seed": "None"},
        {"seed": Tagged("unresolved", "${SEED}")},
        {"seed": [1, 2]},
        {"data_seed": 42, "dataset_seed": 17, "shuffle_seed": 1},
        {"command": "python train.py --data_seed 5"},
        {"note": "reseed 5 plants"},
        {},
    ],
)
def test_other_values_are_no_seed(values: dict[str, Value]) -> None:
    """Nothing, a placeholder, and the seeds of data alone are not the run's."""
    assert told(hits("no-seed", configs=(config(values),))) == [
        "no configuration or command states a seed"
    ]


def test_seed_of_the_data_is_told() -> None:
    """Where a data set's seed is known, the message names it."""
    data = Dataset(at=Location("a.json"), role="train", path="/data/a", seed=17)
    assert told(hits("no-seed", datasets=(data,))) == [
        "no configuration or command states a seed; only the data's is known (17)"
    ]


def test_seed_of_the_command_counts() -> None:
    """A step that was started with a seed has one."""
    from dataclasses import replace

    step = replace(TRAIN, command=Command(argv=("train.py", "--seed=3")))
    assert hits("no-seed", steps=(step,)) == []


def test_run_that_does_not_train_needs_none() -> None:
    """An evaluation is not asked for a seed."""
    assert hits("no-seed", steps=()) == []


def test_deep_configuration_is_walked() -> None:
    """Depth does not end the search with an error."""
    values: dict[str, Value] = {"seed": 1}
    for _ in range(3000):
        values = {"a": values}
    assert hits("no-seed", configs=(config(values),)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A seed that is taken out of the hyperparameters is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "no_seed/quiet-in-the-hyperparameters",
        {"lightning_logs/version_0/hparams.yaml": "lr: 0.01\n"},
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["no-seed"]
