"""The same data has two digests, sizes or counts of lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location, Origin
from archiver.model.findings import Finding, RunFindings
from archiver.model.record import Dataset, Digest
from tests.rules.made import copied, entry, hits, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

OLD, NEW = "a1" * 32, "b2" * 32


def data(at, path="/d/train.jsonl", sha256=None, role="train", **marks):
    """One record of data."""
    digests = (Digest("sha256", sha256, Origin.RECORDED),) if sha256 else ()
    return Dataset(at=Location(at), role=role, path=path, digests=digests, **marks)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            {"sha256": OLD},
            {"sha256": NEW},
            "/d/train.jsonl has sha256 b2b2b2b2b2b2… here and sha256 a1a1a1a1a1a1… at a.json",
        ),
        ({"bytes": 5}, {"bytes": 6}, "/d/train.jsonl has 6 bytes here and 5 bytes at a.json"),
        ({"lines": 80}, {"lines": 82}, "/d/train.jsonl has 82 lines here and 80 lines at a.json"),
    ],
)
def test_two_states(first, second, message):
    """At the second place, with the first beside it."""
    (hit,) = hits("data-changed", datasets=(data("a.json", **first), data("b.json", **second)))
    assert (hit.message, str(hit.at), str(hit.related[0].at)) == (message, "b.json", "a.json")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"sha256": OLD}, {"sha256": OLD[:12]}),
        ({"sha256": OLD}, {"bytes": 5}),
        ({"lines": 80, "role": "train"}, {"lines": 10, "role": "val"}),
        ({"lines": 80, "split": "a"}, {"lines": 10, "split": "b"}),
        ({"bytes": 5}, {"bytes": 6, "path": "/e/train.jsonl"}),
    ],
)
def test_one_state(first, second):
    """A shortened digest, marks of two kinds, parts of one file, other data."""
    assert hits("data-changed", datasets=(data("a", **first), data("b", **second))) == []


@pytest.mark.parametrize(
    ("marks", "facts", "message"),
    [
        (
            {"sha256": OLD},
            {"sha256": NEW},
            "sha256 b2b2b2b2b2b2…, recorded is sha256 a1a1a1a1a1a1…",
        ),
        ({"sha256": OLD, "bytes": 5}, {"bytes": 6}, "6 bytes, recorded are 5"),
        ({"sha256": OLD, "bytes": 5}, {"sha256": OLD, "bytes": 5}, None),
        ({"sha256": OLD}, {"bytes": 6}, None),
    ],
)
def test_file_of_the_run(marks, facts, message):
    """What was recorded against the file as it is: by its digest where that is known."""
    found = hits(
        "data-changed",
        [entry("data/train.jsonl", **facts)],
        datasets=(data("a.json", path="/x/run-7/data/train.jsonl", **marks),),
    )
    assert told(found) == ([f"data/train.jsonl has {message}"] if message else [])


def test_file_of_the_same_name_elsewhere():
    """A path that does not lead through the run is not its file."""
    found = hits(
        "data-changed",
        [entry("train.jsonl", bytes=6)],
        datasets=(data("a.json", path="/elsewhere/train.jsonl", bytes=5),),
    )
    assert found == []


def test_path_that_changes_often_is_one_finding():
    """The first contradiction tells it."""
    many = tuple(data(f"{n}.json", bytes=n) for n in range(50))
    assert len(hits("data-changed", datasets=many)) == 1


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Another size in one of two records is found, and nothing else."""
    before, after = copied("data_changed/quiet-same", tmp_path)
    (path,) = after.glob("*/train_data_provenance.json")
    path.write_text(path.read_text("utf-8").replace("29813", "29814"), "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [item.name for item in found] == ["data-changed"]
