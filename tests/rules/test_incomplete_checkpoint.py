"""A checkpoint is not whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archiver.model.claims import Location
from archiver.model.findings import Finding, RunFindings, Severity
from archiver.model.record import Checkpoint
from tests.rules.made import copied, entry, hits, problem, told

Audit = Callable[..., RunFindings]
Compare = Callable[[RunFindings, RunFindings], list[Finding]]

NAME = "incomplete-checkpoint"


def saved(path, *tags):
    """A checkpoint that is there."""
    return Checkpoint(at=Location(path), path=path, tags=tags, present=True)


def shards(directory, total, *numbers, end="safetensors"):
    """Files of weights."""
    return [f"{directory}/model-{n:05}-of-{total:05}.{end}" for n in numbers]


def test_shards_by_their_numbers():
    """Which are missing, and how grave it is: by the checkpoint that they lie in."""
    files = shards("a", 3, 1) + shards("b/deep", 2, 2) + shards("c", 2, 1, 2) + shards("x", 2, 1)
    found = hits(NAME, files, checkpoints=(saved("a"), saved("b", "last"), saved("c", "best")))
    assert [(str(hit.at), hit.severity, hit.message) for hit in found] == [
        ("a", Severity.WARNING, "2 of 3 shards of model.safetensors are not there: 2, 3"),
        ("b/deep", Severity.ERROR, "1 of 2 shards of model.safetensors is not there: 1"),
        ("x", Severity.WARNING, "1 of 2 shards of model.safetensors is not there: 2"),
    ]


def test_sets_of_shards_are_apart():
    """Two formats and two counts in one directory are sets of their own."""
    files = shards("a", 1, 1) + shards("a", 1, 1, end="bin") + shards("a", 2, 1, 2)
    assert hits(NAME, files) == []


def test_names_that_are_no_shards():
    """Numbers out of their range, an absurd count, and other files."""
    names = [
        "model-00003-of-00002.safetensors",
        "model-00001-of-99999.safetensors",
        "a-00000-of-00000.bin",
    ]
    assert hits(NAME, [*names, "data-00001-of-00002.parquet", "model-1-of-2.bin"]) == []


def test_many_missing_shards_are_named_by_the_first():
    """The message stays short."""
    (hit,) = hits(NAME, shards("a", 9000, 9000))
    assert (
        hit.message
        == "8999 of 9000 shards of model.safetensors are not there: 1, 2, 3, 4, 5 and 8994 more"
    )


def test_what_the_reader_told_is_not_told_again():
    """A directory is reported once; the last checkpoint is an error."""
    met = problem("incomplete-checkpoint", "the checkpoint is not whole: no", "a")
    found = hits(NAME, shards("a", 2, 1), checkpoints=(saved("a", "last"),), problems=(met,))
    assert [(hit.message, hit.severity) for hit in found] == [(met.message, Severity.ERROR)]


def test_torn_saves_of_one_tracker_are_one_finding():
    """Each is named, none is an error: nothing takes them for the last one."""
    torn = tuple(problem("torn-checkpoint", f"iter_{n} is newer", "t.txt") for n in (1, 2, 3))
    (hit,) = hits(NAME, [entry("t.txt")], problems=torn)
    assert (hit.severity, len(hit.related)) == (Severity.WARNING, 2)
    assert told([hit]) == ["iter_1 is newer (and 2 more of this kind)"]


def test_torn_weights_belong_to_their_checkpoint():
    """What the weights' reader met is related, and `truncated-artifact` leaves it alone."""
    weights, other = "a/x.safetensors", "a/config.json"
    files = [entry(weights, kind="weights.safetensors"), entry(other, kind="x.y")]
    torn = tuple(problem("truncated", f"{path} is torn", path) for path in (weights, other))
    whole = problem("incomplete-checkpoint", "the checkpoint is not whole: no", "a")
    (hit,) = hits(NAME, files, problems=(whole, *torn))
    assert [str(place.at) for place in hit.related] == [weights]
    assert told(hits("truncated-artifact", files, problems=(whole, *torn))) == [f"{other} is torn"]
    assert len(hits("truncated-artifact", files, problems=torn)) == 2


def test_cut_weights(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """Half of an adapter is one finding, though two readers see it."""
    before, after = copied("incomplete_checkpoint/fires-cut-weights", tmp_path)
    adapters = sorted(before.rglob("*.safetensors"))
    for path in adapters[1:]:
        path.write_bytes(adapters[0].read_bytes())
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path) for item in found] == [(NAME, "artifacts/epoch_1")]


def test_mutation(tmp_path: Path, audited: Audit, new_findings: Compare) -> None:
    """A shard that is taken away is missed, and nothing else."""
    before, after = copied("incomplete_checkpoint/quiet-sharded", tmp_path)
    (after / "tiny-clm/checkpoint-30/model-00001-of-00002.safetensors").unlink()
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.message) for item in found] == [
        (NAME, "1 of 2 shards of model.safetensors is not there: 1")
    ]
