"""torchtune's metric log: every line form, starts as attempts, nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "log_1795301172.txt"


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("torchtune_log", case)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "torchtune_log")


@pytest.fixture
def read_text(read):
    """The outcome of one log."""

    def call(text):
        return next(iter(read({NAME: text}).values()))

    return call


def test_single_values_have_no_blank_at_the_end(read_text):
    """Whole lines of either form count whole."""
    found = read_text("Step 1 | loss:2.5\nStep 2 | loss:2.25 \n")
    assert found.points("loss") == [[1, 2.5], [2, 2.25]]
    assert found.codes == []


@pytest.mark.parametrize(
    ("text", "points"),
    [("Step 1 | loss:2.5 lr:0.0", [[1, 2.5]]), ("Step 1 | loss:2.5 ", [[1, 2.5]])],
)
def test_a_torn_line(read_text, text, points):
    """A value that no blank follows may be cut; those before it are whole."""
    found = read_text(text)
    assert found.points("loss") == points
    assert found.points("lr") == []
    assert found.codes == ["truncated"]
    assert found.kinds == ["progress", "death"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("nan", "NaN"),
        ("-inf", "-Infinity"),
        ("1e-05", 1e-05),
        ("3", 3.0),
        ("tensor(2.5)", 2.5),
        ("tensor(2.5, device='cuda:0')", 2.5),
    ],
)
def test_spellings_of_numbers(read_text, written, value):
    """Python's and torch's spellings are numbers; a tensor of one is that one."""
    found = read_text(f"Step 1 | loss:{written} lr:0.5 \n")
    assert found.points("loss") == [[1, value]]
    assert found.points("lr") == [[1, 0.5]]


@pytest.mark.parametrize("written", ["tensor([1., 2.])", "True", "1_0", "0x1", ""])
def test_values_that_are_no_number(read_text, written):
    """They are counted; what follows them is read."""
    found = read_text(f"Step 1 | odd:{written} lr:0.5 \n")
    assert found.series() == {"lr|train"}
    assert found.reading.accounting.reasons == {"non-numeric": 1}


def test_names_and_units(read_text):
    """Memory is GiB, of three kinds; the validation's loss is of another split."""
    keys = ("loss", "lr", "val_loss", "peak_memory_active", "grad_norm", "mine")
    found = read_text("Step 1 | " + "".join(f"{key}:1.5 " for key in keys) + "\n")
    meaning = {b.spec.key: (b.spec.canonical, b.spec.split, b.spec.unit) for b in found.batches}
    assert meaning == {
        "loss": ("loss", "train", "nat/token"),
        "lr": ("learning_rate", "train", None),
        "val_loss": ("eval_loss", "eval", "nat/token"),
        "peak_memory_active": ("gpu_mem", "train", "GiB"),
        "grad_norm": ("grad_norm", "train", None),
        "mine": (None, "train", None),
    }


def test_foreign_lines_are_dropped(read_text):
    """What somebody else printed into the log is counted."""
    found = read_text("Step 1 | loss:2.5 \nhello\n\nStep 2 | loss:2.0 \n")
    assert (found.reading.accounting.read, found.reading.accounting.dropped) == (2, 1)


def test_starts_by_their_second(read):
    """Files of one directory are attempts in the order of the second in their names."""
    later, earlier = "log_1795301942.txt", "log_999999999.txt"
    (found,) = read({later: "Step 3 | loss:1 \n", earlier: "Step 1 | loss:2 \n"}).values()
    assert [mark.at.path for mark in found.marks] == [earlier, later]
    assert found.attempts_of("loss") == [0, 1]


def test_an_empty_log_beside_another(read):
    """A start that logged nothing is an attempt all the same."""
    (found,) = read({NAME: "Step 3 | loss:1 \n", "log_1795301942.txt": ""}).values()
    assert len(found.marks) == 2
    assert found.codes == ["empty"]


def test_no_end_is_read_off_the_log(read_text):
    """It tells how far the attempt came and nothing of its end."""
    assert read_text("Step 1 | loss:2.5 \n").kinds == ["progress"]
