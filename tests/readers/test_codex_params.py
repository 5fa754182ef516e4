"""Parameters of each start: both shapes in either file, resumes with what changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "codex_params"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check(NAME, case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, NAME)


def test_a_start_without_options(read_one):
    """Everything but the three objects may be missing."""
    found = read_one("params.ndjson", '{"cli": {}, "config": {"a": 1}, "derived": null}\n')
    assert (found.claims, [item.role for item in found.reading.configs]) == ({}, ["resolved"])
    assert found.marks[0].started is None


def test_what_a_resume_changed(read_one):
    """Changed, new and gone parameters, by their dotted names; 1 is not 1.0."""
    rows = ('{"a": {"b": 1, "c": 2}, "d": 3}', '{"a": {"b": 1.0, "c": 2}, "e": 4}')
    text = "".join(f'{{"cli": {{"argv": []}}, "config": {config}}}\n' for config in rows)
    found = read_one("params.ndjson", text)
    assert found.marks[1].params_changed == (("a.b", 1.0), ("e", 4), ("d", None))
