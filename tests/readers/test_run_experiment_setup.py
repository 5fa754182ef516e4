"""What was set for one run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("run_experiment_setup", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "run_experiment_setup")


def test_it_is_never_all_of_the_configuration(read_one):
    """What is absent has the recipe's value, so it does not stand for the run's parameters."""
    found = read_one("setup_finetune.yaml", "torchtune_model_name: tiny\noutput_dir_base: /out\n")
    assert [config.partial for config in found.reading.configs] == [True]


def test_names_of_other_types_are_no_names(read_one):
    """A run may be called 8 by mistake."""
    text = "torchtune_model_name: tiny\nexperiment_name: [a]\nmy_wandb_run_name: 8\n"
    found = read_one("setup_finetune.yaml", text)
    assert found.claims == {}
    assert found.codes == ["unexpected-type", "unexpected-type"]
