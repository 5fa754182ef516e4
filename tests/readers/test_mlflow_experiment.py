"""Experiments of an MLflow file store: a name for the runs below, and for no other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact, Member
from archiver.limits import Limits
from archiver.rundir import RunDir
from tests.readers.conftest import Sink

EXPERIMENT = "789041706871322352"
TRASH = ".trash/669412853078363623"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("mlflow_experiment", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "mlflow_experiment")


def read_for(bench, member):
    """Experiment -> name and problems, as read for one run that lies beside them."""
    home = bench.input("mlflow_experiment")
    reader = next(item for item in registry.readers() if item.name == "mlflow_experiment")
    told = {}
    with RunDir(home, "run", Limits()) as run:
        whole = run.walk()
        tree = whole.outside(member.paths)
        for selection in reader.select(tree):
            artifact = Artifact(run, tree, selection.files, selection.path, Limits(), member)
            reading = reader.map(reader.parse(artifact), artifact, Sink())
            artifact.close()
            names = [claim.value for claim in reading.claims]
            told[artifact.directory] = names, [item.code for item in reading.problems]
    return told


def test_read_for_each_run_of_it(bench):
    """The run's own experiment speaks, the others do not."""
    path = f"{EXPERIMENT}/5d28a90f4498a81461efbaf6f628a19d"
    told = read_for(bench, Member("5d28a90f", (path,), EXPERIMENT))
    assert told == {EXPERIMENT: (["codex"], []), "0": ([], []), TRASH: ([], [])}


def test_run_of_a_deleted_experiment(bench):
    """It lies below `.trash`, and its experiment says so."""
    told = read_for(bench, Member("r", (f"{TRASH}/{'0' * 32}",), TRASH))
    assert told[TRASH] == (["to-delete"], ["deleted-experiment"])
