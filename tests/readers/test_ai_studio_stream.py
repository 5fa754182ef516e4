"""Captured streams of both protocols."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ai_studio_stream", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ai_studio_stream")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ai_studio_stream")


def test_copy_of_a_list_that_is_there_takes_no_name(read):
    """Beside `metrics.json` a capture's series stand for no metric."""
    frames = 'event: epoch_end\ndata: {"epoch": 1, "val_loss": 2.0}\n\n'
    alone = read({"a.txt": frames})["a.txt"]
    assert [batch.spec.canonical for batch in alone.batches] == ["eval_loss"]
    beside = read({"a.txt": frames, "metrics.json": "{}"})["a.txt"]
    assert [batch.spec.canonical for batch in beside.batches] == [None]


def test_comments_and_ids_are_no_events(read_one):
    """A server may send comments, ids and times between events."""
    text = ':keep\n\nevent: status\ndata: {"status": "training"}\nid: 4\nretry: 10\n\n'
    found = read_one("a.txt", text)
    assert found.kinds == ["running-word"]
    assert (found.reading.accounting.read, found.reading.accounting.dropped) == (1, 0)
    assert found.codes == ["stream-cut"]


def test_unlimited_epochs(read_one):
    """-1 is how the notifier says that there is no limit."""
    found = read_one("a.jsonl", {"type": "training_started", "epoch": 1, "max_epochs": -1})
    assert found.match == "no"
    found = read_one("b.jsonl", '{"type": "training_started", "epoch": 1, "max_epochs": -1}\n')
    assert found.reading.extras == {"max_epochs": -1}


ENDED = 'event: status\ndata: {"project_id": "p", "experiment_id": "%s", "status": "%s"}\n\n'


def test_captures_of_unknown_runs_stand_apart(read):
    """Several captures and no record of a run: each is a step, and none speaks for a run."""
    found = read({"a.txt": ENDED % ("exp-a", "completed"), "b.txt": ENDED % ("exp-b", "failed")})
    for path, identifier in (("a.txt", "exp-a"), ("b.txt", "exp-b")):
        reading = found[path].reading
        assert reading.claims == ()
        assert [(s.step_id, s.inputs) for s in reading.steps] == [
            (f"stream:{path}", {"experiment_id": identifier})
        ]
        assert {sign.step_id for sign in reading.evidence} == {f"stream:{path}"}


def test_a_capture_of_the_run_speaks_of_it(read):
    """Alone, or beside the run's record."""
    one = ENDED % ("exp-a", "completed")
    for files in ({"a.txt": one}, {"a.txt": one, "b.txt": one, "experiment.json": "{}"}):
        reading = read(files)["a.txt"].reading
        assert [claim.value for claim in reading.claims] == ["exp-a"]
        assert [step.step_id for step in reading.steps] == ["1"]
