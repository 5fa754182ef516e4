"""Checkpoints by their names: what is whole, what is last, what is none."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.readers import torchtune_checkpoint


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("torchtune_checkpoint", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "torchtune_checkpoint")


def test_epochs_are_numbers(read):
    """Epoch 10 comes after epoch 9, and gaps are no fault."""
    found = read({f"epoch_{n}/model-00001-of-00001.bin": "x" for n in (9, 10, 2)})
    tags = {path: item.reading.checkpoints[0].tags for path, item in found.items()}
    assert tags == {"epoch_9": (), "epoch_10": ("last",), "epoch_2": ()}


def test_no_file_is_opened(read):
    """Weights are pickles: names and sizes are all that is looked at."""
    found = read({"epoch_0/adapter_model.pt": "x", "epoch_0/adapter_config.json": "{}"})
    assert found["epoch_0"].opened == ()


def test_an_adapter_beside_shards(read):
    """A merged run whose adapter was not put aside is whole."""
    names = ("adapter_model.pt", "adapter_config.json", "model-00001-of-00001.safetensors")
    files = {f"epoch_0/{name}": "x" for name in (*names, "model.safetensors.index.json")}
    assert read(files)["epoch_0"].codes == []


def test_a_huge_number_of_shards(read):
    """Names are not believed beyond reason."""
    found = read({"epoch_0/model-00001-of-99999.safetensors": "x"})
    assert found["epoch_0"].codes == []


def test_many_epochs_look_at_few_of_each_other(read, monkeypatch):
    """A run may keep the weights of every epoch; none of them looks at all the others."""
    looked = []
    weight = torchtune_checkpoint._is_weight
    monkeypatch.setattr(
        torchtune_checkpoint, "_is_weight", lambda entry: looked.append(1) or weight(entry)
    )
    found = read({f"epoch_{number}/model-00001-of-00001.bin": "x" for number in range(100)})
    tags = [path for path, item in found.items() if item.reading.checkpoints[0].tags]
    assert tags == ["epoch_99"]
    # Recognition, its own weights, the first and the last beside it; the last one sees them all.
    assert len(looked) < 7 * 100
