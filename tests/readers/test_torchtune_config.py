"""torchtune configurations: unresolved as they are written, secrets and all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("torchtune_config", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "torchtune_config")


TEXT = """\
model: {_component_: a.b}
tokenizer: {_component_: a.c}
"""


def test_interpolations_are_marked(read_one):
    """Text with `${` is what OmegaConf would resolve; braces of a prompt are text."""
    text = TEXT + "a: ${b}/logs\nprompt: 'say {input}'\nlist: ['${c}', d]\n"
    (config,) = read_one("finetune.yaml", text).reading.configs
    assert config.values["a"].value == "${b}/logs"
    assert config.values["prompt"] == "say {input}"
    assert [str(getattr(item, "type", item)) for item in config.values["list"]] == [
        "unresolved", "d",
    ]  # fmt: skip


def test_a_rate_that_is_text(read_one):
    """`1e-4` has no dot, so that the producer read a text."""
    found = read_one("finetune.yaml", TEXT + "lr: 1e-4\n")
    assert found.reading.configs[0].values["lr"] == "1e-4"
    assert found.codes == ["yaml-readings-differ"]


def test_one_component_is_not_enough(read_one):
    """Other programs name one, too."""
    assert read_one("finetune.yaml", "model: {_component_: a.b}\nepochs: 2\n").match == "no"


def test_unresolved_places_are_not_claimed(read_one):
    """A claim is a place, not a formula."""
    found = read_one("torchtune_config.yaml", TEXT + "output_dir: ${root}/x\n")
    assert found.claims == {}


def test_objects_are_never_made(read_one):
    """A tag is text."""
    text = TEXT + "x: !!python/object/apply:os.system ['true']\n"
    (config,) = read_one("finetune.yaml", text).reading.configs
    assert config.values["x"].type == "python/object/apply:os.system"
