"""Values are found where they stand, in text of any shape."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import pointers
from archiver.codecs.positions import FORMATS, nearest, positions
from archiver.limits import Limits
from archiver.model.findings import Position

KEYS = st.text(max_size=4) | st.sampled_from(["a/b", "~", "é"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["a/b", "~", "é"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)
SPELLINGS = st.sampled_from(
    [
        {},
        {"indent": 2},
        {"indent": "\t", "ensure_ascii": False},
        {"separators": (",", ":")},
        {"indent": 0, "separators": (" ,", " : ")},
    ]
)
TOML = """\
# a comment with [brackets] = and "quotes
title = "a [b] = c" # and another

[run]
seed = 7
model.name = "llama"   # dotted
"a.b" = '''
[no.table]
x = 1
'''

tags = [ "x", # one
  "y ] ",
  { name = "z", "deep" = [1, 2] } ]

[run.data . files]
a = \"\"\"one\"\"\"\"

[[steps]]
name = "prepare"

[[steps]]
name = "train"
[steps.params]
lr = 5e-4
[[steps.inner]]
k = 1
"""
TOML_PLACES = {
    "": (1, 1),
    "/title": (2, 1),
    "/run": (4, 2),
    "/run/seed": (5, 1),
    "/run/model": (6, 1),
    "/run/model/name": (6, 1),
    "/run/a.b": (7, 1),
    "/run/tags": (12, 1),
    "/run/tags/0": (12, 10),
    "/run/tags/1": (13, 3),
    "/run/tags/2": (14, 3),
    "/run/tags/2/name": (14, 5),
    "/run/tags/2/deep/1": (14, 30),
    "/run/data/files/a": (17, 1),
    "/steps/0/name": (20, 1),
    "/steps/1": (22, 3),
    "/steps/1/name": (23, 1),
    "/steps/1/params": (24, 2),
    "/steps/1/params/lr": (25, 1),
    "/steps/1/inner/0/k": (27, 1),
}


def offset(text: str, at: Position) -> int:
    """The index of a position in a text."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    assert at.column is not None
    return starts[at.line - 1] + at.column - 1


@given(DOCUMENTS, SPELLINGS)
def test_json_values_stand_where_they_are_found(document: Any, spelling: dict[str, Any]) -> None:
    """At each position begins the key (or item) whose value is the pointer's."""
    text = json.dumps(document, **spelling)
    wanted = {
        pointers.pointer(path): (path[-1] if path else None, value)
        for path, value in ((list(path), value) for path, value in pointers.walk(document))
    }
    found = positions("json", text.encode("utf-8", "surrogatepass"), wanted)
    assert found.keys() == wanted.keys()
    decoder = json.JSONDecoder()
    for pointer, (part, value) in wanted.items():
        at = offset(text, found[pointer])
        if isinstance(part, str):
            key, at = decoder.raw_decode(text, at)
            assert key == part
            at = re.compile(r"\s*:\s*").match(text, at).end()
        assert decoder.raw_decode(text, at)[0] == value


@pytest.mark.parametrize(
    ("text", "pointer", "place"),
    [
        ('{"a": 1,\n "b": {"c": NaN}}', "/b/c", (2, 8)),
        ('{"a": 1,\n "a": 2}', "/a", (2, 2)),
        ('{"a": {"x": 1},\n "a": {"y": 2}}', "/a/x", None),
        ('{"a": {"x": 1},\n "a": {"y": 2}}', "/a/y", (2, 8)),
        ('\ufeff{"é": [1, "]", 3]}', "/é/2", (1, 16)),
        ('{"é\\u0061": [1,\r\n 2]}', "/éa/1", (2, 2)),
        ('{"a": [1, {"b": 2}, {"c": "torn', "/a/2/c", (1, 22)),
        ('{"a": [1, {"b": 2}, {"c": "torn', "/a/1/b", (1, 12)),
        ('{"a": [1, {"b": 2}, {"c', "/a/2/c", None),
        ('{"a" 1, "b": 2}', "/b", None),
        ("[1, 2] trailing", "/1", (1, 5)),
        ("", "", None),
        ("  7", "", (1, 3)),
        ("}", "/a", None),
        ('{"a": :, "b": 1}', "/b", None),
        ("[1 2]", "/1", (1, 4)),
    ],
)
def test_odd_json_is_searched_as_far_as_it_goes(
    text: str, pointer: str, place: tuple[int, int] | None
) -> None:
    """Non-finite numbers, repeated keys, marks, torn and broken text."""
    found = positions("json", text.encode(), [pointer])
    assert found == ({pointer: Position(*place)} if place else {})


@given(DOCUMENTS, st.sampled_from([None, True, False]))
def test_yaml_values_stand_where_the_parser_marks_them(document: Any, flow: bool | None) -> None:
    """Every position is that of the key's or item's node in PyYAML's own tree."""
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=True)
    expected: dict[str, tuple[int, int]] = {}

    def visit(node: yaml.Node, value: Any, path: list[str | int], mark: yaml.Mark) -> None:
        expected[pointers.pointer(path)] = (mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            for key, item in node.value:
                name = yaml.safe_load(yaml.serialize(key))
                visit(item, value[name], [*path, name], key.start_mark)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                visit(item, value[index], [*path, index], item.start_mark)

    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    visit(root, document, [], root.start_mark)
    found = positions("yaml", text.encode(), expected)
    assert {key: (at.line, at.column) for key, at in found.items()} == expected


@pytest.mark.parametrize(
    ("text", "pointer", "place"),
    [
        ("a: 1\nb:\n  - x\n  - {c: 2}\n", "/b/1/c", (4, 6)),
        ("a: 1\na: 2\n", "/a", (2, 1)),
        ("on: 1\n", "/true", (1, 1)),
        ("1: x\n2: y\n", "/2", (2, 1)),
        ("? [k, l]\n: {m: 1}\nb: 2\n", "/b", (3, 1)),
        ("base: &x {lr: 1}\nuse: *x\n", "/use", (2, 1)),
        ("base: &x {lr: 1}\nuse: *x\n", "/use/lr", None),
        ("a: !!python/name:os.system\nb: 1\n", "/b", (2, 1)),
        ("a: 1\nb: [1,\nc: }\n", "/a", (1, 1)),
        ("--- {a: 1}\n--- {b: 2}\n", "/b", None),
        ("\ufeffé: {ü: 1}\n", "/é/ü", (1, 5)),
    ],
)
def test_odd_yaml_is_searched_as_far_as_it_goes(
    text: str, pointer: str, place: tuple[int, int] | None
) -> None:
    """Keys of other types, aliases, tags, broken text, several documents."""
    found = positions("yaml", text.encode(), [pointer])
    assert found == ({pointer: Position(*place)} if place else {})


def test_toml_values_stand_where_their_keys_do() -> None:
    """Tables, dotted keys, arrays of tables, inline values, strings that look like all these."""
    found = positions("toml", TOML.encode(), TOML_PLACES)
    assert {key: (at.line, at.column) for key, at in found.items()} == TOML_PLACES


def test_torn_toml_is_searched_up_to_the_tear() -> None:
    """What comes after a string without an end is not found."""
    data = b'a = 1\nb = "torn\nc = 2\n'
    assert positions("toml", data, ["/a", "/b", "/c"]) == {
        "/a": Position(1, 1),
        "/b": Position(2, 1),
    }


@given(st.binary(max_size=60) | st.text(st.sampled_from("[]{}\"'#=.,:\n \\a1-"), max_size=40))
def test_no_bytes_raise(data: bytes | str) -> None:
    """Whatever stands there, the answer is a position inside it or none."""
    content = data.encode() if isinstance(data, str) else data
    for name in FORMATS:
        for at in positions(name, content, ["", "/a", "/a/0/a", "/0"]).values():
            assert 1 <= at.line <= len(content) + 1
            assert at.column is not None
            assert 1 <= at.column <= len(content) + 1


def test_deep_and_large_documents_are_no_danger() -> None:
    """Nesting costs no stack, and what is over a document's limit is not searched."""
    deep = b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b', "b": 1}'
    assert positions("json", deep, ["/b"]) == {"/b": Position(1, 400_009)}
    pointer = "/0" * 900
    assert positions("json", b"[" * 200_000, [pointer])[pointer] == Position(1, 901)
    assert positions("json", b"[" * 200_000, ["/0" * 1001]) == {}
    small = Limits(document_bytes=5, yaml_bytes=5, toml_bytes=5)
    for name, text in (("json", b'{"a": 1}'), ("yaml", b"a: 123"), ("toml", b"a = 123")):
        assert positions(name, text, ["/a"], small) == {}
        assert positions(name, text, ["/a"]) != {}


def test_what_has_no_place_stands_where_the_thing_around_it_does() -> None:
    """A missing member is looked for at its object, and at the document in the end."""
    found = positions("json", b'{"a": {"b": 1}}', ["", "/a"])
    assert nearest("/a/lost/deep", found) == Position(1, 2)
    assert nearest("/lost", found) == Position(1, 1)
    assert nearest("/lost", {}) is None
