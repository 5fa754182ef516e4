"""Runs of an MLflow file store: status, parameters as texts, metrics line by line."""

from __future__ import annotations

import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import registry
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.rundir import RunDir
from tests.readers.conftest import Sink

META = """artifact_uri: /srv/mlruns/1/artifacts
end_time: null
experiment_id: '1'
lifecycle_stage: active
run_id: 0123456789abcdef0123456789abcdef
run_name: r
start_time: 1795301187000
status: {status}
user_id: trainer
"""


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("mlflow_run", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "mlflow_run")


@pytest.mark.parametrize(
    ("status", "evidence"),
    [
        (1, [("running-word", "")]),
        (2, [("progress", "")]),
        (3, [("terminal-word", "success")]),
        (4, [("terminal-word", "failed")]),
        (5, [("terminal-word", "interrupted")]),
    ],
)
def test_status_numbers(read_one, status, evidence):
    """Five numbers, of which two say nothing of an end."""
    found = read_one("meta.yaml", META.format(status=status))
    assert [(item.kind.value, item.word) for item in found.reading.evidence] == evidence


def test_status_that_is_none(read_one):
    """A number that MLflow does not have is told and claims nothing."""
    found = read_one("meta.yaml", META.format(status=9))
    assert found.kinds == []
    assert found.codes == ["unexpected-value"]


def test_user_of_newer_clients_stands_in_a_tag(read):
    """`user_id` is "unknown" then, which is nobody."""
    meta = META.format(status=3).replace("user_id: trainer", "user_id: unknown")
    nobody = read({"meta.yaml": meta})["meta.yaml"].reading
    assert not [claim for claim in nobody.claims if claim.field == "summary.user"]
    tagged = read({"meta.yaml": meta, "tags/mlflow.user": "mluser"})["meta.yaml"].reading
    (claim,) = [claim for claim in tagged.claims if claim.field == "summary.user"]
    assert (claim.value, claim.at.path) == ("mluser", "tags/mlflow.user")


def test_deleted_run_keeps_its_status(bench):
    """It was marked after it had finished."""
    (found,) = bench.read("mlflow_run", bench.input("mlflow_run", "deleted")).values()
    assert found.reading.evidence[0].word == "success"


def test_nested_run_names_its_parent(bench):
    """A tag holds the parent's id."""
    (found,) = bench.read("mlflow_run", bench.input("mlflow_run", "child")).values()
    (related,) = found.reading.related
    assert (related.relation, len(related.run_id)) == ("parent", 32)


def test_step_of_a_line_with_a_dataset(bench):
    """MLflow itself takes it for 0; it stands there."""
    (found,) = bench.read("mlflow_run", bench.input("mlflow_run", "mlflow-2.9")).values()
    (batch,) = [batch for batch in found.batches if batch.spec.key == "five"]
    assert (list(batch.steps), batch.spec.dataset) == ([7], "train-set")
    assert batch.spec.attributes == (("dataset_digest", "0123abcd"),)


def test_times_of_points(bench):
    """Milliseconds since 1970."""
    (found,) = bench.read("mlflow_run", bench.input("mlflow_run")).values()
    (batch,) = [batch for batch in found.batches if batch.spec.key == "train/loss"]
    assert list(batch.times) == [1795301187.0, 1795301188.0, 1795301189.0, 1795301190.0]
    assert batch.spec.clock == "epoch"


def test_two_splits_under_one_name_stay_one_series(bench):
    """Which value is whose, nothing says; the split of a bare name is not known."""
    (found,) = bench.read("mlflow_run", bench.input("mlflow_run")).values()
    (spec,) = {batch.spec for batch in found.batches if batch.spec.key == "loss"}
    assert (spec.canonical, spec.split) == ("loss", None)


def test_artifacts_are_not_opened(read):
    """Anything may lie there, pickles among it."""
    found = read({"meta.yaml": META.format(status=3), "artifacts/model/model.pkl": b"\x80\x04."})
    assert found["meta.yaml"].opened == ("meta.yaml",)


def test_bad_lines_are_counted_and_a_few_are_told(read):
    """Each is corrupt; five of them are named with their lines."""
    found = read({"meta.yaml": META.format(status=3), "metrics/a/b": "1 2\nx\n" * 50})
    reading = found["meta.yaml"].reading
    assert (reading.accounting.read, reading.accounting.corrupt) == (51, 50)
    assert reading.accounting.reasons == {"bad-line": 50}
    assert [str(item.at) for item in reading.problems] == [
        f"metrics/a/b#L{n}" for n in (2, 4, 6, 8, 10)
    ]


@pytest.mark.parametrize(
    "line",
    ["", "1", "1 2 3 4", "1 2 3 4 5 6", "1.5 2 3", "1 x 3", "1 2 3.0", "1 2 " + "9" * 70,
     "9" * 30 + " 2 3", "1 2 9223372036854775808", "1  2 3"],
)  # fmt: skip
def test_lines_that_are_none(read, line):
    """Two, three or five fields of which three are numbers, or it is no point."""
    found = read({"meta.yaml": META.format(status=3), "metrics/m": f"{line}\n1 2 3\n"})
    assert found["meta.yaml"].points("m", None) == [[3, 2.0]]
    assert found["meta.yaml"].reading.accounting.corrupt == 1


def test_text_that_is_no_utf8(read):
    """The value is read as far as it goes, and told."""
    found = read({"meta.yaml": META.format(status=3), "params/p": b"gr\xf6sse"})
    (config,) = found["meta.yaml"].reading.configs
    assert config.values == {"p": "gr\ufffdsse"}
    assert found["meta.yaml"].codes == ["bad-utf8"]


def test_value_beyond_the_limit_is_left_out(read):
    """A parameter is a word or two, not a file."""
    found = read({"meta.yaml": META.format(status=3), "params/p": b"x" * (1 << 21)})
    assert found["meta.yaml"].codes == ["size-limit"]
    assert found["meta.yaml"].reading.configs == ()


@pytest.fixture
def few_handles():
    """Let the process open a hundred files and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_handles")
def test_hundreds_of_parameters_and_metrics(read):
    """Each is a file of its own; few are open at a time."""
    params = {f"params/p{n}": str(n) for n in range(300)}
    metrics = {f"metrics/m{n}": "1 2 3\n" for n in range(300)}
    found = read({"meta.yaml": META.format(status=3), **params, **metrics})
    assert len(found["meta.yaml"].reading.configs[0].values) == 300
    assert len(found["meta.yaml"].batches) == 300


@pytest.mark.usefixtures("few_handles")
def test_hundreds_of_parameters_in_an_archive(collected, bench, tmp_path):
    """The archive holds them all, each hashed."""
    home = tmp_path / "run"
    params = {f"params/p{n}": str(n) for n in range(300)}
    bench.write(home, {"meta.yaml": META.format(status=3), **params})
    archive = collected(home)
    assert len(list((archive / "data").rglob("p*"))) == 301


def test_several_runs_in_one_tree_are_told_apart(bench):
    """None of them is the tree's own: their points carry their names."""
    found = bench.read("mlflow_run", bench.input("mlflow_run", "several"))
    labels = [batch.spec.labels for item in found.values() for batch in item.batches]
    assert len(set(labels)) == 2
    assert all(label[0][0] == "mlflow_run" for label in labels)


def test_parameter_that_cannot_be_read(bench, tmp_path):
    """It is a problem of its own; the rest is read."""
    bench.write(tmp_path, {"meta.yaml": META.format(status=3), "params/a": "1", "params/b": "2"})
    reader = next(item for item in registry.readers() if item.name == "mlflow_run")
    with RunDir(tmp_path, "run", Limits()) as run:
        tree = run.walk()
        (selection,) = reader.select(tree)
        (tmp_path / "params/a").unlink()
        artifact = Artifact(run, tree, selection.files, selection.path, Limits())
        reading = reader.map(reader.parse(artifact), artifact, Sink())
        artifact.close()
    assert reading.configs[0].values == {"b": "2"}
    assert [(item.code, item.at.path) for item in reading.problems] == [("unreadable", "params/a")]
