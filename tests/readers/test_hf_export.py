"""Exported models: a configuration beside weights, and not an input of the run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("hf_export", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "hf_export")


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "hf_export")


def test_version_is_that_of_the_saving_library(bench):
    """It is told as derived, with a note; it need not be the run's."""
    found = bench.read("hf_export", bench.input("hf_export"))["model/hf/config.json"]
    (saved_by,) = found.reading.dependencies
    assert saved_by.note.startswith("version that saved the model's config.json")
