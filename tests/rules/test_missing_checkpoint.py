"""A checkpoint that the run names is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings, Severity
from archiver.model.record import Checkpoint, Config
from tests.rules.made import book, copied, entry, hits, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

STATE = Location("trainer_state.json", "/best_model_checkpoint")
KEPT = Checkpoint(at=Location("checkpoint-20"), path="checkpoint-20", present=True)


def named(path, *tags, present=False, at=STATE):
    """A checkpoint that something names."""
    return Checkpoint(at=at, path=path, tags=tags, present=present)


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint-30",
        "/home/x/run-7/checkpoint-30",
        "C:\\\\work\\\\run-7\\\\checkpoint-30",
        "./checkpoint-30",
    ],
)
def test_path_through_the_run(path):
    """Whatever lay above the run's directory, the checkpoint belongs into it."""
    (hit,) = hits(
        "missing-checkpoint", ["checkpoint-20/config.json"], checkpoints=(KEPT, named(path, "best"))
    )
    assert hit.message == f"the best checkpoint {path} is not in the run"
    assert (hit.at, hit.severity) == (STATE, Severity.WARNING)


@pytest.mark.parametrize(
    "path",
    [
        "/home/x/run-6/checkpoint-30",
        "s3://bucket/run-7/checkpoint-30",
        "../run-7/checkpoint-30",
        "/checkpoint-30",
        "other/checkpoint-30",
        "/home/run-7",
        "",
    ],
)
def test_path_to_elsewhere(path):
    """What lies in other places cannot be looked at."""
    assert (
        hits(
            "missing-checkpoint",
            ["checkpoint-20/config.json"],
            checkpoints=(KEPT, named(path, "best")),
        )
        == []
    )


def test_path_through_a_directory_of_the_run():
    """A directory of a telling name is the run's own, one that any run has is not."""
    files = ["ck-out-rank8/epoch_0/adapter.pt", "checkpoints/epoch_0/adapter.pt"]
    own = named("/data/old/ck-out-rank8/epoch_1", "last")
    common = named("/data/old/checkpoints/epoch_1", "last")
    found = hits("missing-checkpoint", files, checkpoints=(KEPT, own, common))
    assert told(found) == ["the last checkpoint /data/old/ck-out-rank8/epoch_1 is not in the run"]


def test_path_that_nobody_looked_up():
    """It is there if any file of the run lies under it."""
    there, gone = (named(f"/x/run-7/checkpoints/epoch-{n}", "last", present=None) for n in (1, 2))
    found = hits(
        "missing-checkpoint", ["checkpoints/epoch-1/state.pt"], checkpoints=(KEPT, there, gone)
    )
    assert told(found) == ["the last checkpoint /x/run-7/checkpoints/epoch-2 is not in the run"]


def test_limit_explains_older_ones():
    """A limit of kept checkpoints makes those that are neither best nor last notes."""
    config = Config(
        at=Location("c"),
        id="c",
        role="resolved",
        format="json",
        values={"training": {"save_total_limit": "2"}},
    )
    gone = tuple(
        named(f"checkpoint-{n}", at=Location(f"checkpoint-{n + 20}/trainer_state.json"))
        for n in (1, 2)
    )
    found = hits(
        "missing-checkpoint",
        (),
        checkpoints=(KEPT, *gone, named("checkpoint-9", "best")),
        configs=(config,),
    )
    removed = "; save_total_limit is 2, and older ones are removed"
    assert [(hit.severity, hit.message) for hit in found] == [
        (
            Severity.NOTE,
            f"checkpoint checkpoint-1 is not in the run{removed}",
        ),
        (
            Severity.NOTE,
            f"checkpoint checkpoint-2 is not in the run{removed}",
        ),
        (Severity.WARNING, "the best checkpoint checkpoint-9 is not in the run"),
    ]


@pytest.mark.parametrize("limit", [-1, 0, None, True, 2.5, "many", [3], 10**30])
def test_limit_that_is_none(limit):
    """A value that limits nothing explains nothing."""
    config = Config(
        at=Location("c"), id="c", role="resolved", format="json", values={"save_total_limit": limit}
    )
    (hit,) = hits(
        "missing-checkpoint", (), checkpoints=(KEPT, named("checkpoint-1")), configs=(config,)
    )
    assert hit.message == "checkpoint checkpoint-1 is not in the run"


def test_entries_of_an_index_are_one_finding():
    """An index that was to follow each removal is a warning, once."""
    index = tuple(
        named(f"ck/epoch-{n}", at=Location("ck/index.json", f"/entries/{n}")) for n in range(9)
    )
    found = hits(
        "missing-checkpoint",
        ["ck/index.json"],
        checkpoints=(KEPT, *index),
        accounting=(book("ck/index.json", "codex_ml.checkpoint_index"),),
    )
    (hit,) = found
    assert hit.message == (
        "9 checkpoints are named, ck/epoch-0, ck/epoch-1, ck/epoch-2, ck/epoch-3, ck/epoch-4 "
        "and 4 more, and are not in the run"
    )
    assert (hit.severity, len(hit.related)) == (Severity.WARNING, 5)


def test_directory_without_its_payload():
    """The directory is there, what was in it is not."""
    bare = named("ck/epoch-1", "last", at=Location("ck/epoch-1"))
    found = hits("missing-checkpoint", ["ck/epoch-1/state.sha256"], checkpoints=(KEPT, bare))
    assert told(found) == ["the payload of the last checkpoint ck/epoch-1 is not in the run"]


def test_tracker_is_told_once():
    """What the reader met stands for the checkpoint that it lists as absent."""
    at = Location("ck/latest_checkpointed_iteration.txt")
    found = hits(
        "missing-checkpoint",
        [at.path],
        checkpoints=(KEPT, named("ck/iter_0000200", "last", at=at)),
        problems=(
            problem(
                "missing-checkpoint", "the tracker names iteration 200, which is not there", at.path
            ),
        ),
    )
    assert told(found) == ["the tracker names iteration 200, which is not there"]


def test_two_spellings_of_one_path():
    """A log's path and a tracker's lead to one place, which is told once, by the graver word."""
    files = ["model/ck/iter_0000100/a.pt"]
    log, index = Location("train.log", "L7"), Location("model/ck/index.json")
    gone = (
        named("/ws/model/ck/iter_0000200", at=log),
        named("model/ck/iter_0000200", "last", at=index),
        named("model/ck/iter_0000200", at=log),
    )
    found = hits("missing-checkpoint", files, checkpoints=(KEPT, *gone))
    assert [(hit.at, hit.message) for hit in found] == [
        (index, "the last checkpoint model/ck/iter_0000200 is not in the run")
    ]
    met = problem("missing-checkpoint", "the tracker names iteration 200", index.path)
    found = hits("missing-checkpoint", files, checkpoints=(KEPT, *gone), problems=(met,))
    assert told(found) == ["the tracker names iteration 200"]


def test_file_beside_the_run_is_not_its_own():
    """Files of the experiment do not make a path one of the run."""
    beside = entry("ck-out-rank8/epoch_0/adapter.pt")
    beside = type(beside)("experiment", beside.path, "file")
    gone = named("/data/ck-out-rank8/epoch_1", "last")
    assert hits("missing-checkpoint", [beside], checkpoints=(KEPT, gone)) == []


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A removed best checkpoint is found, and nothing else."""
    before, after = copied("missing_checkpoint/quiet-all-there", tmp_path)
    for file in (after / "tiny-clm" / "checkpoint-30").iterdir():
        file.unlink()
    found = new_findings(audited(before), audited(after))
    assert [(item.name, str(item.at)) for item in found] == [
        ("missing-checkpoint", "trainer_state.json#/best_model_checkpoint")
    ]
