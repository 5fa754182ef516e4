"""Pickles as data: every protocol, nothing looked up, bombs and torn ones bounded."""

from __future__ import annotations

import pickle  # only to write
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.codecs.pickle_inert import parse
from archiver.codecs.pickle_nodes import Call, Global, Mapping
from archiver.codecs.pickle_values import Converter
from archiver.limits import DEFAULT
from archiver.model.values import Tagged

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab~", max_size=3), inner),
    max_leaves=12,
)


class Runs:
    """An object whose pickle calls a function."""

    def __reduce__(self):
        return print, ("executed",)


@given(VALUES, st.integers(0, 5))
def test_what_pickle_writes_comes_back(written, protocol):
    """Plain values of every protocol."""
    data = pickle.dumps(written, protocol)
    found = parse(data)
    assert (found.complete, found.end, found.globals) == (True, len(data), ())
    assert Converter().value(found.value) == written


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_called(protocol, capsys):
    """A function and its arguments are data."""
    found = parse(pickle.dumps(Runs(), protocol))
    assert found.globals == ("builtins.print",)
    assert isinstance(found.value, Call)
    assert found.value.function == Global(found.value.function.module, "print")
    assert found.value.args == ("executed",)
    assert capsys.readouterr().out == ""


def test_persistent_ids_are_references():
    """What lies outside of the pickle, as the storages of tensors do."""
    found = parse(b"\x80\x02X\x02\x00\x00\x00abQ.")
    assert found.value.id == "ab"
    assert parse(b"Pabc\n.").value.id == "abc"


@given(st.binary(max_size=60))
def test_any_bytes_give_an_answer(junk):
    """Nothing raises; what is not finished says so."""
    for data in (junk, b"\x80\x04" + junk, b"(](}" + junk + b"."):
        found = parse(data)
        assert found.complete or found.flaws
        Converter().value(found.value)


@settings(max_examples=50)
@given(st.integers(0, 120), VALUES)
def test_torn_pickles_give_what_was_there(cut, written):
    """Wherever the end is."""
    data = pickle.dumps({"epoch": 3, "rest": written}, 2)
    found = parse(data[:cut])
    assert found.complete == (cut >= len(data))
    Converter().value(found.value)


def test_the_pairs_before_the_cut_are_used():
    """A dictionary is filled at its end; what lies ready for it is put in."""
    data = pickle.dumps({"epoch": 3, "step": 9, "text": "x" * 50}, 2)
    found = parse(data[:-20])
    assert (found.complete, found.flaws.counts) == (False, {"truncated": 1})
    assert Converter().value(found.value) == {"epoch": 3, "step": 9}


def test_too_many_instructions():
    """The machine stops, and says where."""
    found = parse(b"N0" * 50, 0, replace(DEFAULT, pickle_opcodes=10))
    assert not found.complete
    assert [(flaw.code, flaw.place) for flaw in found.flaws] == [("size-limit", "byte 9")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "truncated"),
        (b"\x8e" + b"\xff" * 8 + b".", "truncated"),
        (b"\x96" + b"\xff" * 7 + b"\x7f.", "truncated"),
        (b"T\xff\xff\xff\xff.", "truncated"),
        (b"\x80\x09.", "bad-pickle"),
        (b"a.", "bad-pickle"),
        (b"(0(0u.", "bad-pickle"),
        (b"h\x05.", "bad-pickle"),
        (b"q\x05.", "bad-pickle"),
        (b"Ixyz\n.", "bad-pickle"),
        (b"}(Nu.", "bad-pickle"),
        (b"NN\x93.", "bad-pickle"),
        (b"(o.", "bad-pickle"),
        (b"\xfe.", "bad-pickle"),
        (b"", "empty"),
        (b"cos\nsys", "truncated"),
    ],
)
def test_broken_pickles(data, code):
    """Counts that are not there, groups without beginning, nothing to work on."""
    found = parse(data)
    assert not found.complete
    assert code in found.flaws.counts


def test_long_numbers():
    """A number of millions of digits is not made."""
    found = parse(b"\x80\x02\x8b\x00\x00\x10\x00" + b"\x7f" * (1 << 20) + b".")
    assert found.value == Tagged("long-int", "1048576 bytes")
    assert parse(b"L" + b"9" * 100_000 + b"L\n.").value == Tagged("long-int", "100000 digits")
    assert found.flaws.counts == {"digits-limit": 1}


def test_names_of_python_2():
    """Protocol 2 spells them so."""
    assert parse(b"\x80\x02c__builtin__\neval\n.").globals == ("builtins.eval",)


def test_a_key_may_be_set_twice():
    """The last one counts, as in Python."""
    found = parse(b"}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.").value
    assert isinstance(found, Mapping)
    assert found.get("a") == 2
    assert found.get("b") is None


def test_texts_of_python_2():
    """Escapes of its literals; no warning, no lone surrogate."""
    assert parse(b"S'a\\x41\\n\\d'\n.").value == "aA\n\\d"
    assert parse(b"V\\ud800x\n.").value == "\ufffdx"
    assert parse(b"U\x02\xe9a.").value == "éa"


def remembered(text):
    """The beginning of a pickle with one long text in the memo, as 0."""
    return b"\x80\x04X" + len(text).to_bytes(4, "little") + text + b"q\x00"


def test_long_names_are_not_repeated():
    """The memo makes a module's name of a mebibyte as cheap as one of a letter."""
    names = b"".join(b"h\x00\x8c\x02%02x\x93" % number for number in range(200))
    found = parse(remembered(b"m" * 1_000_000) + names + b".")
    assert found.flaws.counts == {"bad-pickle": 1}
    assert found.globals == ()


def test_globals_are_bounded():
    """Nobody reads a list of a million names."""
    names = b"".join(b"cm\nn%d\n0" % number for number in range(12_000))
    found = parse(b"\x80\x02" + names + b"N.")
    assert found.flaws.counts == {"size-limit": 1}
    assert len(found.globals) <= 10_001
