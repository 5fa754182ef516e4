"""JSON documents: exact values, odd things told with their places, torn ones recovered."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.codecs import pointers
from archiver.codecs.flaws import Flaws
from archiver.codecs.json_document import _Careful, parse
from archiver.limits import Limits
from archiver.model.values import Tagged, Value, same

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def _codes(data: bytes, limits: Limits | None = None) -> dict[str, int]:
    return parse(data, limits or Limits()).flaws.counts


@given(_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_round_trip(value: Value, ascii_only: bool, indent: int | None) -> None:
    """What Python's json writes comes back with equal types and values."""
    document = parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode())
    assert document.complete
    assert same(document.value, value)
    assert set(document.flaws.counts) <= {"non-finite-token", "big-integer"}


@given(_VALUES)
def test_both_paths_agree(value: Value) -> None:
    """The careful reader gives the value that the quick one gives."""
    data = json.dumps(value).encode()
    careful = _Careful(data, Limits(), Flaws()).read()
    assert same(careful.value, parse(data).value)


@given(
    st.binary(max_size=40)
    | st.text('{}[]",:\\u0123456789eE.-+ntfalsrue\0\n\ufeff', max_size=20).map(str.encode)
)
def test_arbitrary_bytes(data: bytes) -> None:
    """Any bytes give a value or flaws, and strings that can be written again."""
    document = parse(data)
    assert document.complete or document.flaws
    for path, item in pointers.walk(document.value):
        pointers.pointer(path).encode()
        if isinstance(item, str):
            item.encode()


def _is_part(part: Value, whole: Value) -> bool:
    """Whether `part` is `whole` with something missing at its end."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(item, whole[key]) for key, item in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return all(_is_part(left, right) for left, right in zip(part, whole, strict=False))
    return same(part, whole)


@given(_VALUES.filter(lambda value: isinstance(value, (dict, list))), st.data())
def test_torn_documents(value: Value, draw: st.DataObject) -> None:
    """Cut anywhere, a document gives a beginning of its value and is said to be truncated."""
    data = json.dumps(value, indent=draw.draw(st.sampled_from([None, 1]))).encode()
    cut = data[: draw.draw(st.integers(1, len(data) - 1))]
    document = parse(cut)
    assert not document.complete
    assert set(document.flaws.counts) <= {"truncated", "non-finite-token", "big-integer"}
    assert "truncated" in document.flaws.counts
    assert type(document.value) is type(value)
    assert _is_part(document.value, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": {"b": [1, 2, {"c": "d", "e', {"a": {"b": [1, 2, {"c": "d"}]}}),
        ('{"a": 1, "b": 12', {"a": 1}),
        ('{"a": 1, "b": "x"', {"a": 1, "b": "x"}),
        ('{"a": 1, "b": tru', {"a": 1}),
        ('{"a": 1, "b": true', {"a": 1, "b": True}),
        ('{"a": 1, "b": -Infi', {"a": 1}),
        ('{"a": 1, "b":', {"a": 1}),
        ('{"a": 1, "b', {"a": 1}),
        ('{"a": 1,', {"a": 1}),
        ('{"a": [1, 2', {"a": [1]}),
        ("[1.5e", []),
        ('["x\\u12', []),
        ('["x\\', []),
        ("[", []),
        ('"abc', None),
        ("nul", None),
    ],
)
def test_recovered_prefix(text: str, value: Value) -> None:
    """The torn last member goes, what was complete stays."""
    document = parse(text.encode())
    assert document.value == value
    assert document.flaws.counts == {"truncated": 1}


def test_truncation_is_located() -> None:
    """Line, column and byte of the break are told."""
    (flaw,) = parse('{"é": 1,\n "b": '.encode()).flaws
    assert flaw.place == "L2:7"
    assert "byte 16" in flaw.message


@pytest.mark.parametrize(
    ("text", "value", "place"),
    [
        ('{"a": 1,}', {"a": 1}, None),
        ('{"a": 1 oops, "b": 2}', {}, "L1:9"),
        ('{"a": [1, 2}, "b": 3}', {"a": [1]}, "L1:12"),
        ("{'a': 1}", {}, "L1:2"),
        ("oops", None, "L1:1"),
    ],
)
def test_syntax_errors(text: str, value: Value, place: str | None) -> None:
    """What stands before a fault is used; the fault is located."""
    document = parse(text.encode())
    assert document.value == value
    assert not document.complete
    (flaw,) = document.flaws
    assert flaw.code == "syntax"
    assert place is None or flaw.place == place


def test_duplicate_keys() -> None:
    """The last one counts; each is told with an escaped pointer."""
    document = parse(b'{"a": 1, "x": [{"~/k": 1, "~/k": 2}], "a": 3}')
    assert document.value == {"a": 3, "x": [{"~/k": 2}]}
    assert document.complete
    assert [flaw.place for flaw in document.flaws] == ["/a", "/x/0/~0~1k"]


def test_odd_numbers() -> None:
    """Non-finite, overflowing, long and too long numbers are told with their places."""
    text = b'{"n": NaN, "i": [-Infinity], "b": 9007199254740993, "l": %s, "f": 0.%s}'
    document = parse(text % (b"9" * 5000, b"1" * 5000))
    value = document.value
    assert isinstance(value, dict)
    assert math.isnan(value["n"])  # type: ignore[arg-type]
    assert value["i"] == [-math.inf]
    assert value["b"] == 2**53 + 1
    assert value["l"] == Tagged("long-int", "9" * 64 + "… (5000 characters)")
    assert value["f"] == Tagged("long-float", "0." + "1" * 62 + "… (5002 characters)")
    assert [(flaw.code, flaw.place) for flaw in document.flaws] == [
        ("non-finite-token", "/n"),
        ("non-finite-token", "/i/0"),
        ("big-integer", "/b"),
        ("digits-limit", "/l"),
        ("digits-limit", "/f"),
    ]
    (flaw,) = parse(b'{"x": 1e400}').flaws
    assert (flaw.code, flaw.place) == ("float-overflow", "/x")


def test_exact_integers() -> None:
    """Integers within and beyond 64 bits are exact."""
    text = f"[{2**53}, {2**63}, {2**64}, {10**400}, -{10**400}]"
    assert parse(text.encode()).value == [2**53, 2**63, 2**64, 10**400, -(10**400)]


_EDGES = [2**53, 10**18, 2**63, 10**19, 2**64]


@given(
    st.lists(
        st.sampled_from(
            [sign * (edge + off) for edge in _EDGES for off in (-1, 0, 1) for sign in (1, -1)]
        )
        | st.integers(-(2**66), 2**66)
        | st.floats(allow_nan=False, allow_infinity=False),
        max_size=4,
    ),
    st.sampled_from([None, 1]),
)
def test_integers_at_the_edges_are_exact_and_told(numbers: list[Value], indent: int | None) -> None:
    """Whichever decoder reads them: the value, and the place of each that doubles do not hold."""
    document = parse(json.dumps({"at": {"ns": numbers}, "z": "-:"}, indent=indent).encode())
    assert same(document.value, {"at": {"ns": numbers}, "z": "-:"})
    big = [i for i, x in enumerate(numbers) if isinstance(x, int) and abs(x) > 2**53]
    assert [flaw.place for flaw in document.flaws] == [f"/at/ns/{i}" for i in big]
    assert document.is_json


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a" : 2}', '{"a":\n{"b": 1,\n"b"\t: "x"\n}\n}', '[{"-": 1, "-": "-:"}]']
)
@pytest.mark.parametrize("more", ["", ', "n": 9007199254740993'])
def test_repeated_keys_are_seen_beside_anything(text: str, more: str) -> None:
    """White space, signs and large integers hide none."""
    whole = text if not more else f'{{"w": {text}{more}}}'
    assert _codes(whole.encode())["duplicate-key"] == 1


def test_what_json_cannot_hold_is_no_json() -> None:
    """But large integers, repeated keys and marks are."""
    assert parse(b'{"a": 9007199254740993, "a": 1}').is_json
    for text in (b"[NaN]", b"[1e400]", b"[" + b"9" * 5000 + b"]"):
        assert not parse(text).is_json


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_encodings(encoding: str) -> None:
    """Byte order marks are recognised; foreign encodings are decoded and told."""
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    document = parse((mark + '{"a": "é"}').encode(encoding))
    assert document.value == {"a": "é"}
    assert set(document.flaws.counts) <= {"bom", "bad-encoding"}
    assert document.flaws


def test_bad_utf8() -> None:
    """Bad bytes are replaced; the first is located."""
    document = parse(b'{"a": "x\xff"}')
    assert document.value == {"a": "x\ufffd"}
    assert [(flaw.code, flaw.place) for flaw in document.flaws] == [("bad-utf8", "byte 8")]


def test_lone_surrogates() -> None:
    """No string comes out that could not be encoded; pairs and escaped escapes stay."""
    document = parse(rb'["\ud800", "\udfff\ud83d\ude00", "\\ud800", {"\udc00": 1}]')
    assert document.value == ["\ufffd", "\ufffd\U0001f600", "\\ud800", {"\ufffd": 1}]
    assert document.flaws.counts == {"lone-surrogate": 3}


def test_control_characters_and_nuls() -> None:
    """Raw control characters in strings are kept and told; NULs at the end are dropped."""
    assert parse(b'{"a": "x\ty"}').value == {"a": "x\ty"}
    assert _codes(b'{"a": "x\ty"}') == {"control-character": 1}
    document = parse(b'{"a": 1}\n' + bytes(4096))
    assert (document.value, document.complete) == ({"a": 1}, True)
    assert document.flaws.counts == {"nul-bytes": 1}


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf", bytes(10)])
def test_empty(data: bytes) -> None:
    """Nothing at all is said to be empty, which is not a null."""
    document = parse(data)
    assert (document.value, document.complete) == (None, False)
    assert document.flaws.counts["empty"] == 1
    assert parse(b"null").complete


def test_trailing_data() -> None:
    """A second value makes the document incomplete; the first is used."""
    document = parse(b'{"a": 1}\n{"b": 2}')
    assert (document.value, document.complete) == ({"a": 1}, False)
    assert [(flaw.code, flaw.place) for flaw in document.flaws] == [("trailing-data", "L2:1")]


@pytest.mark.parametrize("text", ["[" * 101 + "]" * 101, "[" * 100_000, '{"a":' * 100_000])
def test_nesting_limit(text: str) -> None:
    """Depth is refused before any decoder recurses."""
    assert _codes(text.encode()) == {"nesting-limit": 1}


def test_nesting_is_not_counted_in_strings() -> None:
    """Brackets in strings, and many shallow containers, are no depth."""
    value = ["[" * 300, *([[]] * 300)]
    assert parse(json.dumps(value).encode()).value == value
    assert parse(("[" * 100 + "]" * 100).encode()).complete


def test_size_limits() -> None:
    """Bytes and values over the limit are refused."""
    assert _codes(b"[1, 2, 3]", Limits(document_bytes=5)) == {"size-limit": 1}
    assert _codes(b"[" + b"1," * 50 + b"1]", Limits(nodes=20)) == {"size-limit": 1}
    assert _codes(b'["' + b"," * 50 + b'"]', Limits(nodes=20)) == {}


def test_many_flaws_are_counted() -> None:
    """The first few places are told, all are counted."""
    document = parse(b"[" + b"NaN, " * 99 + b"NaN]")
    assert document.flaws.counts == {"non-finite-token": 100}
    assert [flaw.place for flaw in document.flaws] == ["/0", "/1", "/2", "/3", "/4", ""]


def test_long_keys_make_short_pointers() -> None:
    """The length of a pointer does not follow that of hostile keys."""
    (flaw,) = parse(b'{"%s": NaN}' % (b"k" * 10_000)).flaws
    assert len(flaw.place) < 200


def test_corpus(corpus: Path) -> None:
    """Real documents: the value that Python's own reader gives."""
    for path in sorted(corpus.rglob("*.json")):
        document = parse(path.read_bytes())
        try:
            wanted = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            assert document.flaws, path
            continue
        assert document.complete, path
        assert same(document.value, wanted), path
