"""Megatron's save directories: by their names and the tracker alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("megatron_checkpoint", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "megatron_checkpoint")


def test_nothing_but_the_tracker_is_opened(bench):
    """Weights are pickles; they are listed, not looked into."""
    found = bench.read("megatron_checkpoint", bench.input("megatron_checkpoint"))
    assert {path: item.opened for path, item in found.items()} == {
        "ck/latest_checkpointed_iteration.txt": ("ck/latest_checkpointed_iteration.txt",)
    }


def test_iterations_of_more_than_seven_digits(read):
    """The name widens."""
    weights = "iter_10000000/mp_rank_00_001_002/model_optim_rng.pt"
    found = read({"latest_checkpointed_iteration.txt": "10000000", weights: "x"})
    (saved,) = found["latest_checkpointed_iteration.txt"].reading.checkpoints
    assert (saved.step, saved.tags) == (10_000_000, ("last",))


def test_converted_weights_are_the_last_ones(read):
    """Where the tracker says `release`, no iteration is."""
    found = read(
        {
            "latest_checkpointed_iteration.txt": "release",
            "release/mp_rank_00/model_optim_rng.pt": "x",
            "iter_0000010/mp_rank_00/model_optim_rng.pt": "x",
        }
    )["latest_checkpointed_iteration.txt"]
    tags = {item.path: item.tags for item in found.reading.checkpoints}
    assert tags == {"release": ("last",), "iter_0000010": ("other",)}


def test_tracker_with_endless_digits(read):
    """It is no iteration, and no number of that length is made."""
    found = read({"latest_checkpointed_iteration.txt": "9" * 5000})
    assert found["latest_checkpointed_iteration.txt"].match == "no"
