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
