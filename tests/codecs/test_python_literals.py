"""Python settings: every literal as data, everything else told and never run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.python_literals import EXPRESSION, parse
from archiver.limits import DEFAULT
from archiver.model.values import Tagged, to_json


def expression(text: str) -> Tagged:
    """What is not evaluated."""
    return Tagged(EXPRESSION, text)


LITERALS = (
    ("X = 1", 1),
    ("X = -1", -1),
    ("X = +1.5", 1.5),
    ("X = 1e-5", 1e-5),
    ("X = 0x10", 16),
    ("X = True", True),
    ("X = None", None),
    ("X = 'a' \"b\"", "ab"),
    ("X = '''a\nb'''", "a\nb"),
    ("X = [1, (2, 'c'), {}]", [1, [2, "c"], {}]),
    ("X = {'a': [1]}", {"a": [1]}),
    ("X: int = 3", 3),
    ("X = Y = 3", 3),
    ("X, Y = 1, 2", 1),
    ("[X] = ['a']", "a"),
    ("X = b'a'", Tagged("bytes", "YQ==")),
)
EXPRESSIONS = (
    "f()", "a.b", "NAME", "f'x'", "1 + 1", "[1, f()]", "{**a}", "not True", "-'a'", "...", "1j",
    "lambda: 0", "[x for x in y]", "-True",
)  # fmt: skip


@pytest.mark.parametrize(("source", "value"), LITERALS)
def test_literal(source, value):
    """Literals in every form that an assignment may take."""
    found = parse(source.encode())
    assert found.values["X"] == value
    assert type(found.values["X"]) is type(value)
    assert (found.complete, found.flaws.counts) == (True, {})


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_expression_is_kept_as_text(source):
    """What Python would have to run is told with its source."""
    found = parse(f"X = {source}\n".encode())
    assert found.values == {"X": expression(source)}
    assert found.flaws.counts == {"dynamic": 1}
    assert found.complete


def test_nothing_is_executed(tmp_path):
    """A module that would write a file when it is run does not."""
    target = tmp_path / "run"
    source = f"X = open({str(target)!r}, 'w')\n__import__('os').mkdir({str(target)!r})\n"
    parse(source.encode())
    assert not target.exists()


def test_last_assignment_wins():
    """As when the module is run."""
    found = parse(b"X = 1\nX = 2\n")
    assert (found.values, found.lines) == ({"X": 2}, {"X": 2})
    assert found.flaws.counts == {"duplicate-name": 1}


def test_names_of_a_block_are_dynamic():
    """What an `if` or a loop binds depends on running it."""
    found = parse(b"X = 1\nif a:\n    X = 2\nfor i in y: pass\nX2 = 0\nX2 += 1\ndel Z\n")
    assert found.values == {
        "X": expression("if a:\n    X = 2"),
        "i": expression("for i in y: pass"),
        "X2": expression("X2 += 1"),
        "Z": expression("del Z"),
    }


def test_imports_and_functions_are_no_values():
    """The loader drops modules and callables; what it had before is gone, too."""
    found = parse(b"f = 1\nimport os.path\nimport json as j\ndef f(): pass\nclass C: pass\n")
    assert found.values == {}
    assert found.flaws.counts == {"dynamic": 4}


def test_docstrings_and_bare_annotations_say_nothing():
    """They bind nothing."""
    found = parse(b'"""Doc."""\nX: int\npass\n')
    assert (found.values, found.flaws.counts) == ({}, {})


def test_tuples_are_told_apart_by_pointer():
    """JSON has one kind of list."""
    assert parse(b"X = {'a': (1,)}").types == {"/X/a": "tuple"}


def test_before_a_syntax_error_everything_is_read():
    """A file that was cut off keeps what stands before the fault."""
    found = parse(b"A = 1\nB = [\n 2,\n]\nC = '''never\nends")
    assert found.values == {"A": 1, "B": [2]}
    assert not found.complete
    assert [flaw.place for flaw in found.flaws] == ["L5"]


def test_only_the_first_line_is_bad():
    """Nothing is kept and nothing raises."""
    assert parse(b"= 1\nA = 1\n").values == {}


@pytest.mark.parametrize(
    ("data", "code", "value"),
    [
        (b"\xef\xbb\xbfX = 'a'", "bom", "a"),
        (b"X = 'a\0'", "nul-bytes", "a"),
        (b"# -*- coding: latin-1 -*-\nX = 'a'", "coding-cookie", "a"),
        (b"X = '\xff'", "bad-utf8", "\ufffd"),
        (b"X = '\\ud800'", "lone-surrogate", "\ufffd"),
        (b"X = {1: 2}", "non-string-key", {"1": 2}),
        (b"X = {'a': 1, 'a': 2}", "duplicate-key", {"a": 2}),
        (b"X = 0x" + b"f" * 8000, "digits-limit", Tagged("int", "0x" + "f" * 8000)),
    ],
)
def test_flaw(data, code, value):
    """Odd bytes and values are told, and what can be used is."""
    found = parse(data)
    assert found.values == {"X": value}
    assert code in found.flaws.counts


@pytest.mark.parametrize(
    "data",
    [
        b"X=" + b"[" * 101 + b"]" * 101,
        b"X=" + b"-" * 100_000 + b"1",
        b"X=" + b"1+" * 60_000 + b"1",
        b"X=a" + b".b" * 60_000,
        b"X=" + b"9" * 5000,
        b"X=" + b"not " * 30_000 + b"1",
        b"if 1:\n " * 10_000,
        b"X=f'{" * 20_000,
    ],
    ids=["brackets", "signs", "sum", "attributes", "digits", "not", "indents", "f-strings"],
)
def test_depth_is_no_crash(data):
    """Neither the parser's stack nor Python's is exhausted by what a file holds."""
    found = parse(data)
    assert not found.complete
    assert found.values == {}


def test_size_is_bounded():
    """A module larger than the limit is not parsed."""
    found = parse(b"X = 1\n" * 10, replace(DEFAULT, python_bytes=20))
    assert (found.values, found.complete) == ({}, False)


def test_long_source_is_cut():
    """Of an expression that goes on, its beginning is kept."""
    found = parse(b"X = f(" + b"'a',\n" * 5000 + b")\n")
    value = found.values["X"]
    assert isinstance(value, Tagged)
    assert len(value.value) < 5000
    assert value.value.endswith(" …")


def test_doubtful_escapes_are_quiet():
    """Shell text has backslashes that Python warns of."""
    assert parse(rb"X = 'a\d'").values == {"X": r"a\d"}


@given(st.binary(max_size=300))
def test_any_bytes(data):
    """Nothing raises, and what comes out is JSON."""
    to_json(parse(data).values)


@given(st.text(alphabet="AX=1'\"\\[]{}(),:#\n $.;f-+*@", max_size=120))
def test_anything_like_python(source):
    """Nothing raises on text that looks like a module."""
    to_json(parse(source.encode()).values)


def test_quotes_that_are_never_closed_are_looked_at_once():
    """A line of escaped quotes could be begun again at each of them."""
    found = parse(b"X = '" + b"\\'" * 60_000)
    assert (found.values, found.complete) == ({}, False)


@pytest.mark.parametrize("value", [b"[" + b"1," * 20_000 + b"]", b"f(" + b"1," * 20_000 + b")"])
def test_one_value_for_many_names_is_not_repeated(value):
    """What is assigned to thousands of names at once would stand in the archive for each."""
    names = b" = ".join(b"a%d" % number for number in range(5_000))
    found = parse(names + b" = " + value)
    assert len(found.values) == 5_000
    assert sum(len(item.value) for item in found.values.values()) < 2_000_000
    assert found.flaws.counts["dynamic"] == 1


def test_a_few_names_for_one_value():
    """Chained assignments as people write them."""
    assert parse(b"A = B = [1, 2]\n").values == {"A": [1, 2], "B": [1, 2]}
