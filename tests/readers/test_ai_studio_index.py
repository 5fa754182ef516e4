"""Files around the runs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact, Member
from archiver.limits import Limits
from archiver.rundir import RunDir

READERS = {reader.name: reader for reader in registry.readers()}


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_index", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_index")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_index")


INDEX = {
    "version": "1.0",
    "experiments": [
        {"id": "exp-a", "status": "training", "best_metric_value": None},
        {"id": "exp-b", "status": "completed", "best_metric_value": 0.5},
    ],
}


def read_for(bench, directory, member, path="experiments_index.json", value=INDEX):
    """Read a file that lies beside the runs for one of them."""
    bench.write(directory, {path: json.dumps(value)})
    reader, limits = READERS["ai_studio_index"], Limits()
    with RunDir(directory, "run", limits) as run:
        tree = run.walk()
        (entry,) = tree.files
        artifact = Artifact(run, tree, (entry,), entry.path, limits, member)
        reading = reader.map(reader.parse(artifact), artifact, None)
        artifact.close()
    return reading


def test_row_of_the_run_at_hand(bench, tmp_path):
    """Beside the runs, the index is matched by id; it is a cache and settles nothing."""
    reading = read_for(bench, tmp_path, Member("exp-b", ("experiments/exp-b",)))
    assert reading.extras == {"index_status": "completed", "index_best_metric_value": 0.5}
    assert [item.kind.value for item in reading.evidence] == ["progress"]
    assert [item.at.place for item in reading.evidence] == ["/experiments/1"]


def test_run_that_the_index_does_not_know(bench, tmp_path):
    """Nothing is said of it."""
    reading = read_for(bench, tmp_path, Member("exp-c", ("experiments/exp-c",)))
    assert (reading.extras, reading.evidence) == ({}, ())


def test_id_that_stands_twice(read_one):
    """It is told."""
    twice = {**INDEX, "experiments": [*INDEX["experiments"], {"id": "exp-a"}]}
    assert read_one("experiments_index.json", twice).codes == ["duplicate-id"]


PROJECT = {"id": "proj-a", "name": "Bolts", "task": "classification", "created_at": "2026-02-20"}
DATASET = {"task": "classification", "source_format": "folder", "classes": ["ok", "crack"]}


@pytest.mark.parametrize(
    ("run", "named"),
    [("projects/a/experiments/exp-1", True), ("projects/ab/experiments/exp-1", False),
     ("projects/b/experiments/exp-1", False)],
)  # fmt: skip
def test_a_project_speaks_of_its_own_runs(bench, tmp_path, run, named):
    """Its files lie above them; the runs of another project are none of its business."""
    member = Member("exp-1", (run,), run.rpartition("/")[0])
    project = read_for(bench, tmp_path / "p", member, "projects/a/project.json", PROJECT)
    assert [claim.value for claim in project.claims] == (["Bolts"] if named else [])
    data = read_for(bench, tmp_path / "d", member, "projects/a/dataset/dataset.json", DATASET)
    assert data.extras.get("classes") == (["ok", "crack"] if named else None)
    assert project.accounting.read == data.accounting.read == 1
