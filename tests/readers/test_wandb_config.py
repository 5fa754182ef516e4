"""W&B's config.yaml: values without their wrapping, others' configurations left alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("wandb_config", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "wandb_config")


def test_bare_key_is_told(read_one):
    """A value without its wrapping is taken as it is, with a problem."""
    found = read_one("config.yaml", "wandb_version: 1\nlr: 0.1\n")
    assert found.reading.configs[0].values == {"lr": 0.1}
    assert found.codes == ["unexpected-shape"]


def test_tags_construct_nothing(read_one):
    """A Python object in the file is data."""
    text = "wandb_version: 1\nx:\n  value: !!python/object/apply:os.system [true]\n"
    found = read_one("config.yaml", text)
    assert found.reading.configs[0].values["x"].type == "python/object/apply:os.system"
