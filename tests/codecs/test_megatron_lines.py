"""Megatron's lines: told by labels, whatever prefix, fork or damage."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import megatron_lines as grammar

CORE = (
    " [2026-02-18 09:14:33] iteration       10/     200 | consumed samples:          320 |"
    " elapsed time per iteration (ms): 1230.0 | learning rate: 3.000000E-04 |"
    " global batch size:    32 | lm loss: 1.103105E+01 | loss scale: 1.0 | grad norm: 5.436 |"
    " number of skipped iterations:   0 | number of nan iterations:   0 |"
)


def one(text):
    (line,) = grammar.iterations(text)
    return line


def test_line_of_core():
    """Iteration, total, time and every number by its label."""
    line = one(CORE)
    assert (line.iteration, line.total, line.stamp) == (10, 200, "2026-02-18 09:14:33")
    assert line.value("lm loss") == 11.03105
    assert line.value("consumed samples") == 320
    assert len(line.figures) == 9
    assert (line.whole, line.notes) == (True, ())


@pytest.mark.parametrize(
    "prefix",
    ["[default7]:", "[node:3]:", "0: ", "12: ", "name/0 ", "[rank-31/32][INFO ] [t.py:2488] : "],
)
def test_prefixes_of_launchers(prefix):
    """What a launcher puts before a line does not hide it."""
    assert one(prefix + CORE).value("lm loss") == 11.03105


def test_microseconds():
    """Since core 0.16 stamps have them."""
    assert one(CORE.replace("33]", "33.223227]")).stamp == "2026-02-18 09:14:33.223227"


def test_iterations_wider_than_their_column():
    """Numbers beyond eight digits widen it."""
    assert one("iteration 123456789/987654321 | lm loss: 1.0 |").iteration == 123456789


@pytest.mark.parametrize(
    ("text", "value"),
    [("NAN", math.nan), ("nan", math.nan), ("INF", math.inf), ("-INF", -math.inf), ("71.0", 71.0)],
)
def test_numbers_that_are_none(text, value):
    """Non-finite numbers are numbers."""
    found = one(f"iteration 1/ 2 | grad norm: {text} |").value("grad norm")
    assert found == value or (math.isnan(found) and math.isnan(value))


def test_a_nan_loss_has_no_field():
    """The line is read all the same."""
    line = one("iteration 1/ 2 | loss scale: 1.0 | number of nan iterations:   1 |")
    assert line.value("lm loss") is None
    assert line.value("number of nan iterations") == 1


def test_rounding_of_both_notations():
    """Half of the last digit, relative where there is an exponent."""
    loss = next(item for item in one(CORE).figures if item.key == "lm loss")
    norm = next(item for item in one(CORE).figures if item.key == "grad norm")
    assert (loss.relative_error, loss.absolute_error) == (5e-7, 0.0)
    assert (norm.relative_error, norm.absolute_error) == (0.0, 5e-4)


def test_free_text_is_a_note():
    """Fields without a number are kept as such."""
    assert one("iteration 1/ 2 | lm loss: 1.0 | fix-router is not reliable |").notes == (
        "fix-router is not reliable",
    )


def test_primus_pairs_and_memory():
    """Now and average, and one number for each part of a label."""
    line = one(
        "iteration 2/ 9 | elapsed time per iteration (ms): 2701.3/2712.7 |"
        " hip mem usage/free/total/usage_ratio: 150.5GB/41.5GB/192GB/78.4% |"
    )
    assert [(item.key, item.value) for item in line.figures] == [
        ("elapsed time per iteration (ms)", 2701.3),
        ("elapsed time per iteration (ms) (avg)", 2712.7),
        ("hip mem usage", 150.5),
        ("hip mem free", 41.5),
        ("hip mem total", 192.0),
        ("hip mem usage_ratio", 78.4),
    ]


def test_glued_lines_are_parted():
    """Two writers without a line end between them."""
    first, second = grammar.iterations(CORE + CORE.replace(" 10/", " 20/"))
    assert (first.iteration, second.iteration) == (10, 20)
    assert (first.whole, second.whole, second.stamp) == (True, True, "2026-02-18 09:14:33")


def test_torn_line_loses_the_field_it_breaks_off_in():
    """A number that was cut short is not a number."""
    line = one("iteration 1/ 2 | lm loss: 1.0 | learning rate: 3.0")
    assert [item.key for item in line.figures] == ["lm loss"]
    assert not line.whole


def test_wrapped_line_is_joined():
    """At a blank or within a number."""
    assert grammar.joined("iteration 1/ 2 | lm", "loss: 1.5 | a: 1 |") == (
        "iteration 1/ 2 | lm loss: 1.5 | a: 1 |"
    )
    assert grammar.joined("iteration 1/ 2 | lm loss: 1.5", "37E+01 |") == (
        "iteration 1/ 2 | lm loss: 1.537E+01 |"
    )
    assert grammar.joined("iteration 1/ 2 | lm loss: 1.5", "saved | ok") is None
    assert grammar.joined("iteration 1/ 2 | lm loss: 1.5", CORE) is None


@pytest.mark.parametrize(
    "text",
    [
        " validation loss at iteration 200 | lm loss value: 5.188511E+00 | ",
        "saving checkpoint at iteration 100 to /x",
        "number of skipped iterations:   0 |",
        "iteration 5 | nothing to see |",
        "elapsed time per iteration (ms): 3 |",
    ],
)
def test_other_lines_are_none(text):
    """The word alone does not make an iteration line."""
    assert grammar.iterations(text) == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("validation loss at iteration 50", (50, "val", False, None)),
        ("validation loss at iteration 50 on validation set", (50, "val", True, None)),
        ("validation loss at iteration 50 on test set", (50, "test", True, None)),
        ("validation-1 loss at iteration 50", (50, "val", False, "1")),
        ("validation-code loss at iteration 50 on test set", (50, "test", True, "code")),
        ("validation loss at the end of training for val data", (None, "val", True, None)),
        ("validation loss at the end of training for test data", (None, "test", True, None)),
        ("[default0]: valid loss at iteration 50", (50, "val", False, None)),
    ],
)
def test_places_of_validation(where, expected):
    """The same iteration may be evaluated three times; the split tells which one it is."""
    line = grammar.validation(f" {where} | lm loss value: 5.0E+00 | lm loss PPL: 1.484132E+02 | ")
    assert (line.iteration, line.split, line.final, line.dataset) == expected
    assert [(item.key, item.capped) for item in line.losses] == [("lm loss", False)]


@pytest.mark.parametrize("loss", ["2.000000E+01", "3.1E+01", "NAN", "INF"])
def test_capped_perplexity_is_none(loss):
    """exp(20) stands for any loss of 20 or more and for none at all."""
    text = f" validation loss at iteration 5 | lm loss value: {loss} | lm loss PPL: 4.851652E+08 | "
    (item,) = grammar.validation(text).losses
    assert item.capped


def test_auxiliary_losses_have_pairs_too():
    """Each with its own value and perplexity."""
    line = grammar.validation(
        " validation loss at iteration 5 | lm loss value: 1.0E+00 | lm loss PPL: 2.7E+00 |"
        " mtp_1 loss value: 2.0E+00 | mtp_1 loss PPL: 7.4E+00 | "
    )
    assert [(item.key, item.loss.value, item.ppl.value) for item in line.losses] == [
        ("lm loss", 1.0, 2.7),
        ("mtp_1 loss", 2.0, 7.4),
    ]


def test_memory_of_a_rank_and_without():
    """One process per line; the oldest versions name none."""
    new = grammar.memory(
        "[Rank 3] (after 10 iterations) memory (MB) | allocated: 1.5 | max allocated: 8223.7"
    )
    old = grammar.memory(" after 10 iterations memory (MB) | allocated: 1.5 | max allocated: 2 |")
    save = grammar.memory(
        "[Rank 0] (before save_checkpoint for iteration 5) memory (MB) | allocated: 1 |"
    )
    assert (new.rank, new.iteration, new.figures[1].value) == ("3", 10, 8223.7)
    assert (old.rank, old.iteration) == (None, 10)
    assert (save.rank, save.iteration) == ("0", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  lr " + "." * 46 + " 0.0006", ("lr", "0.0006")),
        ("  config_logger_dir " + "." * 31 + " ", ("config_logger_dir", "")),
        ("  data_path " + "." * 39 + " ['a b', 'c']", ("data_path", "['a b', 'c']")),
        ("  " + "x" * 50 + "  0.2", ("x" * 50, "0.2")),
        ("  two words", None),
        ("lr .... 1", None),
    ],
)
def test_argument_lines(text, expected):
    """Two blanks, a name, dots up to the 48th column, text."""
    assert grammar.argument(text) == expected


LINES = st.text(alphabet=" |:/[]0123456789.eE+-iteraonlmsvdPRMB()", max_size=300)


@given(text=LINES)
def test_any_text_is_survived(text):
    """No text raises, and what is found are numbers."""
    for sample in (text, "iteration 1/ 2 |" + text, "validation loss at iteration 1 |" + text):
        for line in grammar.iterations(sample):
            assert all(isinstance(item.value, float) for item in line.figures)
        grammar.validation(sample)
        grammar.memory(sample + " memory (MB) |" + text)
        grammar.argument("  " + sample)
        grammar.joined("iteration 1/ 2 | a: 1", sample)


def test_long_line_is_linear():
    """A line of megabytes is looked at up to its limit."""
    assert grammar.iterations("iteration 1/ 2 | a: 1 |" + " a: 1 |" * 1_000_000)
    assert grammar.iterations("iteration " * 500_000) == []
