"""CoordExp's mirrored log: attempts, warnings, and which traceback ended it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_train_log", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_train_log")


HEAD = "[2026-03-01 08:00:00] [INFO] [swift] "
FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\n'


def test_error_is_the_exception_not_what_follows(read_one):
    """CUDA's advice comes after the exception's own line."""
    text = FRAMES + "RuntimeError: CUDA error\nFor debugging consider passing X=1\n"
    assert read_one("train.log", HEAD + "begin\n" + text).reading.steps[0].error == (
        "RuntimeError: CUDA error"
    )


def test_traceback_behind_a_progress_bar(read_one):
    """A bar has no line end; the traceback stands behind it."""
    found = read_one(
        "train.log", HEAD + "begin\n\r 10%|#  | 2/20 [00:02]" + FRAMES + "OSError: x\n"
    )
    assert found.reading.steps[0].error == "OSError: x"
    assert found.kinds == ["failure"]


def test_traceback_within_a_record(read_one):
    """A logged exception begins on the record's own line."""
    found = read_one("train.log", HEAD + FRAMES + "OSError: x\n")
    assert found.reading.steps[0].error == "OSError: x"


def test_handled_exception_is_no_failure(read_one):
    """Work went on after it."""
    found = read_one("train.log", HEAD + "begin\n" + FRAMES + "OSError: x\n" + HEAD + "go on\n")
    assert found.reading.steps[0].error is None
    assert found.kinds == []


@pytest.mark.parametrize("stop", ["KeyboardInterrupt", "SignalException: got signal: 15"])
def test_signal_is_an_interruption(read_one, stop):
    """Somebody stopped it; it did not fail."""
    found = read_one("train.log", HEAD + "begin\n" + FRAMES + stop + "\n")
    assert found.kinds == ["interruption"]


def test_restart_begins_with_its_arguments(read_one):
    """Every start prints its arguments once; the log is appended to."""
    start = HEAD + "args: TrainArguments(\n_n_gpu=-1,\n)\n"
    found = read_one("mirror.log", HEAD + "config=x\n" + start + HEAD + "saved\n" + start)
    assert [str(mark.at) for mark in found.marks] == ["mirror.log#L1", "mirror.log#L6"]


def test_stamps_have_no_zone(read_one):
    """The local clock is told as such."""
    found = read_one("train.log", HEAD + "begin\n")
    assert found.claims == {"summary.started_at": "2026-03-01T08:00:00"}
    assert found.marks[0].started.clock.value == "naive"


def test_log_of_another_form_is_not_taken(read_one):
    """The name alone does not make it."""
    assert read_one("train.log", "2026-03-01 08:00:00 INFO begin\n").match == "no"


def test_line_beyond_the_limit_is_cut(read_one):
    """One endless line does not hide the record after it."""
    found = read_one("train.log", HEAD + "begin\n" + "x" * 3_000_000 + "\n" + HEAD + "end\n")
    assert found.reading.extras == {"records": 2}
