"""CoordExp's training configuration: authored and merged, types as YAML gave them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_resolved_config", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_resolved_config")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_resolved_config")


def test_authored_numbers_keep_their_types(bench):
    """`5e-3` without a dot came as text and stays text."""
    (found,) = bench.read(
        "coordexp_resolved_config", bench.input("coordexp_resolved_config")
    ).values()
    training = found.reading.configs[0].values["training"]
    assert training["learning_rate"] == "5e-3"
    assert training["logging_first_step"] is True


def test_inference_file_of_the_same_name_and_version_is_not_taken(read_one):
    """`stages` and `cfg` without `resolved` are the inference pipeline's."""
    document = {"schema_version": 1, "config_path": "x", "stages": {}, "cfg": {}}
    assert read_one("resolved_config.json", document).match == "no"


def test_authored_output_directory_is_no_claim(bench):
    """It lacks the run name and the version element: it is not where the run is."""
    (found,) = bench.read(
        "coordexp_resolved_config", bench.input("coordexp_resolved_config")
    ).values()
    assert "paths.workdir" not in found.claims


def test_unknown_sections_are_kept(read_one):
    """Version 1 is additive: what nobody knows is archived all the same."""
    document = {"schema_version": 1, "resolved": {"new/section": {"~": [None, 2**70]}}}
    found = read_one("resolved_config.json", document)
    assert found.reading.configs[0].values == {"new/section": {"~": [None, 2**70]}}
    assert found.codes == []
