"""Lists of checkpoints: what is last, what is best, what is gone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("codex_checkpoint_index", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "codex_checkpoint_index")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "codex_checkpoint_index")


ROW = {"path": "epoch-0001", "metric": 1.0, "created_at": 1, "sha256": "0" * 64}


def listing(mode, *metrics):
    entries = [{**ROW, "path": f"e{n}", "metric": metric} for n, metric in enumerate(metrics)]
    return {"metric_key": "m", "mode": mode, "schema_version": "1.0", "entries": entries}


def tags(found):
    return [item.tags for item in found.reading.checkpoints]


def test_best_follows_the_mode(read_one):
    """The smallest or the largest, the first on a tie, never a NaN."""
    assert tags(read_one("index.json", listing("min", 2.0, 1.0, 1.0))) == [(), ("best",), ()]
    assert tags(read_one("index.json", listing("max", 2.0, 1.0))) == [("best",), ()]
    text = '{"metric_key": "m", "mode": "max", "entries": [{"path": "a", "metric": NaN}]}'
    assert tags(read_one("index.json", text)) == [()]


def test_array_has_no_best(read_one):
    """`train_loop` sorts its array ascending, whatever is better."""
    rows = [{"path": "epoch-0001", "metric": 1.0, "checksum": None}]
    assert tags(read_one("index.json", rows)) == [()]


def test_the_metric_of_the_list_has_its_name(read_one):
    """It stands in the row, or once for all of them; without a value it names nothing."""
    plain = {"path": "epoch-0002", "metric": None, "metric_name": "loss", "checksum": None}
    rows = [{**plain, "path": "epoch-0001", "metric": 1.0}, plain]
    found = read_one("index.json", rows).reading.checkpoints
    assert [item.monitor for item in found] == ["loss", None]
    found = read_one("index.json", listing("min", 2.0)).reading.checkpoints
    assert [item.monitor for item in found] == ["m"]


def test_listed_is_not_existing(read_one):
    """Pruning leaves the entry."""
    (found,) = read_one("index.json", listing("min", 1.0)).reading.checkpoints
    assert (found.present, found.path) == (False, "e0")


def test_best_of_the_manager_by_score(read_one):
    """Without `val_loss` the highest score counts, without both the latest epoch."""
    items = [
        {"epoch": 1, "metrics": {"score": 3}, "path": "epoch-1"},
        {"epoch": 2, "metrics": {"score": 5}, "path": "epoch-2"},
    ]
    assert tags(read_one("best.json", {"schema_version": "1", "items": items})) == [(), ("best",)]
    bare = [{"epoch": n, "metrics": {}, "path": f"epoch-{n}"} for n in (10, 2)]
    assert tags(read_one("best.json", {"schema_version": "1", "items": bare})) == [("best",), ()]


def test_checksums_cover_the_last_file_alone(read):
    """Each save overwrites them."""
    text = '{"schema_version": "1.0", "file": "epoch-2.pt", "sha256": "%s", "bytes": 1}' % (
        "a" * 64
    )
    found = read({"checksums.json": text, "epoch-1.pt": b"", "epoch-2.pt": b"x"})
    (item,) = found["checksums.json"].reading.checkpoints
    assert (item.path, item.tags, item.present) == ("epoch-2.pt", ("last",), True)


def test_path_of_another_machine_is_a_name(read_one):
    """An absolute path is never followed; its last element is looked for beside the list."""
    found = read_one("latest.json", {"path": "/etc/../epoch-0003", "checkpoint_sha256": None})
    (item,) = found.reading.checkpoints
    assert (item.path, item.present) == ("epoch-0003", False)


def test_entry_without_a_path_is_dropped(read_one):
    """It is counted."""
    found = read_one("index.json", {"metric_key": "m", "mode": "min", "entries": [{}, 3, ROW]})
    assert (found.reading.accounting.read, found.reading.accounting.dropped) == (1, 2)
