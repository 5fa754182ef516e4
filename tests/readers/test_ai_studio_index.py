"""Files around the runs."""

from __future__ import annotations

import json

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


def read_for(bench, directory, member):
    """Read an index for one run of the experiment."""
    bench.write(directory, {"experiments_index.json": json.dumps(INDEX)})
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
