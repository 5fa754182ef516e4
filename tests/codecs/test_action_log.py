"""Bracketed records: where one begins and ends, and what becomes of every line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.action_log import ACTIONS, TEXT_CHARACTERS, ActionLog, Record
from archiver.codecs.lines import LineStream
from archiver.limits import DEFAULT

STAMP = "[2026-06-01 10:00:00]"


def read(text: str | bytes) -> tuple[list[Record], ActionLog]:
    """Every record, and the log that gave them."""
    data = text.encode() if isinstance(text, str) else text
    log = ActionLog(LineStream([data] if data else [], DEFAULT))
    return list(log), log


def shape(text: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Action, subject and items of each record."""
    return [
        (record.action, record.subject, [(item.key, item.text) for item in record.items])
        for record in read(text)[0]
    ]


def test_header_and_body() -> None:
    """Keys may have several words; values may hold anything."""
    text = f"{STAMP} SUBMIT_JOB: a/b: c\nDetails: x: y; z -> w\nJob ID: 5\nTotal time: 1\n\n"
    items = [("Details", "x: y; z -> w"), ("Job ID", "5"), ("Total time", "1")]
    assert shape(text) == [("SUBMIT_JOB", "a/b: c", items)]


def test_records_back_to_back() -> None:
    """The blank line may be missing."""
    assert shape(f"{STAMP} A_B: x\n{STAMP} C_D\n") == [("A_B", "x", []), ("C_D", "", [])]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("[kit] INFO: text", "INFO"),
        ("name.of.logger - WARNING: text", "WARNING"),
        ("ERROR text", "ERROR"),
        ("INFO: text", "INFO"),
    ],
)
def test_lines_of_python_logging(line: str, level: str) -> None:
    """They carry a level and no action."""
    (record,), _ = read(f"{STAMP} {line}\n")
    assert (record.action, record.level, record.items[0].text) == ("", level, "text")


def test_milliseconds_after_a_comma() -> None:
    """As Python's logging writes them by default."""
    (record,), _ = read("[2026-06-01 10:00:00,250] INFO text\n")
    assert record.time is not None
    assert record.time.iso() == "2026-06-01T10:00:00.250000"


@pytest.mark.parametrize("line", ["Submit job: x", "submit_job", "SUBMIT JOB: x", "[kit] text"])
def test_stamps_without_an_action(line: str) -> None:
    """They end the record before them and are records of nothing."""
    records, log = read(f"{STAMP} A_B\n{STAMP} {line}\nDetails: x\n")
    assert [(record.action, record.level) for record in records] == [("A_B", ""), ("", "")]
    assert log.flaws.counts == {"unknown-header": 1}


def test_values_over_several_lines() -> None:
    """Lines without a key go on, blanks before them or not."""
    text = f"{STAMP} A_B\nDetails: one\ntwo\n    three\nResult: four\n"
    assert shape(text) == [("A_B", "", [("Details", "one\ntwo\nthree"), ("Result", "four")])]


def test_rejection_ends_at_the_next_header() -> None:
    """What it printed may look like keys, and may hold blank lines."""
    text = f"{STAMP} SUBMIT_JOB: r\nResult: failure: a\nJob ID: 7\n\nError: b\n{STAMP} A_B\n"
    assert shape(text)[0][2] == [("Result", "failure: a\nJob ID: 7\nError: b")]


def test_lines_between_records_are_counted() -> None:
    """They belong to none."""
    _, log = read(f"before\n{STAMP} A_B\nResult: ok\n\nafter\n")
    assert log.stray == 2


def test_glued_records_are_parted() -> None:
    """Behind a value, behind a progress bar drawn with carriage returns or escapes."""
    text = (
        f"{STAMP} A_B\nResult: ok{STAMP} STATE_CHANGE: r\nDetails: d\n"
        f" 10%|# | 1/9\r 20%|## | 2/9\x1b[A{STAMP} ALL_COMPLETE\n"
    )
    records, log = read(text)
    assert [record.action for record in records] == ["A_B", "STATE_CHANGE", "ALL_COMPLETE"]
    assert [item.text for item in records[1].items] == ["d"]
    assert log.noise == 2
    assert log.flaws.counts == {"glued-record": 2}


def test_unknown_action_inside_a_line_is_text() -> None:
    """Only what the toolkit writes is looked for there."""
    assert shape(f"{STAMP} A_B\nDetails: {STAMP} C_D: x\n")[0][2] == [
        ("Details", f"{STAMP} C_D: x")
    ]


def test_torn_value_is_marked() -> None:
    """The last line has no end; what it says may be cut short."""
    (record,), log = read(f"{STAMP} A_B\nDetails: x\nJob ID: 12")
    assert record.whole("Details") is not None
    assert record.whole("Job ID") is None
    assert log.flaws.counts == {"torn-line": 1}


def test_contradicting_values_are_none() -> None:
    """Two different ones in one record are nobody's; the same one twice is one."""
    (record,), _ = read(f"{STAMP} A_B\nJob ID: 1\nJob ID: 2\nResult: x\nResult: x\n")
    assert record.whole("Job ID") is None
    assert record.whole("Result") is not None


def test_bytes_that_are_no_text() -> None:
    """They are replaced and told, wherever they stand."""
    (record,), log = read(STAMP.encode() + b" A_B: x\xc3\nDetails: \xff\n")
    assert (record.subject, record.text("Details")) == ("x\ufffd", "\ufffd")
    assert log.flaws.counts == {"bad-utf8": 2}


def test_long_values_are_cut() -> None:
    """A value has a limit, however many lines it has."""
    (record,), _ = read(f"{STAMP} A_B\nDetails: x\n" + ("y" * 999 + "\n") * 500)
    assert len(record.text("Details")) < 2 * TEXT_CHARACTERS


@pytest.mark.parametrize(
    "unit", [STAMP, STAMP + " STATE_CHANGE", STAMP + " ", "[2026-", "\x1b[", "A ", "A b: "]
)
def test_hostile_lines_come_to_an_end(unit: str) -> None:
    """No pattern goes back over what it has seen again and again: this would take for ever."""
    _, log = read(unit * (2_000_000 // len(unit)) + "\n")
    assert log.lines.tally.lines == 1


@given(
    st.lists(
        st.sampled_from(
            ["[", "]", "2026-06-01 10:00:00", "A_B", ":", " ", "\n", "\r", "Job ID", "é"]
        )
    ).map("".join)
)
def test_any_text_is_read(text: str) -> None:
    """Nothing raises, and every record has its line."""
    records, log = read(text)
    assert len(records) == log.records
    assert all(1 <= record.line <= log.lines.tally.lines for record in records)


def test_known_actions_look_like_actions() -> None:
    """Upper snake case."""
    assert all(word.replace("_", "").isupper() for word in ACTIONS)
