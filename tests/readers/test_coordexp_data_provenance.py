"""CoordExp's data provenance: paths, sizes, digests and sampling of both splits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_data_provenance", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_data_provenance")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_data_provenance")


def test_size_beyond_doubles_is_exact(read_one):
    """A size above 2^53 keeps its low digits."""
    source = {"resolved_path": "/d/a.jsonl", "exists": True, "size_bytes": 2**53 + 1}
    inner = {"split": "train", "dataset_source_jsonl": source}
    document = {"schema_version": 1, "split": "train", "provenance": inner}
    found = read_one("train_data_provenance.json", document)
    assert found.reading.datasets[0].bytes == 2**53 + 1


def test_provenance_that_is_no_object_names_no_data(read_one):
    """A document of another shape is a problem, not a data set."""
    document = {"schema_version": 1, "split": "train", "provenance": ["a.jsonl"]}
    found = read_one("train_data_provenance.json", document)
    assert found.reading.datasets == ()
    assert found.codes == ["unexpected-type"]
