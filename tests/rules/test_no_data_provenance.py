"""No artifact says on which data the run trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.findings import Finding, RunFindings
from archiver.model.values import Value
from tests.rules.provenance import LOSS, claim, config, hits, mutated, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]


def test_nothing_names_the_data() -> None:
    """A run whose artifacts name no data is told of."""
    assert told(hits("no-data-provenance", configs=(config({"lr": 1}),))) == [
        "no artifact names the data that was trained on"
    ]


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"data": {"train_file": "a.jsonl"}}, 0),
        ({"--data-path": "/data/a"}, 0),
        ({"mock_data": "True"}, 0),
        ({"mock_data": "False", "data_path": "None", "dataset": []}, 1),
        ({"dataloader": 4}, 1),
    ],
)
def test_settings_that_name_data(values: dict[str, Value], number: int) -> None:
    """A setting names data where it is filled; data that was made up is known, too."""
    assert len(hits("no-data-provenance", configs=(config(values),))) == number


def test_other_places_that_name_data() -> None:
    """A field of the record and a metric's data set name it as well."""
    from dataclasses import replace

    assert hits("no-data-provenance", fields={"data.raw_cpt_dir": claim("/data", "a.json")}) == []
    assert hits("no-data-provenance", series=(replace(LOSS, dataset="toy"),)) == []
    assert hits("no-data-provenance", steps=()) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A setting that names the data and is taken out is missed, and nothing else."""
    before, after = mutated(
        tmp_path,
        "no_data_provenance/quiet-named-in-a-setting",
        {"lightning_logs/version_0/hparams.yaml": "lr: 0.01\n"},
    )
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["no-data-provenance"]
