"""CoordExp's inference configuration: the other schema of the same name."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_infer_config", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_infer_config")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_infer_config")


def test_training_file_of_the_same_name_and_version_is_not_taken(read_one):
    """`resolved` makes it a training run's, whatever else it holds."""
    document = {"schema_version": 1, "stages": {}, "cfg": {}, "resolved": {}}
    assert read_one("resolved_config.json", document).match == "no"


def test_redacted_secrets_stay_as_the_producer_wrote_them(bench):
    """`<REDACTED>` is the producer's own word."""
    (found,) = bench.read("coordexp_infer_config", bench.input("coordexp_infer_config")).values()
    backend = found.reading.configs[0].values["cfg"]["infer"]["backend"]
    assert backend == {"hf_token": "<REDACTED>", "type": "hf"}


def test_outputs_that_are_null_are_left_out(read_one):
    """An artifact that was not asked for has no path."""
    artifacts = {"run_dir": "out/x", "trace": None, "count": 3}
    found = read_one("resolved_config.json", {"stages": {}, "cfg": {}, "artifacts": artifacts})
    assert found.reading.steps[0].outputs == {"run_dir": "out/x"}
    assert found.codes == ["unexpected-type"]
