"""What collecting adds to a reading: the reader's name, the tree, bounds."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

from archiver.artifact import Artifact
from archiver.collect.stamping import ScopedSink, stamped
from archiver.limits import DEFAULT, Limits
from archiver.model.claims import AttemptTrail, Claim, Location, Problem
from archiver.model.points import Batch, SeriesSpec
from archiver.model.reading import Reading
from archiver.rundir import RunDir


def stamp(tmp_path: Path, scope: str, reading: Reading, limits: Limits = DEFAULT) -> Reading:
    """The reading of a reader `r` that read one file of a tree."""
    (tmp_path / "a.log").touch()
    with RunDir(tmp_path, scope, limits) as run:
        tree = run.walk()
        artifact = Artifact(run, tree, tree.files, "a.log", limits)
        return stamped(reading, "r", artifact, limits)


def problems(count: int) -> tuple[Problem, ...]:
    """So many problems of one artifact."""
    return tuple(Problem("bad-line", f"{n}", Location("a.log", f"L{n}")) for n in range(1, count))


def test_the_name_of_the_reader(tmp_path: Path) -> None:
    """It stands at each claim and each problem, and at the reading itself."""
    claim = Claim("summary.host", "h", Location("a.log"))
    found = stamp(tmp_path, "run", Reading(claims=(claim,), problems=problems(2)))
    assert found.reader == "r"
    assert [item.reader for item in (*found.claims, *found.problems)] == ["r", "r"]


def test_problems_over_the_limit_are_counted(tmp_path: Path) -> None:
    """The first ones are named, and where the others begin."""
    limits = replace(DEFAULT, problems_per_artifact=2)
    found = stamp(tmp_path, "run", Reading(problems=problems(6)), limits)
    assert [(one.code, one.message, one.at.place) for one in found.problems] == [
        ("bad-line", "1", "L1"),
        ("bad-line", "2", "L2"),
        ("more-problems", "3 more problems of this artifact are counted, not named", "L3"),
    ]


def test_attempts_of_two_trees_are_told_apart(tmp_path: Path) -> None:
    """Files of two trees that are called the same do not share a numbering."""
    reading = Reading(attempts=(AttemptTrail("a.log"), AttemptTrail("")))
    families = {
        scope: [trail.family for trail in stamp(tmp_path, scope, reading).attempts]
        for scope in ("run", "with-1")
    }
    assert families == {"run": ["a.log", ""], "with-1": ["with-1:a.log", ""]}


class Taken(list[Batch]):
    """A sink that keeps what it is given."""

    def add(self, batch: Batch) -> None:
        """Keep a batch."""
        self.append(batch)


def test_points_tell_their_tree() -> None:
    """Points of another tree carry its name; of the run itself they stay as they are."""
    batch = Batch(SeriesSpec("loss", "a.log"), "a.log", array("q", [1]), array("d", [2.0]),
                  family="a.log")  # fmt: skip
    taken = Taken()
    ScopedSink(taken, "run").add(batch)
    ScopedSink(taken, "with-1").add(batch)
    assert taken[0] is batch
    assert (taken[1].spec.scope, taken[1].family) == ("with-1", "with-1:a.log")
