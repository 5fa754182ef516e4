"""Lightning's sparse rows: every cell its own point, blanks absent, other tables unknown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HPARAMS = {"hparams.yaml": "{}\n"}


def read_csv(read, text, **beside):
    """The outcome of one metrics.csv beside parameters."""
    return read({"metrics.csv": text, **HPARAMS, **beside})["metrics.csv"]


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("lightning_metrics_csv", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "lightning_metrics_csv")


def test_a_blank_cell_is_no_zero(read):
    """A key that was not logged in a row has no point there."""
    found = read_csv(read, "epoch,step,a,b\r\n0,1,0.0,\r\n0,2,,3\r\n")
    assert found.points("a", None) == [[1, 0.0]]
    assert found.points("b", None) == [[2, 3.0]]


def test_learning_rates_have_no_epoch(bench):
    """Their rows leave it empty; nothing is filled in."""
    outcome = bench.read("lightning_metrics_csv", bench.input("lightning_metrics_csv"))
    batches = {batch.spec.key: batch for batch in outcome["metrics.csv"].batches}
    assert all(math.isnan(epoch) for epoch in batches["lr-AdamW"].epochs)
    assert list(batches["train_loss_epoch"].epochs) == [0.0, 1.0]
    assert list(batches["test_loss"].epochs) == [2.0]


def test_validations_of_one_epoch_are_points_of_their_own(read):
    """Several rounds per epoch, at other steps, are never averaged."""
    found = read_csv(read, "epoch,step,val_loss\r\n0,4,1.0\r\n0,9,0.5\r\n0,9,\r\n")
    assert found.points("val_loss", "eval") == [[4, 1.0], [9, 0.5]]


def test_a_step_may_come_twice(read):
    """The validation and the end of the epoch share one."""
    text = "epoch,step,train_loss,val_loss\r\n0,5,,0.5\r\n0,5,1.5,\r\n0,5,,0.25\r\n"
    assert read_csv(read, text).points("val_loss", "eval") == [[5, 0.5], [5, 0.25]]


def test_canonical_names(bench):
    """The finer reduction is the training loss; loaders are labels; a test is no evaluation."""
    outcome = bench.read("lightning_metrics_csv", bench.input("lightning_metrics_csv"))
    specs = {batch.spec.key: batch.spec for batch in outcome["metrics.csv"].batches}
    assert {key: spec.canonical for key, spec in specs.items()} == {
        "lr-AdamW": "learning_rate",
        "test_loss": "test_loss",
        "train/acc": "accuracy",
        "train_loss_epoch": "mean_loss",
        "train_loss_step": "loss",
        "val_loss/dataloader_idx_0": "eval_loss",
        "val_loss/dataloader_idx_1": "eval_loss",
    }
    assert specs["val_loss/dataloader_idx_1"].labels == (("dataloader", "1"),)
    attributes = (("reduction", "step"), ("first_step", "0"))
    assert specs["train_loss_step"].attributes == attributes


def test_names_may_hold_anything(read):
    """Commas, slashes, blanks and line ends in a quoted header."""
    text = 'epoch,step,"a, b","val/x\ny"\r\n0,1,2.0,\r\n0,1,,3.0\r\n'
    found = read_csv(read, text)
    assert found.points("a, b", None) == [[1, 2.0]]
    assert found.points("val/x\ny", "eval") == [[1, 3.0]]


def test_non_finite_numbers(read):
    """As Python spells them."""
    text = "epoch,step,val_loss\r\n0,1,nan\r\n1,2,inf\r\n2,3,-inf\r\n3,4,\r\n"
    points = read_csv(read, text).points("val_loss", "eval")
    assert points == [[1, "NaN"], [2, "Infinity"], [3, "-Infinity"]]


def test_texts_are_counted(read):
    """A column may hold a text; its numbers are read."""
    found = read_csv(read, "epoch,step,a,b\r\n0,1,tensor(1.),\r\n0,2,2.0,\r\n")
    assert found.points("a", None) == [[2, 2.0]]
    assert found.codes == ["non-numeric"]
    assert [batch.non_numeric for batch in found.batches] == [1]


def test_a_row_without_a_step(read):
    """Rows behind those that recognition looks at; the value is kept, without a place."""
    rows = "".join(f"0,{n},1.0,\r\n" for n in range(300))
    found = read_csv(read, f"epoch,step,a,b\r\n{rows}0,x,2.0,\r\n0,,3.0,\r\n")
    assert found.points("a", None)[-2:] == [[None, 2.0], [None, 3.0]]
    assert [str(p.at) for p in found.reading.problems] == ["metrics.csv#L302"]


def test_two_columns_of_one_name(read):
    """The first one is read, the second told."""
    found = read_csv(read, "a,a,epoch,step\r\n1.0,2.0,0,1\r\n,,0,2\r\n")
    assert found.points("a", None) == [[1, 1.0]]
    assert found.codes == ["duplicate-column"]


def test_progress_names_its_line(bench):
    """The last step and where it stands; it is no end."""
    outcome = bench.read("lightning_metrics_csv", bench.input("lightning_metrics_csv"))
    (evidence,) = outcome["metrics.csv"].reading.evidence
    assert evidence.detail == "last row at step 12, counted from 0"
    assert str(evidence.at) == "metrics.csv#L12"


def test_columns_that_appear_later_are_in_the_header(read):
    """The file is written anew then: early rows are blank there, none is ragged."""
    found = read_csv(read, "epoch,late,step,x\r\n0,,1,1.0\r\n1,5.0,2,2.0\r\n")
    assert found.reading.accounting.corrupt == 0
    assert found.points("late", None) == [[2, 5.0]]


def test_a_row_run_together_with_the_next_gives_nothing(read):
    """A killed writer's rest, joined by the next one: the cells may stand anywhere."""
    found = read_csv(read, "epoch,step,x\r\n0,1,1.0\r\n0,2,0.50,3,4.0\r\n0,3,\r\n")
    assert found.points("x", None) == [[1, 1.0]]
    books = found.reading.accounting
    assert (books.read, books.corrupt, books.reasons["ragged-row"]) == (2, 1, 1)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_do_not_matter(read, end):
    """A repository may have turned CR LF into LF."""
    text = end.join(("epoch,step,val_loss,x", "0,1,0.5,", "0,1,,2.0", ""))
    assert read_csv(read, text).points("val_loss", "eval") == [[1, 0.5]]


VERSIONS = {
    "lightning_logs/version_9/metrics.csv": "epoch,step,x,val_loss\r\n0,2,1.0,\r\n1,5,,3.0\r\n",
    "lightning_logs/version_10/metrics.csv": "epoch,step,x,val_loss\r\n1,3,2.0,\r\n1,5,,4.0\r\n",
    "other/version_3/metrics.csv": "epoch,step,x,val_loss\r\n0,0,1.0,\r\n0,1,,1.0\r\n",
}


def test_versions_of_one_run_are_its_starts(read):
    """Side by side in one run they share their series; N counts, not the name's spelling."""
    found = read(VERSIONS)
    first, second = (found[f"lightning_logs/version_{n}/metrics.csv"] for n in (9, 10))
    family = "lightning_logs/version_*/metrics.csv"
    assert {batch.spec.source for item in (first, second) for batch in item.batches} == {family}
    for item, attempt, step in ((first, 0, 2), (second, 1, 3)):
        (trail,) = item.reading.attempts
        assert (trail.family, trail.marks[0].first_step) == (family, step)
        assert {(batch.attempt, batch.family) for batch in item.batches} == {(attempt, family)}
        (sign,) = item.reading.evidence
        assert (sign.attempt, sign.family) == (attempt, family)


def test_a_version_alone_is_no_attempt(read):
    """Another logger's versions are counted by themselves."""
    found = read(VERSIONS)["other/version_3/metrics.csv"]
    assert found.reading.attempts == ()
    own = "other/version_3/metrics.csv"
    assert {(batch.spec.source, batch.family) for batch in found.batches} == {(own, "")}


def test_a_test_stands_at_the_number_of_steps_done(bench):
    """12 steps were done: the last training row is step 11, that of the test is step 12."""
    outcome = bench.read("lightning_metrics_csv", bench.input("lightning_metrics_csv"))
    batches = outcome["metrics.csv"].batches
    specs = {batch.spec.key: batch.spec for batch in batches}
    assert specs["test_loss"].attributes == ()
    last = {batch.spec.key: batch.steps[-1] for batch in batches}
    assert (last["train_loss_step"], last["test_loss"]) == (11, 12)
