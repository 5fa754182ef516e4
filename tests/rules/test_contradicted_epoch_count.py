"""Epochs that contradict each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.record import Checkpoint, Config, Training
from tests.rules.timelines import AT, Audit, Compare, changed, hits, mutated, series, step, told

NAME = "contradicted-epoch-count"


def trained(done, most):
    """A training of so many epochs."""
    return (step(training=Training(epochs=done, max_epochs=most)),)


@pytest.mark.parametrize(
    ("done", "most", "count"), [(5, 4, 1), (4, 4, 0), (3, 4, 0), (None, 4, 0), (5, None, 0)]
)
def test_more_epochs_than_were_allowed(done, most, count):
    """Fewer are an early stop."""
    assert len(hits(NAME, steps=trained(done, most))) == count


def test_the_place_is_the_longest_source_of_epochs():
    """The step's own place is where they were allowed."""
    curves = (
        series(axis="epoch", points=2, at=Location("short")),
        series(axis="epoch", points=5, at=Location("metrics.json", "/epochs")),
    )
    (hit,) = hits(NAME, steps=trained(5, 4), series=curves)
    assert (hit.at, hit.related[0].at) == (Location("metrics.json"), AT)
    assert hit.message == "5 epochs were recorded, but at most 4 were allowed"


def config(**values):
    """A configuration of the run."""
    return Config(at=Location("c"), id="c", role="effective", format="json", values=values)


@pytest.mark.parametrize(
    ("configs", "reached", "count"),
    [
        ((config(num_train_epochs=3.0),), 3.5, 1),
        ((config(num_train_epochs=3.0),), 3.0, 0),
        ((config(epochs=2), config(epochs=4)), 3.5, 0),
        # A number of steps decides where there is one.
        ((config(num_train_epochs=3.0, max_steps=60),), 3.5, 0),
        ((config(num_train_epochs=3.0, max_steps=-1),), 3.5, 1),
        ((), 3.5, 0),
    ],
)
def test_epochs_of_configurations(configs, reached, count):
    """Against a curve of the epoch itself."""
    curve = series(key="train/epoch", canonical=None, max=reached)
    found = hits(NAME, steps=trained(None, None), series=(curve,), configs=configs)
    assert len(found) == count


def test_one_fault_is_one_finding():
    """What the training's own record says stands before what its configurations say."""
    curve = series(key="epoch", canonical=None, max=9.0)
    parts = {"series": (curve,), "configs": (config(epochs=4),)}
    assert len(hits(NAME, steps=trained(9, 4), **parts)) == 1
    assert len(hits(NAME, steps=trained(9, 9), **parts)) == 1


def test_checkpoints_of_later_epochs():
    """Those that no metrics were recorded of."""
    found = [Checkpoint(at=AT, path=f"e{n}", epoch=n) for n in (3.0, 5.0, 7.0, None)]
    assert told(hits(NAME, steps=trained(4, None), checkpoints=tuple(found))) == [
        "it was saved in epoch 7, but the metrics have 4 epochs"
    ]
    assert hits(NAME, steps=trained(None, 4), checkpoints=tuple(found)) == []


def test_several_trainings_are_left_alone():
    """Nobody says which epochs are whose."""
    two = (*trained(5, 4), step(step_id="2", training=Training()))
    assert hits(NAME, steps=two) == []
    assert hits(NAME) == []


def test_records_of_further_epochs(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Two epochs more than a training was allowed."""

    def longer(text: str) -> str:
        rows = json.loads(text)["epochs"]
        more = [{**rows[-1], "epoch": epoch} for epoch in (4, 5)]
        return json.dumps({"epochs": [*rows, *more]})

    case = "rules/contradicted_epoch_count/quiet-stopped-early"
    copies = changed(case, tmp_path, "metrics.json", longer)
    assert mutated(audited, new_findings, copies) == [("RA502", "metrics.json", "")]
