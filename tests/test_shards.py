"""Rotated files as one stream."""

from __future__ import annotations

import pytest

from archiver.artifact import Artifact
from archiver.limits import Limits
from archiver.rundir import RunDir
from archiver.shards import ShardedRows, first_rows, is_blank, missing_shards, shard, sharded


def opened(run: RunDir) -> Artifact:
    tree = run.walk()
    (selection,) = sharded("m.ndjson")(tree)
    return Artifact(run, tree, selection.files, selection.path, Limits())


def test_oldest_file_first(tmp_path):
    """Numbers count as numbers, the file without one comes last, others are no part of it."""
    for name in ("m.ndjson", "m.ndjson.2", "m.ndjson.10", "m.ndjson.bak", "other.ndjson"):
        (tmp_path / name).write_text(f'{{"n": "{name}"}}\n')
    with RunDir(tmp_path, "run", Limits()) as run:
        artifact = opened(run)
        rows = ShardedRows(artifact)
        assert [row["n"] for row, _, _ in rows] == ["m.ndjson.10", "m.ndjson.2", "m.ndjson"]
        assert first_rows(artifact) == [{"n": "m.ndjson.10"}]
        artifact.close()


def test_places_and_figures_are_each_files_own(tmp_path):
    """Line numbers begin anew; flaws say which file they are of; sums are over all."""
    (tmp_path / "m.ndjson.1").write_bytes(b'{"a": 1}\nnonsense\n')
    (tmp_path / "m.ndjson").write_bytes(b'\n{"a": 2}\n{"a": NaN}\n{"a"')
    with RunDir(tmp_path, "run", Limits()) as run:
        rows = ShardedRows(opened(run))
        places = [str(rows.at(line, entry)) for _, line, entry in rows]
        assert places == ["m.ndjson.1#L1", "m.ndjson#L2", "m.ndjson#L3"]
        rows.drop("of no use")
        books = rows.accounting("kind")
        assert (books.read, books.dropped, books.corrupt) == (2, 1, 2)
        assert books.reasons == {
            "syntax": 1, "non-finite-token": 1, "truncated": 1, "of no use": 1,
        }  # fmt: skip
        told = {(problem.code, str(problem.at)) for problem in rows.problems()}
        assert told == {
            ("syntax", "m.ndjson.1#L2"), ("non-finite-token", "m.ndjson#L3"),
            ("truncated", "m.ndjson#L4"),
        }  # fmt: skip
        assert str(rows.torn) == "m.ndjson#L4"
        rows.artifact.close()


def test_a_torn_file_that_is_not_the_last_is_no_death(tmp_path):
    """Only the file that was written to last tells how the writing ended."""
    (tmp_path / "m.ndjson.1").write_bytes(b'{"a": 1}\n{"a"')
    (tmp_path / "m.ndjson").write_bytes(b'{"a": 2}\n')
    with RunDir(tmp_path, "run", Limits()) as run:
        rows = ShardedRows(opened(run))
        list(rows)
        assert rows.torn is None
        rows.artifact.close()


def test_blank(tmp_path):
    """Line ends and NUL bytes are nothing."""
    (tmp_path / "m.ndjson").write_bytes(b"\n\0\0\n")
    with RunDir(tmp_path, "run", Limits()) as run:
        artifact = opened(run)
        assert is_blank(artifact)
        assert first_rows(artifact) == []
        artifact.close()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("metrics.ndjson", ("metrics.ndjson", 0)),
        ("metrics.ndjson.10", ("metrics.ndjson", -10)),
        ("a_metrics.jsonl", ("a_metrics.jsonl", 0)),
        ("metrics.ndjson.bak", None),
        ("metrics.ndjson.13.gz", None),
        ("metrics.ndjson.tmp", None),
        ("metrics.ndjson.0", None),
        ("metrics.ndjson.01", None),
        ("metrics.ndjson.1795166102", None),
        ("error.log.1795166102", None),
        (".ndjson", None),
    ],
)
def test_only_small_whole_numbers_are_ages(name, found):
    """A number without leading zeros is a shard's; everything else behind the name is not."""
    assert shard(name) == found


def test_numbers_that_are_missing():
    """Gaps below the highest number are told; a series from 1 on has none, whatever its length."""
    assert missing_shards([-10, -9, -8, -6, -5, -4, -3, -2, -1, 0]) == [7]
    assert missing_shards([-2, -1, 0]) == []
    assert missing_shards([-3, 0]) == [1, 2]
    assert missing_shards([0]) == []
    assert missing_shards([-999_999, 0]) == []
