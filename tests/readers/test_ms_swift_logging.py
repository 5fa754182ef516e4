"""ms-swift's log: every row, resumes told from ranks, ends told from kills."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.producers.trainer_rows import duration_seconds


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("ms_swift_logging", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "ms_swift_logging")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "ms_swift_logging")


FILE = "logging.jsonl"
DAMAGED = Path(__file__).resolve().parents[2] / "fixtures" / "damaged"
LOGS = sorted(path for path in DAMAGED.iterdir() if path.name.startswith("logging-"))
CODES = {
    "byte order mark": "bom",
    "duplicate key": "duplicate-key",
    "huge integer": "big-integer",
    "nested too deep": "nesting-limit",
    "non-finite": "non-finite-token",
    "not UTF-8": "bad-utf8",
    "nul bytes": "nul-bytes",
    "torn last line": "truncated",
    "two objects": "two-objects",
}
STATE = {"global_step": 10, "log_history": [{"loss": 1.0, "step": 5}]}


def log(*rows):
    """Rows given as (step, elapsed seconds, loss), or as they are."""
    return "".join(f"{json.dumps(made(row))}\n" for row in rows)


def made(row):
    """One row."""
    if isinstance(row, dict):
        return row
    step, elapsed, loss = row
    progress = {"global_step/max_steps": f"{step}/100", "elapsed_time": f"{elapsed}s"}
    return {"loss": loss, "epoch": step / 100, **progress}


def end(step, elapsed):
    """The row that only a finished training writes."""
    row = made((step, elapsed, 1.0))
    return {"train_runtime": 7.5, "train_loss": row.pop("loss"), **row}


def starts(found):
    """Lines on which attempts begin."""
    return [int(str(mark.at).rpartition("L")[2]) for mark in found.marks]


@pytest.mark.parametrize("folder", LOGS, ids=[path.name for path in LOGS])
def test_damage_costs_no_row_but_its_own(bench, folder):
    """Every row that was not hit itself is read; what was hit is named and located."""
    wanted = json.loads((folder / "expected.json").read_text("utf-8"))
    found = bench.read("ms_swift_logging", folder)[FILE]
    steps = sorted(step for step, _ in found.points("loss"))
    gone = {"logging-bad-utf8": [], "logging-deep-nesting": [14], "logging-huge-integer": [13]}
    lost = gone.get(folder.name, wanted["lost_steps"])
    assert steps == [step for step in range(1, 21) if step not in lost]
    counts = found.reading.accounting.reasons
    for damage in wanted["damage"]:
        assert counts[CODES[damage["kind"]]] > 0
    named = {
        str(problem.at).rpartition("#L")[2].partition(":")[0] for problem in found.reading.problems
    }
    lines = {str(d["line"]) for d in wanted["damage"] if d["kind"] != "huge integer"}
    assert named == lines
    assert len(found.marks) == 1


def test_non_finite_points_are_points(bench):
    """NaN and both infinities stay in the curve, in their places."""
    found = bench.read("ms_swift_logging", DAMAGED / "logging-non-finite")[FILE]
    assert found.points("loss")[8:11] == [[9, "NaN"], [10, "Infinity"], [11, "-Infinity"]]


def test_huge_integer_is_counted_as_no_number(bench):
    """No double holds 400 digits; the point is not drawn and not forgotten."""
    found = bench.read("ms_swift_logging", DAMAGED / "logging-huge-integer")[FILE]
    assert sum(b.non_numeric for b in found.batches if b.spec.key == "loss") == 1


@pytest.mark.parametrize(
    ("rows", "begun"),
    [
        pytest.param([(25, 11, 3.0), (30, 12, 2.0), (25, 5, 3.1)], [1, 3], id="step-goes-back"),
        pytest.param([(5, 2, 3.0), (10, 4, 2.0), (5, 9, 3.1)], [1, 3], id="slower-than-before"),
        pytest.param([(20, 90, 3.0), (25, 20, 2.9)], [1, 2], id="clock-starts-again"),
        pytest.param([(30, 12, 2.0), (30, 9, 2.1)], [1, 2], id="same-step-other-loss"),
        pytest.param([(1, 8, 5.0), (1, 3, 5.0), (5, 20, 4.0), (5, 15, 4.0)], [1], id="two-ranks"),
        pytest.param([(5, 10, 4.0), (10, 9, 3.0)], [1], id="clocks-differ-a-little"),
        pytest.param([(0, 0, 6.0), (1, 1, 5.0), (5, 1, 4.0)], [1], id="same-second"),
    ],
)
def test_resume_is_told_from_a_second_rank(read_one, rows, begun):
    """A step or a clock that goes back is a restart; a row that stands twice is not."""
    assert starts(read_one(FILE, log(*rows))) == begun


def test_rows_without_a_clock_start_again_where_steps_go_back(read_one):
    """Files before 2.6 have `global_step` alone."""
    rows = [{"loss": 1.0, "global_step": step} for step in (5, 5, 10, 10, 5, 10)]
    assert starts(read_one(FILE, log(*rows))) == [1, 5]


def test_row_after_the_state_row_is_a_new_attempt(read_one):
    """The state row was the last thing that its process wrote, whatever the clock says."""
    found = read_one(FILE, log((10, 5, 3.0), STATE, (15, 6, 2.5)))
    assert starts(found) == [1, 3]
    assert found.kinds == ["failure", "running-word"]


def test_other_ranks_end_row_after_the_state_row_is_none(read_one):
    """Two ranks end one after the other."""
    found = read_one(FILE, log((10, 5, 3.0), end(10, 6), STATE, end(10, 5), STATE))
    assert starts(found) == [1]
    assert found.kinds == ["end-marker"]


def test_training_continued_after_its_end(read_one):
    """More steps after an end row are a new attempt, and it has not ended yet."""
    found = read_one(FILE, log((10, 9, 3.0), end(10, 9), (15, 8, 2.5)))
    assert starts(found) == [1, 3]
    assert found.kinds == ["end-marker", "running-word"]


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([(5, 1, 2.0), end(5, 2)], ["end-marker"]),
        ([(5, 1, 2.0), end(5, 2), STATE], ["end-marker"]),
        ([(5, 1, 2.0), STATE], ["failure"]),
        ([(5, 1, 2.0)], ["running-word"]),
        ([STATE], ["failure"]),
    ],
)
def test_how_the_log_ends(read_one, rows, kinds):
    """A state row without an end row means that training raised."""
    assert read_one(FILE, log(*rows)).kinds == kinds


def test_history_of_the_state_row_is_no_curve(read_one):
    """It repeats every row at another precision."""
    found = read_one(FILE, log((5, 1, 2.0), STATE))
    assert found.series() == {"loss|train"}
    assert found.points("loss") == [[5, 2.0]]


def test_memory_is_not_the_gpus(read_one):
    """On a CPU the same key is the process's memory: nothing is claimed of it."""
    row = made((5, 1, 2.0)) | {"memory(GiB)": 0.5}
    found = read_one(FILE, log(row))
    (batch,) = [b for b in found.batches if b.spec.key == "memory(GiB)"]
    assert (batch.spec.canonical, batch.spec.unit) == (None, "GiB")
    assert found.claims == {}


def test_carried_values_are_marked(read_one):
    """`snapshot/` repeats the last value seen; it measures nothing at its step."""
    found = read_one(FILE, log(made((5, 1, 2.0)) | {"snapshot/loss": 1.5}))
    attributes = {b.spec.key: dict(b.spec.attributes) for b in found.batches}
    assert attributes == {"loss": {}, "snapshot/loss": {"carried_forward": "yes"}}


def test_values_are_known_to_be_rounded(read_one):
    """Eight decimals: the true value may be half of the last one away."""
    found = read_one(FILE, log((5, 1, 2.0)))
    assert {b.spec.absolute_error for b in found.batches} == {0.5e-8}


@pytest.mark.parametrize("progress", [None, 5, "x/5", "-1/5", "", "/", "9" * 40 + "/5"])
def test_odd_progress_is_no_step(read_one, progress):
    """The row's values are kept, without a place on the axis."""
    found = read_one(FILE, log({"loss": 2.0, "global_step/max_steps": progress}))
    assert found.points("loss") == [[None, 2.0]]


def test_no_steps_at_all(read_one):
    """`0/0` is a step, of a run that planned none."""
    found = read_one(FILE, log({"eval_loss": 2.0, "global_step/max_steps": "0/0"}))
    assert found.points("eval_loss", "eval") == [[0, 2.0]]
    assert found.reading.evidence[0].detail == "rows stop at step 0 without an end row"


@pytest.mark.parametrize("loss", [None, "nan", True, [1.0]])
def test_loss_that_is_no_number_is_counted(read_one, loss):
    """Also where it is the only row of its form."""
    found = read_one(FILE, log((1, 1, 2.0), made((5, 2, loss)) | {"extra": 1}))
    assert found.points("loss") == [[1, 2.0]]
    assert sum(b.non_numeric for b in found.batches if b.spec.key == "loss") == 1


def test_texts_are_no_series(read_one):
    """A text that goes with a row is no measurement."""
    found = read_one(FILE, log(made((1, 1, 2.0)) | {"note": "x"}))
    assert found.series() == {"loss|train"}


def test_checkpoint_that_is_there_is_named_by_its_place(read):
    """The recorded path is the training machine's."""
    row = {
        **STATE,
        "last_model_checkpoint": "/m/run/checkpoint-10",
        "best_model_checkpoint": "/m/x",
    }
    found = read({FILE: log((5, 1, 2.0), row), "checkpoint-10/config.json": "{}"})[FILE]
    paths = {item.tags: item.path for item in found.reading.checkpoints}
    assert paths == {("last",): "checkpoint-10", ("best",): "/m/x"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7s", 7), ("2m 6s", 126), ("1h 2m 3s", 3723), ("1d 0h 4m 9s", 86649), ("0s", 0),
        ("", None), ("s", None), ("7", None), ("1m  2s", None), ("-1s", None), ("1.5s", None),
        ("9" * 40 + "s", None),
    ],
)  # fmt: skip
def test_duration(text, seconds):
    """Units from days to seconds; anything else is no duration."""
    assert duration_seconds(text) == seconds


def test_blank_file_is_told(read_one):
    """Line ends alone are no rows; silence about them would look like a run without a log."""
    found = read_one(FILE, "\n\n")
    assert (found.match, found.codes) == ("damaged", ["empty"])
