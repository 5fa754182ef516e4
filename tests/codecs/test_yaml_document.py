"""YAML documents: plain data, both readings of doubtful scalars, and no way to blow up."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs.yaml_document import YamlDocument, parse
from archiver.limits import Limits
from archiver.model.values import Tagged, Value, same

# YAML 1.1 folds these as line ends where PyYAML writes them in quotes: they do not come back.
_TEXTS = st.text(st.characters(exclude_characters="\x85\u2028\u2029", codec="utf-8"), max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner),
    max_leaves=12,
)


def _read(text: str, limits: Limits | None = None) -> YamlDocument:
    return parse(text.encode(), limits or Limits())


@given(_VALUES, st.booleans())
def test_round_trip(value: Value, flow: bool) -> None:
    """What PyYAML writes comes back with equal types and values."""
    document = parse(yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True).encode())
    assert document.complete
    assert same(document.value, value)


_NUMBER_WORDS = "1 -1 010 0x1F 0b11 0o17 1_000 1e5 1e-5 1.5e+3 .5 5. +.5 1.2.3 0 00 08 1e 0x +1"
_OTHER_WORDS = (
    "12:30:45 190:20:30.15 yes No on OFF y true TRUE ~ null Null .inf -.INF .nan .NaN "
    "2026-11-21 abc --"
)
_WORDS = st.sampled_from([*_NUMBER_WORDS.split(), *_OTHER_WORDS.split()])


@given(_WORDS)
def test_plain_scalars_as_pyyaml(word: str) -> None:
    """The value is the one that PyYAML gives, but for dates, which stay text."""
    wanted = yaml.safe_load(f"a: {word}\n")["a"]
    value = _read(f"a: {word}\n").value
    assert isinstance(value, dict)
    if hasattr(wanted, "isoformat"):
        assert value["a"] == word
    else:
        assert same(value["a"], wanted)


@given(
    st.binary(max_size=40)
    | st.text("ab:-?[]{},&*!|>'\"#%@ \n\t0.e<=~", max_size=30).map(str.encode)
)
def test_arbitrary_bytes(data: bytes) -> None:
    """Any bytes give a value or flaws, and a value that JSON can write."""
    document = parse(data)
    assert document.complete or document.flaws
    json.dumps(document.value, default=lambda tagged: tagged.value).encode()


@pytest.mark.parametrize(
    ("text", "yaml11", "yaml12"),
    [
        ("1e-5", "1e-5", 1e-5),
        ("5e-4", "5e-4", 5e-4),
        ("on", True, "on"),
        ("no", False, "no"),
        ("12:30:45", 45045, "12:30:45"),
        ("010", 8, 10),
        ("1_000", 1000, "1_000"),
        ("0o17", "0o17", 15),
        ("0b11", 3, "0b11"),
    ],
)
def test_both_readings(text: str, yaml11: Value, yaml12: Value) -> None:
    """Where the versions of the language disagree, both values and the text are told."""
    document = _read(f"a: [{text}]")
    assert document.value == {"a": [yaml11]}
    reading = document.readings["/a/0"]
    assert same(reading.yaml11, yaml11)
    assert same(reading.yaml12, yaml12)
    assert reading.text == text
    assert document.flaws.counts == {"yaml-readings-differ": 1}


@pytest.mark.parametrize(
    "text", ["1", "-2.5", "true", "null", "abc", "'1e-5'", '"on"', "1.0e-5", ".inf", "1.0"]
)
def test_agreement_is_silent(text: str) -> None:
    """Scalars that mean the same in both versions are no flaw."""
    document = _read(f"a: {text}")
    assert not document.readings
    assert not document.flaws


def test_tags_become_data() -> None:
    """No tag makes an object; each kind has one representation."""
    document = _read(
        "name: !!python/name:torch.nn.ReLU ''\n"
        "call: !!python/object/apply:os.system ['id']\n"
        "pair: !!python/tuple [0.9, 0.999]\n"
        "foo: !Foo {x: !Bar [1, {y: .nan}]}\n"
        "bytes: !!binary aGVs bG8=\n"
        "text: !!str 12\n"
        "number: !!int '3'\n"
        "odd: !!bool maybe\n"
    )
    assert document.value == {
        "name": Tagged("python/name", "torch.nn.ReLU"),
        "call": Tagged("python/object/apply:os.system", '["id"]'),
        "pair": [0.9, 0.999],
        "foo": Tagged("!Foo", '{"x": {"$type": "!Bar", "value": [1, {"y": NaN}]}}'),
        "bytes": Tagged("bytes", "aGVsbG8="),
        "text": "12",
        "number": 3,
        "odd": "maybe",
    }
    assert document.flaws.counts == {"yaml-tag": 5}


def test_merge_keys() -> None:
    """`<<` merges as PyYAML does: own keys win, of a list the first."""
    text = (
        "b: &b {x: 1, y: 2}\nz: &z {y: 3, w: 4}\n"
        "m: {<<: *b, x: 5}\nn: {x: 0, <<: [*b, *z]}\no:\n  <<: *b\n  <<: *z\n'<<': 1\n"
    )
    document = _read(text)
    assert document.value == yaml.safe_load(text)
    assert not document.flaws


def test_merge_of_a_scalar() -> None:
    """A merge key with something else is kept as a key and told."""
    document = _read("a: 1\n<<: 5\n")
    assert document.value == {"a": 1, "<<": 5}
    assert document.flaws.counts == {"yaml-merge": 1}


def test_aliases_are_copies() -> None:
    """An alias repeats its anchor's value without sharing it."""
    value = _read("a: &x {l: [1]}\nb: *x\nc: &y 5\nd: *y\n").value
    assert value == {"a": {"l": [1]}, "b": {"l": [1]}, "c": 5, "d": 5}
    assert isinstance(value, dict)
    assert value["a"] is not value["b"]


def test_alias_of_itself() -> None:
    """An alias inside its own anchor, or of nothing, is data with a flaw."""
    document = _read("a: &x [1, *x]\nb: *nope\n")
    assert document.value == {
        "a": [1, Tagged("unresolved", "*x")],
        "b": Tagged("unresolved", "*nope"),
    }
    assert document.flaws.counts == {"yaml-alias": 2}


def _bomb(levels: int, width: int) -> str:
    lines = [f"a0: &a0 [{','.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        (_bomb(9, 9), Limits(), "yaml-alias-limit"),
        ("a: &a x\nb: [" + "*a, " * 50 + "]", Limits(yaml_aliases=20), "yaml-alias-limit"),
        (
            "a: &a " + "x" * 900 + "\nb: [" + "*a, " * 9 + "]",
            Limits(yaml_bytes=1000),
            "yaml-alias-limit",
        ),
        (
            "\n".join(f"a{n}: &a{n} [*a{n - 1}]" if n else "a0: &a0 []" for n in range(200)),
            Limits(),
            "nesting-limit",
        ),
        ("[" * 100_000, Limits(), "nesting-limit"),
        ("- " * 5000, Limits(), "nesting-limit"),
        ("{a: " * 5000, Limits(), "nesting-limit"),
        ("? " * 5000, Limits(), "nesting-limit"),
        ("[" + "1," * 100 + "]", Limits(nodes=50), "size-limit"),
        ("x" * 100, Limits(yaml_bytes=50), "size-limit"),
    ],
)
def test_limits(text: str, limits: Limits, code: str) -> None:
    """Bombs of aliases, depth and size stop at their limit with a flaw."""
    document = _read(text, limits)
    assert (document.value, document.complete) == (None, False)
    assert code in document.flaws.counts


def test_nested_tags_do_not_multiply() -> None:
    """Tagged nodes in tagged nodes grow linearly, not with doubled quotes at every level."""
    value = _read("!t {a: " * 50 + '"\\""' + "}" * 50).value
    assert isinstance(value, Tagged)
    assert len(value.value) < 5000


def test_keys() -> None:
    """Keys become text as in JSON; repeated ones are told."""
    document = _read("a: 1\na: 2\n1: x\n? [1, 2]\n: y\ntrue: 1\n1.5: 2\nnull: 3\non: 4\n")
    assert document.value == {
        "a": 2,
        "1": "x",
        "[1, 2]": "y",
        "true": 4,
        "1.5": 2,
        "null": 3,
    }
    assert document.flaws.counts == {
        "duplicate-key": 2,
        "non-string-key": 6,
        "yaml-readings-differ": 1,
    }
    assert [flaw.place for flaw in document.flaws if flaw.code == "duplicate-key"] == [
        "/a",
        "/true",
    ]


def test_long_numbers() -> None:
    """Integers are exact; those with too many digits keep the beginning of their text."""
    document = _read(f"a: {10**400}\nb: {'9' * 5000}\nc: 1.0e+999\n")
    assert document.value == {
        "a": 10**400,
        "b": Tagged("long-int", "9" * 64 + "… (5000 characters)"),
        "c": math.inf,
    }
    assert document.flaws.counts == {"big-integer": 1, "digits-limit": 1, "float-overflow": 1}


def test_several_documents() -> None:
    """The first document is used, the others are counted."""
    document = _read("--- {a: 1}\n--- {b: 2}\n...\n")
    assert (document.value, document.documents) == ({"a": 1}, 2)
    assert document.flaws.counts == {"yaml-documents": 1}


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [1,2\nb: }", "L2:2"), ("a: b: c", "L1:5"), ("a: 'x", "L1:6"), ("\tx: 1", "L1:1")],
)
def test_broken(text: str, place: str) -> None:
    """Broken YAML has no value, and a located flaw."""
    document = _read(text)
    assert (document.value, document.complete) == (None, False)
    (flaw,) = document.flaws
    assert (flaw.code, flaw.place) == ("syntax", place)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_empty(text: str) -> None:
    """No document is not a null document."""
    document = _read(text)
    assert not document.complete
    assert document.flaws.counts == {"empty": 1}
    assert _read("null").complete


def test_dates_stay_text() -> None:
    """Dates and times keep the text they were written with."""
    document = _read("a: 2026-11-21\nb: 2026-11-21 10:00:00.5 +01:00\n")
    assert document.value == {"a": "2026-11-21", "b": "2026-11-21 10:00:00.5 +01:00"}
    assert not document.readings


def test_corpus(corpus: Path) -> None:
    """Real documents: the value that PyYAML gives, where it gives plain data."""
    for path in sorted((*corpus.rglob("*.yaml"), *corpus.rglob("*.yml"))):
        document = parse(path.read_bytes())
        try:
            wanted = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            assert document.flaws, path
            continue
        if not document.flaws.counts.keys() & {"non-string-key", "yaml-documents", "empty"}:
            assert json.dumps(document.value) == json.dumps(wanted, default=str), path
