"""Tracebacks of many ranks in one log, and torchrun's table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.rank_tracebacks import Tracebacks

BEGIN = "Traceback (most recent call last):"


def collected(text, most=10_000):
    found = Tracebacks(most)
    for number, line in enumerate(text.split("\n"), 1):
        found.feed(number, line)
    return found


def test_ranks_are_told_apart():
    """Line by line between each other."""
    found = collected(
        f"[rank1]: {BEGIN}\n[rank0]: {BEGIN}\n[rank1]:   File a\n[rank0]:   File b\n"
        "[rank0]: ValueError: zero\n[rank1]: ValueError: one\n[rank1]: more of it\n"
    )
    assert found.traces["[rank0]: "][0].text == f"{BEGIN}\n  File b\nValueError: zero"
    assert found.traces["[rank1]: "][0].text.endswith("ValueError: one\nmore of it")
    assert found.root().error == "ValueError: one"


def test_generic_exception_of_the_launcher_is_not_the_error():
    """What failed is told before it, on the rank that failed first."""
    found = collected(
        f"[rank0]: {BEGIN}\n[rank0]: ValueError: zero\n[rank1]: {BEGIN}\n[rank1]: OSError: one\n"
        f"{BEGIN}\n  File c\ntorch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n"
        "====================\nx.py FAILED\n--------------------\nFailures:\n"
        "  <NO_OTHER_FAILURES>\n--------------------\nRoot Cause (first observed failure):\n[0]:\n"
        "  time      : 2026-02-19_22:46:37\n  host      : node-a02\n"
        "  rank      : 1 (local_rank: 1)\n  exitcode  : -9 (pid: 4222)\n  error_file: <N/A>\n"
        "  traceback : Signal 9 (SIGKILL) received by PID 4222\n====================\nrank : x\n"
    )
    assert found.root().error == "OSError: one"
    (row,) = found.failures
    assert (row.root, row.host, row.rank, row.local_rank, row.exit_code, row.time) == (
        True, "node-a02", "1", "1", -9, "2026-02-19 22:46:37",
    )  # fmt: skip


def test_chained_exceptions_are_one():
    """The last one that says something is the error."""
    found = collected(
        f"{BEGIN}\n  File a\nKeyError: 1\n\nDuring handling of the above exception, another\n\n"
        f"{BEGIN}\n  File b\nValueError: two\nafter it\n"
    )
    (trace,) = found.traces[""]
    assert trace.errors == ["KeyError: 1", "ValueError: two"]
    assert found.root().error == "ValueError: two"


def test_line_of_a_stranger_between_frames():
    """It is left out, and the traceback goes on."""
    found = collected(f"{BEGIN}\n  File a\nepoch 3 done\n  File b\nOSError: x\n")
    assert found.root().text == f"{BEGIN}\n  File a\n  File b\nOSError: x"


def test_glued_traceback():
    """A line that was never finished stands before it."""
    assert collected(f"elapsed time per iter{BEGIN}\n  f()\nOSError: x\n").root().error == (
        "OSError: x"
    )


def test_long_traceback_is_cut_with_a_count():
    """The limit is in characters."""
    found = collected(f"{BEGIN}\n" + "  f()\n" * 100 + "OSError: x\n", most=100)
    assert found.root().text.endswith("more lines")
    assert found.root().error == "OSError: x"


def test_table_that_never_ends_swallows_nothing():
    """A line of another form ends it."""
    found = Tracebacks(100)
    assert found.feed(1, "Failures:")
    assert not found.feed(2, "[after training is done] datetime: x")
    assert not found.feed(3, "  rank : 1")


PIECES = (
    BEGIN, "[rank1]: " + BEGIN, "  f()", "[rank1]:   g()", "OSError: x", "[rank1]: E: y", "",
    "Failures:", "[0]:", "  rank : 1", "  exitcode : x", "=" * 30, "\0",
    "During handling of the above exception",
)  # fmt: skip


@given(lines=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_order_is_survived(lines):
    """No order of lines raises."""
    found = collected("\n".join(lines))
    root = found.root()
    assert root is None or root.error


def test_marks_without_end_are_followed_and_not_kept():
    """Each line may begin a traceback of another rank; memory does not grow with them."""
    found = Tracebacks(10_000)
    for number in range(1, 30_001):
        found.feed(number, f"[rank{number}]: {BEGIN}")
        assert found.feed(number, f"[rank{number}]:   File a") is (number <= 10_000)
    assert len(found.traces) == 64
    assert len(found._open) == 10_000
    assert sum(len(trace.lines) for trace in found._open.values()) == 64 * 2


def test_a_chain_without_end_keeps_its_first_errors():
    """Every exception of a chain is a line of its own."""
    chain = f"{BEGIN}\nKeyError: 1\nDuring handling of the above exception\n" * 500
    found = collected(chain)
    assert sum(len(trace.errors) for trace in found.traces[""]) <= 50 * 8
