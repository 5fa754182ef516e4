"""Tracebacks in console text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import traceback_text

HEAD = "Traceback (most recent call last):\n"


def test_last_of_several():
    """Of a chain, the last one tells what ended the program."""
    chain = f"x\n{HEAD}  File a\nKeyError: 1\n\nDuring handling:\n\n"
    found = traceback_text.last(f"{chain}{HEAD}  File b\nValueError: 2\n")
    assert (found.error, found.stack) == ("ValueError: 2", f"{HEAD}  File b\nValueError: 2")
    assert not found.followed


def test_message_of_several_lines():
    """The message goes on until a blank line; what follows makes it doubtful."""
    found = traceback_text.last(f"{HEAD}  File a\nRuntimeError: a\nb\n\nepoch 2\n")
    assert found.stack.endswith("RuntimeError: a\nb")
    assert found.followed


@pytest.mark.parametrize("text", ["", "no such thing", "Traceback"])
def test_none(text):
    """A text without one."""
    assert traceback_text.last(text) is None


def test_ignored_exceptions_are_passed_over():
    """What fails in a destructor while the program ends is not why it ends."""
    late = f"Exception ignored in: <function f>\n{HEAD}  File c\nAttributeError: 3\n"
    found = traceback_text.last(f"{HEAD}  File a\nKeyError: 1\n{late}{late}")
    assert (found.error, found.followed) == ("KeyError: 1", False)
    assert traceback_text.last(late) is None


def test_cut_inside():
    """A text that ends within the frames has no error line."""
    found = traceback_text.last(f"{HEAD}  File a")
    assert (found.error, found.followed) == ("", False)


@given(st.text(alphabet="\n\t aF:", max_size=60))
def test_anything(text):
    """Nothing raises, and all comes from the text."""
    found = traceback_text.last(HEAD + text)
    assert found.error in HEAD + text


class _Counted(str):
    """A text that counts the characters that are copied out of it."""

    copied = 0

    def __getitem__(self, key):
        part = super().__getitem__(key)
        type(self).copied += len(part)
        return _Counted(part)


def test_ignored_exceptions_cost_no_copies():
    """A program may print any number of them; the text before them is not copied for each."""
    text = _Counted(f"Exception ignored in: <f>\n{HEAD}" * 2_000)
    assert traceback_text.last(text) is None
    assert _Counted.copied <= len(text)
