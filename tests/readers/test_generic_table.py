"""Tables of nobody's: an axis, numbers, and every row accounted for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("generic_table", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "generic_table")


def test_a_row_without_a_step_has_no_place_on_an_axis_of_steps(read_one):
    """Its epoch does not put it anywhere else."""
    found = read_one("log.csv", "step,epoch,loss\n1,1,0.5\n,2,0.25\n")
    assert found.points("loss") == [[1, 0.5]]
    assert found.reading.accounting.dropped == 1


def test_validation_has_its_own_loss(read_one):
    """`val_loss` is never the loss of the training."""
    found = read_one("log.csv", "step,loss,Valid.Loss\n1,0.5,0.75\n")
    meanings = {batch.spec.key: (batch.spec.canonical, batch.spec.split) for batch in found.batches}
    assert meanings == {"loss": ("loss", "train"), "Valid.Loss": ("eval_loss", "val")}


def test_small_numbers_are_no_times(read_one):
    """A column `time` may be seconds since the start."""
    found = read_one("log.csv", "step,time,loss\n1,0.5,0.25\n2,1700000000,0.5\n")
    (batch,) = [batch for batch in found.batches if batch.spec.key == "loss"]
    assert [value == value for value in batch.times] == [False, True]  # noqa: PLR0124


def test_a_row_per_run_is_no_curve(read_one):
    """All rows stand at the last step of some run each."""
    table = "run,_step,train/loss\na,522,1.0\nb,522,2.0\nc,522,3.0\n"
    assert read_one("summary.csv", table).match == "no"
    assert read_one("one.csv", "_step,train/loss\n522,1.0\n").match == "yes"


def test_an_unknown_name_has_no_split(read_one):
    """Only what is of a training wherever it is used is said to be of it."""
    found = read_one("t.csv", "step,seed,lr,val_bleu,acc\n1,7,0.1,2.0,0.5\n2,7,0.1,3.0,0.5\n")
    splits = {batch.spec.key: batch.spec.split for batch in found.batches}
    assert splits == {"seed": None, "lr": "train", "val_bleu": "val", "acc": None}
