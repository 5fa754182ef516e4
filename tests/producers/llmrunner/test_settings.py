"""Inclusion and `${NAME}` references, by LLMRunner's own rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.limits import DEFAULT
from archiver.model.values import Tagged
from archiver.producers.llmrunner.settings import (
    as_text,
    expanded,
    is_dry,
    merged,
    read,
    switched_on,
)


def files(**sources: str):
    """Settings by path; `__` in a name stands for a slash."""
    paths = {name.replace("__", "/") + ".py": text for name, text in sources.items()}
    return {path: read(path, text.encode(), DEFAULT) for path, text in paths.items()}


def unresolved(text: str) -> Tagged:
    """A text that still holds a reference."""
    return Tagged("unresolved", text)


def resolve(values, context=None, **limits):
    """The expanded values."""
    return expanded(values, context or {}, replace(DEFAULT, **limits)).values


def test_later_files_and_the_including_one_win():
    """Left to right, then the file itself; the key does not survive."""
    given = files(
        a="INCLUDE = ['b.py', './c.py']\nX = 'a'\n",
        b="X = 'b'\nY = 'b'\nZ = 'b'\n",
        c="Y = 'c'\n",
    )
    found = merged("a.py", given)
    assert found.values == {"X": "a", "Y": "c", "Z": "b"}
    assert found.homes == {"X": "a.py", "Y": "c.py", "Z": "b.py"}
    assert found.files == ("b.py", "c.py", "a.py")
    assert not found.partial


def test_inclusion_is_recursive_and_relative_to_the_including_file():
    """`..` leads up from where the including file lies."""
    given = files(
        e__x__p="INCLUDE = '../../common/m.py'\n", common__m="INCLUDE = 'b.py'\nM = 1\n",
        common__b="B = 1\n",
    )  # fmt: skip
    assert merged("e/x/p.py", given).values == {"B": 1, "M": 1}


def test_includes_counts_only_without_include():
    """The second spelling is looked at where the first is absent or empty."""
    given = files(a="INCLUDE = ''\nINCLUDES = ('b.py',)\n", b="B = 1\n", c="C = 1\n")
    assert merged("a.py", given).values == {"B": 1}
    given = files(a="INCLUDE = 'c.py'\nINCLUDES = 'b.py'\n", b="B = 1\n", c="C = 1\n")
    assert merged("a.py", given).values == {"C": 1}


def test_a_missing_file_makes_it_partial():
    """The rest is used; absolute paths of the training machine are never looked up."""
    found = merged("a.py", files(a="INCLUDE = ['gone.py', '/etc/hosts']\nA = 1\n"))
    assert (found.values, found.partial) == ({"A": 1}, True)
    assert found.flaws.counts == {"include-missing": 2}


@pytest.mark.parametrize(
    "sources",
    [
        {"a": "INCLUDE = 'b.py'\nA = 1\n", "b": "INCLUDE = 'a.py'\n"},
        {"a": "INCLUDE = ['b.py', 'c.py']\nA = 1\n", "b": "INCLUDE = 'c.py'\n", "c": ""},
        {"a": "INCLUDE = 'a.py'\nA = 1\n"},
    ],
    ids=["circle", "diamond", "itself"],
)
def test_a_file_met_twice_stops_the_loader(sources):
    """It is told and not loaded again."""
    found = merged("a.py", files(**sources))
    assert found.values == {"A": 1}
    assert found.flaws.counts == {"include-twice": 1}
    assert found.partial


def test_a_long_chain_of_inclusion():
    """Depth is no recursion."""
    given = files(**{f"f{n}": f"INCLUDE = 'f{n + 1}.py'\n" for n in range(3000)}, f3000="X = 1\n")
    assert merged("f0.py", given).values == {"X": 1}


def test_private_names_are_written_but_not_loaded():
    """The loader ignores what begins with an underscore; keys come in code point order."""
    settings = read("a.py", b"b = 1\n_c = 2\nA = 3\n", DEFAULT)
    assert list(settings.values) == ["b", "_c", "A"]
    assert list(settings.loaded) == ["A", "b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (1e-5, "1e-05"),
        (1, "1"),
        (1.0, "1.0"),
        ("a", "a"),
        (None, None),
        ([1], None),
    ],
)
def test_scalars_become_text(value, text):
    """As `str` has it; lists and None stay."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "dry"),
    [("1", True), (1, True), (True, False), ("true", False), (0, False), ("", False)],
)
def test_only_one_is_dry(value, dry):
    """`DRY_RUN = True` becomes the text `True` and runs for real."""
    assert is_dry({"DRY_RUN": value}) is dry


@pytest.mark.parametrize(
    ("value", "on"),
    [(True, True), (0, False), (7, True), ("Yes", True), ("off", False), ("", False),
     ("maybe", None), (None, None), ([], None)],
)  # fmt: skip
def test_enabled(value, on):
    """The words that the runner knows; others stop it."""
    assert switched_on(value) is on


def test_the_context_comes_first():
    """Then the settings themselves, over several passes."""
    values = {"A": "${B}/a", "B": "${C}/b", "C": "own", "D": "${R}"}
    assert resolve(values, {"C": "given", "R": "/r"}) == {
        "A": "given/b/a", "B": "given/b", "C": "own", "D": "/r",
    }  # fmt: skip


def test_self_reference_comes_from_the_context_alone():
    """`MEGATRON = "${MEGATRON}"` is a common idiom."""
    assert resolve({"M": "${M}"}, {"M": "/opt/m"}) == {"M": "/opt/m"}
    assert resolve({"M": "${M}"}) == {"M": unresolved("${M}")}


def test_what_nobody_defines_stays_visible():
    """Only `${NAME}` is a reference; `$NAME` is for the shell."""
    assert resolve({"A": "${X} $PATH ${B", "B": "$B"}) == {
        "A": unresolved("${X} $PATH ${B"), "B": "$B",
    }  # fmt: skip


def test_numbers_are_text_where_they_are_referred_to():
    """A float keeps Python's spelling."""
    assert resolve({"LR": 1e-5, "CMD": "--lr ${LR}"}) == {"LR": "1e-05", "CMD": "--lr 1e-05"}


def test_lists_are_expanded_inside():
    """The loader expands within their `repr`; their structure is kept here."""
    found = resolve({"S": [{"config": "${D}/a.py", "enabled": True}], "N": None}, {"D": "steps"})
    assert found == {"S": [{"config": "steps/a.py", "enabled": True}], "N": None}


def test_at_most_ten_passes():
    """A longer chain stays unresolved, as in the loader."""
    values = {f"K{n:02}": f"${{K{n + 1:02}}}." for n in range(3000)}
    assert isinstance(resolve(values)["K00"], Tagged)


def test_growth_is_bounded():
    """Settings that name the next one twice double at every one."""
    values = {f"K{n}": f"${{K{n + 1}}}${{K{n + 1}}}" for n in range(40)} | {"K40": "x"}
    found = expanded(values, {}, replace(DEFAULT, expanded_bytes=100))
    assert max(len(as_text(value) or "") for value in found.values.values()) <= 100
    assert "expansion-limit" in found.flaws.counts


def test_growth_of_many_settings_is_bounded():
    """The total counts, not only each one."""
    big = {"BIG": "b" * 1000, **{f"K{n}": "${BIG}" for n in range(1000)}}
    found = expanded(big, {}, replace(DEFAULT, expanded_bytes=2000))
    assert sum(len(as_text(value) or "") for value in found.values.values()) < 200_000
    assert "expansion-limit" in found.flaws.counts


def test_shell_text_of_an_env_file_stays_unresolved():
    """References in it are followed all the same."""
    settings = read("a.env", b'A="$(ls ${B})"\nB=/x\n', DEFAULT)
    assert resolve(settings.loaded) == {"A": unresolved("$(ls /x)"), "B": "/x"}
