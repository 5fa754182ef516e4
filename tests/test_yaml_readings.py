"""Values that two versions of YAML read differently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver import yaml_readings
from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.rundir import RunDir

TEXT = "a: {lr: 1e-4}\nb: {lr: 1e-4, time: 1:30:00, late: 0:59:00}\nb: {}\n"


@contextmanager
def artifact(directory: Path, text: str) -> Iterator[Artifact]:
    """A YAML file of this text."""
    (directory / "x.yaml").write_text(text)
    limits = Limits()
    with RunDir(directory, "run", limits) as run:
        tree = run.walk()
        found = Artifact(run, tree, tree.files, "x.yaml", limits)
        yield found
        found.close()


def test_only_places_that_matter_are_told(tmp_path: Path) -> None:
    """Flaws of the file are told whatever matters; readings only where asked for."""
    with artifact(tmp_path, TEXT) as found:
        told = [
            (problem.code, problem.at.place)
            for problem in yaml_readings.problems(found, lambda place: place.startswith("/a/"))
        ]
    assert told == [("duplicate-key", "/b"), ("yaml-readings-differ", "/a/lr")]


def test_base_60_is_a_type_and_no_problem(tmp_path: Path) -> None:
    """`1:30:00` is 5400 to YAML 1.1; `0:59:00` is text, as no such number begins with 0."""
    with artifact(tmp_path, "time: 1:30:00\nshort: 0:59:00\n") as found:
        assert found.yaml().value == {"time": 5400, "short": "0:59:00"}
        assert yaml_readings.types(found) == {"/time": "sexagesimal"}
        assert list(yaml_readings.problems(found)) == []
