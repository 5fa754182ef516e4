"""Entries that several artifacts told of one thing."""

from dataclasses import replace

from archiver.merging import _weights, checkpoints, copies, timeline
from archiver.model.claims import Location
from archiver.model.record import Checkpoint, DataCopy, Event


def test_a_preparation_that_was_run_again_copied_nothing_new():
    """Of several accounts of one copy the one that copied most is the copy."""
    at = Location("console.log")
    first = DataCopy(at=at, source="/a", destination="/b", files_copied=2, files_skipped=0)
    again = DataCopy(at=at, source="/a", destination="/b", files_copied=0, files_skipped=2)
    other = DataCopy(at=at, source="/c", destination="/b")
    assert copies([again, first, again, other]) == (first, other)


def test_the_timeline_is_in_order():
    """An event without a time stays behind the one that its artifact tells before it."""

    def event(path, line, time=None):
        return Event(
            at=Location(path, f"L{line}"),
            time=time,
            clock="naive",
            kind="x",
            subject=f"{path}{line}",
        )

    found = [
        event("a", 1), event("a", 2, "2026-01-01T10"), event("a", 3),
        event("a", 4, "2026-01-01T12"), event("b", 1, "2026-01-01T11"), event("b", 2),
    ]  # fmt: skip
    subjects = [item.subject for item in timeline(found)]
    assert subjects == ["a1", "a2", "a3", "b1", "b2", "a4"]


def test_checkpoints_of_one_training_stand_together():
    """In the order of their steps."""
    found = [
        Checkpoint(at=Location("x"), path=path, step=step)
        for path, step in (("m/sft/iter_60", 60), ("m/cpt/iter_200", 200), ("m/cpt/iter_100", 100))
    ]
    paths = [item.path for item in checkpoints(found, [])]
    assert paths == ["m/cpt/iter_100", "m/cpt/iter_200", "m/sft/iter_60"]


def test_a_checkpoint_s_metric_keeps_its_own_name():
    """The name comes from the artifact that the value comes from."""
    at = Location("x")
    there = Checkpoint(at=at, path="a.ckpt", present=True, monitor="unused")
    told = Checkpoint(at=at, path="a.ckpt", metric=0.5, monitor="val_loss")
    (found,) = checkpoints([there, told], [])
    assert (found.metric, found.monitor) == (0.5, "val_loss")
    (found,) = checkpoints([replace(there, metric=0.1, monitor=None), told], [])
    assert (found.metric, found.monitor) == (0.1, None)


def test_weights_of_a_checkpoint_are_found_by_their_place():
    """At its path or below it, in its own tree; a name that only begins alike is another's."""
    paths = ["a-b/w.pt", "a.pt", "a/b/w.pt", "a/w.pt", "aa/w.pt"]
    hashed = sorted((scope, path, scope + path) for scope in ("run", "x") for path in paths)
    assert [path for path, _ in _weights("run", "a", hashed)] == ["a/b/w.pt", "a/w.pt"]
    assert list(_weights("x", "a.pt", hashed)) == [("a.pt", "xa.pt")]
    assert list(_weights("y", "a", hashed)) == []
