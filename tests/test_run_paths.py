"""Paths of the training machine against the files of the run."""

from __future__ import annotations

import pytest

from archiver.model.claims import Location, Origin
from archiver.model.record import Coverage, FileEntry, Resolved, RunIdentity, RunRecord
from archiver.run_paths import RunPaths, shortened

FILES = ("model/cpt_checkpoints/iter_0000100/a.pt", "checkpoints/best.ckpt", "ck-out/epoch_0/m.pt")


@pytest.fixture
def paths() -> RunPaths:
    """A run that is called `exp-7` here, `lr1e-4` by its archive and `job-3` by its producer."""
    stated = Resolved("proj/job-3", Origin.RECORDED, Location("a"), "reader")
    record = RunRecord(
        run=RunIdentity("lr1e-4", "exp", (), {}, "exp-7", "0" * 64),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        fields={"summary.run_id": stated},
    )
    beside = FileEntry("experiment", "summary/plan.yaml", "file")
    return RunPaths.of(record, (*(FileEntry("run", path, "file") for path in FILES), beside))


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("checkpoints/best.ckpt", "checkpoints/best.ckpt"),
        ("/home/x/exp-7/checkpoints/best.ckpt", "checkpoints/best.ckpt"),
        ("C:\\runs\\exp-7\\checkpoints\\best.ckpt", "checkpoints/best.ckpt"),
        ("/data//ws/./model/cpt_checkpoints/iter_0000100/", "model/cpt_checkpoints/iter_0000100"),
        ("/home/x/checkpoints", "checkpoints"),
        ("/home/x/checkpoints/last.ckpt", None),
        ("best.ckpt", None),
        ("summary/plan.yaml", None),
        ("", None),
    ],
)
def test_local(paths: RunPaths, path: str, local: str | None) -> None:
    """The run's own file or directory that a path ends in, if any."""
    assert paths.local(path) == local


@pytest.mark.parametrize(
    "path",
    [
        "last.ckpt",
        "checkpoints/last.ckpt",
        "output/exp-7/checkpoint-5",
        "/data/exp-7/deep/down/checkpoint-5",
        "/data/lr1e-4/checkpoint-5",
        "/data/job-3/checkpoint-5",
        "/data/ws/model/cpt_checkpoints/iter_0000200",
        "/data/ck-out/epoch_1",
        "D:\\exp-7\\checkpoint-5",
    ],
)
def test_own(paths: RunPaths, path: str) -> None:
    """It leads through the run by one of its names, or through a directory that it has."""
    assert paths.own(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/last.ckpt",
        "/data/other/checkpoint-5",
        "/data/other/checkpoints/last.ckpt",
        "/data/exp-7",
        "../exp-7/last.ckpt",
        "gs://bucket/exp-7/last.ckpt",
        "org/model",
        "/data/proj/checkpoint-5",
    ],
)
def test_elsewhere(paths: RunPaths, path: str) -> None:
    """Nothing tells that it is the run's; a name that any run has does not."""
    assert not paths.own(path)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/data/ws/model/cpt_checkpoints/iter_0000200", "model/cpt_checkpoints/iter_0000200"),
        ("model/cpt_checkpoints/iter_0000200/", "model/cpt_checkpoints/iter_0000200"),
        ("/data/exp-7/checkpoint-5", "checkpoint-5"),
        ("output/exp-7/new/checkpoint-5", "new/checkpoint-5"),
        ("checkpoint-5", "checkpoint-5"),
        ("/data/else/x", "data/else/x"),
        ("", ""),
    ],
)
def test_place(paths: RunPaths, path: str, place: str) -> None:
    """The same for every spelling of one place of the run."""
    assert paths.place(path) == place


def test_name_that_any_run_has() -> None:
    """A run called `output` owns what lay directly in such a directory."""
    record = RunRecord(
        run=RunIdentity("output", "exp", (), {}, "output", "0" * 64),
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
    )
    paths = RunPaths.of(record, ())
    assert paths.own("/data/output/checkpoint-5")
    assert not paths.own("/data/output/other/checkpoint-5")


def test_long_paths_are_shown_by_their_end() -> None:
    """What tells one path from another stands there."""
    assert shortened("a/b") == "a/b"
    assert shortened("x" * 500 + "/checkpoint-5").endswith("x/checkpoint-5")
    assert len(shortened("x" * 500)) == 160
