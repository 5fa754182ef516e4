"""Warnings and tracebacks of several ranks in one log."""

from __future__ import annotations

from archiver.producers.llmrunner.faults import Faults

BEGIN = "Traceback (most recent call last):"


def faults(text: str, most: int = 10_000) -> Faults:
    """What a log shows."""
    found = Faults(most)
    for number, line in enumerate(text.encode().split(b"\n"), 1):
        found.take(number, line)
    return found


def test_ranks_are_parted():
    """Each rank's lines are put together; the first that ended is the cause."""
    text = "\n".join(
        [f"[rank1]: {BEGIN}", f"[rank0]: {BEGIN}", "[rank1]:   File a", "[rank0]:   File b",
         "[rank1]: ValueError: one", "[rank0]: ValueError: two"]
    )  # fmt: skip
    found = faults(text)
    assert found.stack == f"{BEGIN}\n  File a\nValueError: one"
    assert found.cause is not None
    assert (found.cause.line, found.cause.last_line) == (1, 5)


def test_the_launchers_exception_is_no_cause():
    """It says only that a child failed; alone it is better than nothing."""
    launcher = f"{BEGIN}\n  File r\ntorch.x.errors.ChildFailedError: \n"
    child = f"{BEGIN}\n  File a\nOSError: disk\n"
    assert faults(child + launcher).stack == f"{BEGIN}\n  File a\nOSError: disk"
    assert "ChildFailedError" in (faults(launcher).stack or "")


def test_chained_exceptions_are_one_traceback():
    """What was raised while handling another belongs to it."""
    text = (
        f"{BEGIN}\n  File a\nKeyError: 'x'\n\n"
        f"During handling of the above exception, another exception occurred:\n\n"
        f"{BEGIN}\n  File b\nValueError: y\n"
    )
    found = faults(text)
    assert found.cause is not None
    assert found.cause.error == "ValueError: y"
    assert (found.stack or "").count(BEGIN) == 2


def test_a_traceback_behind_other_text():
    """A progress bar or an unfinished line may stand before it."""
    assert faults(f" 10%|# {BEGIN}\n  File a\nOSError\n").stack == f"{BEGIN}\n  File a\nOSError"


def test_a_long_traceback_is_cut():
    """Its last lines are counted."""
    frames = "\n".join("  File x" for _ in range(100))
    stack = faults(f"{BEGIN}\n{frames}\nOSError: e", most=100).stack or ""
    assert len(stack) < 200
    assert "more lines" in stack


def test_warnings_are_told_once():
    """With their number, and no more than fifty of them."""
    text = (
        "WARNING: a\n[warn] b\nWARNING: a\nx.py:1: UserWarning: c\nplain\nW0219 22:40:51.1 7 x] d\n"
    )
    assert faults(text).told() == (
        "WARNING: a (2 times)", "[warn] b", "x.py:1: UserWarning: c", "W0219 22:40:51.1 7 x] d",
    )  # fmt: skip
    many = "\n".join(f"WARNING: {n}" for n in range(80))
    assert faults(many).told()[-1] == "… and 30 more warnings"
