"""YAML that both YAML versions read back as the same data."""

from __future__ import annotations

import math
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.model.values import Tagged
from archiver.render.yaml_text import Noted, dump, dump_value, spell_float, spell_string

TEXTS = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("ab \t\n:-#'\"\\|>{}[],&*!%@`~=<?0159.eE+_\x1b\x85\u2028\u202e\ud800\ufeff")
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | TEXTS
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)
AMBIGUOUS = (
    "", "~", "null", "Null", "true", "YES", "on", "Off", "y", "N", "=", "<<", "5e-4", "1e5", "1.",
    ".5", ".inf", "-.INF", ".nan", "NaN", "0o7", "017", "0x1F", "0b1", "1_000", "1:30", "12:30:45",
    "2024-01-01", "2001-12-14t21:59:43.10-05:00", "+1", "-1", "-", "- a", "? a", ": a", "a: b",
    "a #b", "#a", " a", "a ", "\ta", "@a", "`a", "%a", "!a", "&a", "*a", "|", ">", "---", "...",
    "[a]", "{a}", "a, b", "'a'", '"a"', "a\\nb", "C:\\x",
)  # fmt: skip
CORE_1_2 = re.compile(
    r"~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_every_tree_reads_back(tree: object) -> None:
    """Whatever JSON data goes in comes back equal, and of the same types."""
    back = yaml.safe_load(dump(tree))
    assert back == tree
    assert repr(back) == repr(tree)


@given(TREES)
@settings(max_examples=60, deadline=None)
def test_nothing_unseen_is_written(tree: object) -> None:
    """No control, bidi or surrogate character reaches the text."""
    text = dump({"a": [tree]})
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff\ufeff]", text)
    text.encode()


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_ambiguous_strings_are_quoted(text: str) -> None:
    """What some parser takes for something else stands in quotes, as value, key and item."""
    assert spell_string(text).startswith('"')
    data = {"a": text, text: {"b": [text, [text]]}}
    assert yaml.safe_load(dump(data)) == data


@given(TEXTS)
def test_plain_strings_are_strings_in_both_versions(text: str) -> None:
    """A string without quotes matches no other type of YAML 1.1 or 1.2."""
    spelled = spell_string(text)
    if spelled.startswith('"'):
        return
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    for _, pattern in [*resolvers.get(text[0], []), *resolvers.get(None, [])]:
        assert pattern.match(text) is None
    assert CORE_1_2.fullmatch(text) is None


@given(FINITE)
def test_floats_are_floats_in_both_versions(number: float) -> None:
    """Floats have a point and a signed exponent."""
    text = spell_float(number)
    assert re.fullmatch(r"-?[0-9]+\.[0-9]+(e[-+][0-9]+)?", text)
    assert math.copysign(1, yaml.safe_load(text)) == math.copysign(1, number)
    assert yaml.safe_load(text) == number


def test_long_lists_are_compact_and_complete() -> None:
    """A thousand integers take few lines."""
    text = dump({"a": list(range(1000))})
    assert yaml.safe_load(text) == {"a": list(range(1000))}
    assert text.count("\n") < 60
    assert max(map(len, text.splitlines())) < 110


def test_lines_stay_lines_where_that_is_safe() -> None:
    """A stack trace is a literal block; one with escapes is quoted."""
    assert dump({"a": "x:\n  y\nz"}) == "a: |-\n  x:\n    y\n  z\n"
    assert dump({"a": "x\n"}) == 'a: "x\\n"\n'
    assert dump({"a": "x\n\x1b[1m"}) == 'a: "x\\n\\x1b[1m"\n'
    assert dump({"a": "x \ny"}) == 'a: "x \\ny"\n'


def test_remarks_are_comments() -> None:
    """A remark stands behind its value and does not change it."""
    text = dump({"a": Noted(None, "not\nrecorded"), "b": Noted([], "n/a"), "c": Noted("x\ny", "z")})
    assert text == 'a: null  # not\\nrecorded\nb: []  # n/a\nc: "x\\ny"  # z\n'


def test_same_objects_make_no_anchors() -> None:
    """A list that stands twice is written twice."""
    shared = [{"a": 1}]
    assert dump({"x": shared, "y": shared}).count("a: 1") == 2


def test_long_keys_read_back() -> None:
    """Keys beyond what YAML allows on one line are written as explicit keys."""
    data = {"\U000e0001" * 127: 1, "k" * 5000: [1], "a\nb": {"c": 2}}
    assert yaml.safe_load(dump(data)) == data


def test_deep_nesting_and_long_text() -> None:
    """The reading limits' deepest document and a very long text are written."""
    deep: object = 1
    for _ in range(100):
        deep = [{"a": deep}]
    assert yaml.safe_load(dump(deep)) == deep
    assert yaml.safe_load(dump(["x" * 100_000])) == ["x" * 100_000]


def test_values_that_json_lacks_are_visible() -> None:
    """Redacted, unresolved and non-finite values keep their type."""
    text = dump_value({"a": Tagged("redacted", "[redacted:key:1]"), "b": math.nan, "$type": 1})
    back = {
        "a": {"$type": "redacted", "value": "[redacted:key:1]"},
        "b": {"$type": "float", "value": "NaN"},
        "$$type": 1,
    }
    assert yaml.safe_load(text) == back
