"""The Trainer's state: full doubles, no end row in checkpoints, steps from the rows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("hf_trainer_state", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "hf_trainer_state")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "hf_trainer_state")


def state(*rows, **more):
    """A state with these rows of history."""
    return {"global_step": 10, "max_steps": 40, "log_history": list(rows), **more}


def test_doubles_are_not_rounded(read_one):
    """Tiny learning rates, which logs round to zero, are whole here."""
    row = {"step": 1, "epoch": 0.1, "loss": 5.7604475021362305, "learning_rate": 4.2e-09}
    found = read_one("checkpoint-10/trainer_state.json", state(row))
    assert found.points("learning_rate") == [[1, 4.2e-09]]
    assert found.points("loss") == [[1, 5.7604475021362305]]


def test_state_in_a_checkpoint_is_progress_and_no_end(read_one):
    """The end row is never in a checkpoint, even in the last one."""
    found = read_one("checkpoint-40/trainer_state.json", state(global_step=40))
    assert found.kinds == ["progress"]
    assert found.reading.evidence[0].detail == "state saved at step 40 of 40"


def test_fractional_cadences_are_kept(read_one):
    """Cadences below one are fractions of the run, no steps."""
    found = read_one("checkpoint-10/trainer_state.json", state(eval_steps=0.1, save_steps=0.25))
    assert found.reading.extras["eval_steps"] == 0.1
    assert found.codes == []


def test_only_the_newest_state_knows_the_best_checkpoint(read):
    """What was best at step 10 may have been beaten at step 100."""
    files = {
        f"checkpoint-{step}/trainer_state.json": json.dumps(
            state(global_step=step, best_model_checkpoint=f"/m/checkpoint-{step}", best_metric=1.5)
        )
        for step in (10, 100)
    }
    found = read(files)
    tags = {path: item.reading.checkpoints[0].tags for path, item in found.items()}
    assert tags == {
        "checkpoint-10/trainer_state.json": (),
        "checkpoint-100/trainer_state.json": ("best",),
    }


def test_checkpoint_that_is_gone_keeps_its_path(read_one):
    """`save_total_limit` removes checkpoints; the path as written is all there is."""
    document = state(best_model_checkpoint="/m/run/checkpoint-5")
    found = read_one("checkpoint-10/trainer_state.json", document)
    assert found.reading.checkpoints[0].path == "/m/run/checkpoint-5"


def test_every_odd_token_is_counted(read_one):
    """More than the few that are named one by one."""
    rows = ", ".join(f'{{"step": {step}, "loss": NaN}}' for step in range(1, 13))
    text = f'{{"global_step": 12, "log_history": [{rows}]}}'
    found = read_one("trainer_state.json", text)
    assert found.reading.accounting.reasons == {"non-finite-token": 12}
    assert len(found.points("loss")) == 12


@pytest.mark.parametrize("step", [None, True, "5", 5.5, 2**63, 10**400, [5]])
def test_step_of_another_type_is_none(read_one, step):
    """The value is kept, without a place on the axis."""
    found = read_one("trainer_state.json", state({"step": step, "loss": 1.5}))
    assert found.points("loss") == [[None, 1.5]]


@pytest.mark.parametrize("value", [None, True, "1.5", [1.5], {"a": 1}, 10**400])
def test_loss_that_is_no_number_is_counted(read_one, value):
    """A metric whose meaning is known does not vanish, not even from a single row."""
    found = read_one("trainer_state.json", state({"step": 1, "loss": value}))
    assert found.points("loss") == []
    assert [b.non_numeric for b in found.batches if b.spec.key == "loss"] == [1]


def test_root_state_holds_the_end(read_one):
    """Scripts that save the state at the end keep the end row."""
    row = {"step": 40, "epoch": 1, "train_runtime": 7.5, "train_loss": 2.5}
    found = read_one("trainer_state.json", state({"step": 5, "loss": 3.5}, row))
    assert found.kinds == ["end-marker"]
    assert found.claims == {"resources.train_time_sec": 7.5}
    assert found.series() == {"loss|train", "train_loss|", "train_runtime|"}
