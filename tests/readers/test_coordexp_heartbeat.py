"""CoordExp's heartbeat: starts, resumes and the ends that only it tells apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_heartbeat", case)


@settings(max_examples=50)
@given(data=st.data())
def test_wrong_types_never_raise(bench, data):
    """Any value may be of any JSON type, any key may be missing."""
    bench.survives(data, "coordexp_heartbeat")


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_heartbeat")


FILE = "train_heartbeat.rank0.jsonl"


def beat(*events):
    """Rows of these events, a second apart, with a step where one is given."""
    rows = []
    for second, event in enumerate(events):
        name, _, step = event.partition("@")
        row = {"ts": f"2026-03-01T00:00:{second:02}+00:00", "event": name}
        rows.append(json.dumps(row | ({"global_step": int(step)} if step else {})))
    return "".join(f"{row}\n" for row in rows)


START = ("heartbeat_enabled", "trainer_init_start", "trainer_init_done", "train_call_enter")


@pytest.mark.parametrize(
    ("ending", "kind", "word"),
    [
        (("train_end@9", "train_call_return", "train_call_finally"), "terminal-word", "success"),
        (("train_end@9", "train_call_return"), "terminal-word", "success"),
        (("train_call_exception", "train_call_finally"), "terminal-word", "failed"),
        (("train_call_oom", "train_call_finally"), "terminal-word", "failed"),
        (("train_end@9", "train_call_exception"), "terminal-word", "failed"),
        (("train_end@9",), "end-marker", ""),
        (("train_call_finally",), "interruption", ""),
        (("periodic@9",), "running-word", ""),
        ((), "running-word", ""),
    ],
)
def test_how_a_process_ended(read_one, ending, kind, word):
    """Return, failure, interrupt and a kill each leave another trace."""
    found = read_one(FILE, beat(*START, "train_begin@0", *ending))
    (sign,) = found.reading.evidence
    assert (sign.kind.value, sign.word) == (kind, word)
    assert sign.time == found.marks[0].ended


def test_end_of_a_killed_run_is_not_claimed(read_one):
    """Only an end event says when a run was finished."""
    found = read_one(FILE, beat(*START, "train_begin@0", "log@5"))
    assert set(found.claims) == {"summary.started_at"}


def test_exception_is_named(read_one):
    """The exception's type stands in the evidence."""
    row = {
        "ts": "2026-03-01T00:01:00+00:00",
        "event": "train_call_exception",
        "exc_type": "OSError",
    }
    found = read_one(FILE, beat(*START) + json.dumps(row) + "\n")
    assert found.reading.evidence[0].detail == "train_call_exception (OSError)"


def test_restart_has_its_resume_step(read_one):
    """`train_begin` of a resumed process states the steps already done."""
    found = read_one(FILE, beat(*START, "train_begin@0", "save@20", *START, "train_begin@20"))
    assert [mark.resume_step for mark in found.marks] == [0, 20]
    assert [sign.attempt for sign in found.reading.evidence] == [0, 1]


def test_signs_of_life_before_the_trainer_are_no_restart(read_one):
    """Loading a model takes longer than the thirty seconds between two signs of life."""
    found = read_one(FILE, beat(START[0], "periodic", "periodic", *START[1:], "train_begin@0"))
    assert len(found.marks) == 1


def test_process_that_died_before_the_trainer_is_an_attempt(read_one):
    """Two first events in a row are two processes."""
    found = read_one(FILE, beat(START[0], *START, "train_begin@0"))
    assert len(found.marks) == 2


def test_quiet_events_stay_off_the_timeline(read_one):
    """Periodic signs and log rows would drown the rest."""
    found = read_one(FILE, beat(*START, "periodic@1", "log@1", "save@1"))
    assert [event.kind for event in found.reading.events] == [*START, "save"]


def test_steps_of_other_types_are_left_out(read_one):
    """`true` is no step."""
    row = {"ts": "2026-03-01T00:01:00+00:00", "event": "train_begin", "global_step": True}
    found = read_one(FILE, beat(*START) + json.dumps(row) + "\n")
    assert found.marks[0].resume_step is None
    assert found.reading.events[-1].detail == ""
