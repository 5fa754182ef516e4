"""Two configurations of the run state a setting differently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Config
from archiver.model.values import Value
from tests.rules.provenance import config, entries, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def conflicts(*configs: Config, **parts: object) -> list[str]:
    """What is found in these configurations."""
    return told(hits("conflicting-settings", configs=configs, **parts))


def test_nearest_configuration_is_believed() -> None:
    """What was used stands against what was authored, with both places."""
    (hit,) = hits(
        "conflicting-settings",
        configs=(
            config({"training": {"learning_rate": 0.01}}, "authored", format="yaml"),
            config({"learning_rate": 1e-4}, "effective"),
        ),
    )
    assert hit.message == (
        "authored.json says otherwise than effective.json, which the run used: "
        "learning rate 0.01 against 0.0001"
    )
    assert str(hit.at) == "authored.json#/training/learning_rate"
    assert [str(place.at) for place in hit.related] == ["effective.json#/learning_rate"]


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ({"lr": "1e-5"}, {"learning_rate": 0.00001}),
        ({"lr": 9.999999747378752e-06}, {"lr": 1e-5}),
        ({"optimizer": {"lr": 0.1}}, {"trainer.lr": "0.1"}),
        ({"bf16": "True"}, {"bf16": True}),
        ({"dtype": "bf16"}, {"torch_dtype": "torch.bfloat16"}),
        ({"precision": 32}, {"precision": "32-true"}),
        ({"model": "/data/models/qwen2/"}, {"model": {"model": "qwen2"}}),
        ({"max_steps": -1}, {"max_steps": 40}),
        ({"seed": None}, {"seed": 3}),
        ({"seed": "auto"}, {"seed": 3}),
        ({"batch_size": 1}, {"per_device_train_batch_size": 4, "global_batch_size": 8}),
        ({"scheduler": {"lr": 1}}, {"lr": 2}),
        ({"lr": [1, 2]}, {"lr": 2}),
        ({"seed": 10**400}, {"seed": 3}),
        ({"epochs": 3, "max_steps": 40}, {"epochs": 4}),
    ],
)
def test_no_conflict(one: dict[str, Value], another: dict[str, Value]) -> None:
    """Other spellings, values that say nothing, and settings of another kind do not conflict."""
    assert conflicts(config(one), config(another, "effective")) == []


@pytest.mark.parametrize(
    ("one", "another", "words"),
    [
        ({"seed": 1}, {"seed": 2}, "seed 1 against 2"),
        ({"epochs": 3}, {"num_train_epochs": 4.0}, "epochs 3 against 4.0"),
        ({"batch_size": 4}, {"batch_size": "2"}, 'batch size 4 against "2"'),
        ({"bf16": True}, {"bf16": "False"}, 'bf16 true against "False"'),
        ({"precision": "16-mixed"}, {"precision": "32"}, 'precision "16-mixed" against "32"'),
        ({"model": "a"}, {"model": "b"}, 'model "a" against "b"'),
    ],
)
def test_conflict(one: dict[str, Value], another: dict[str, Value], words: str) -> None:
    """Different values of one setting conflict."""
    (message,) = conflicts(config(one), config(another, "effective"))
    assert message.endswith(f"which the run used: {words}")


def test_settings_of_one_pair_are_one_finding() -> None:
    """What two configurations differ in is told together."""
    (message,) = conflicts(
        config({"seed": 1, "lr": 0.1}), config({"seed": 2, "lr": 0.2}, "effective")
    )
    assert message.endswith("learning rate 0.1 against 0.2, seed 1 against 2")


def test_several_files_with_the_same_old_value_are_one_finding() -> None:
    """The other files stand beside the first."""
    (hit,) = hits(
        "conflicting-settings",
        configs=(
            config({"lr": 0.1}, "authored", path="a.yaml", reader="a"),
            config({"lr": 0.1}, "authored", path="b.yaml", reader="b"),
            config({"lr": 0.2}, "resolved"),
        ),
    )
    assert hit.at.path == "a.yaml"
    assert {place.at.path for place in hit.related} == {"b.yaml", "resolved.json"}


def test_one_of_several_files_is_enough() -> None:
    """Files of one reader make up one configuration: it is enough that one of them agrees."""
    assert not conflicts(
        config({"lr": 0.1}, "authored", path="base.yaml", partial=True),
        config({"lr": 0.2}, "authored", path="run.yaml", partial=True),
        config({"lr": 0.2}, "effective"),
    )


def test_base_below_files_that_were_not_kept() -> None:
    """A whole file below a partial one may have been overridden by what was not kept."""
    base = config({"lr": 0.1}, "authored", path="base.yaml")
    leaf = config({"seed": 1}, "authored", path="leaf.yaml", partial=True)
    used = config({"lr": 0.2, "seed": 1}, "effective")
    assert conflicts(base, leaf, used) == []
    assert len(conflicts(base, used)) == 1


def test_steps_are_compared_by_themselves() -> None:
    """What one step is given says nothing of another."""
    assert not conflicts(
        config({"lr": 0.1}, step_id="3"), config({"lr": 0.2}, "effective", step_id="6")
    )


def test_files_that_say_nothing_of_the_training() -> None:
    """Nobody's files, an evaluation's own and a search space are left out."""
    files = (
        *entries("resolved.json", kind="generic.config"),
        *entries("authored.json", kind="run_experiment.eval_config"),
    )
    assert not conflicts(
        config({"seed": 1}),
        config({"seed": 2}, "authored"),
        config({"seed": 3}, "search_space"),
        config({"seed": 4}, "effective"),
        files=files,
    )


def test_majority_of_equals_is_believed() -> None:
    """Of configurations that stand equally near, the one that differs from the others is told."""
    (message,) = conflicts(
        config({"lr": 5e-5}, path="tracker.yaml", reader="tracker"),
        config({"lr": 0.25}, path="a.json", reader="a"),
        config({"lr": 0.25}, path="b.json", reader="b"),
    )
    assert message.startswith("tracker.yaml says otherwise than a.json, which the run resolved")


def test_hostile_configurations_are_bounded() -> None:
    """A thousand configurations that all differ give few findings of bounded length."""
    configs = [
        config({"lr": n, "x" * 5000: "y"}, path=f"{n}.json", reader=f"reader-{n}")
        for n in range(1, 1000)
    ]
    (hit,) = hits("conflicting-settings", configs=tuple(configs))
    assert len(hit.message) < 500
    assert len(hit.related) < 30


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A batch size that was overridden is found, and nothing else."""
    before, after = mutated(
        tmp_path,
        "conflicting_settings/quiet-spelt-otherwise",
        {
            "args.json#/per_device_train_batch_size": 8,
            "effective_runtime.json#/runtime/per_device_train_batch_size": 8,
        },
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["conflicting-settings"]
