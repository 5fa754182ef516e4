"""What is proved about JSON text without decoding it is true."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.codecs import json_document
from archiver.codecs.flaws import INFORMATIONAL
from archiver.codecs.json_scan import is_rewritten
from archiver.limits import DEFAULT, Limits

SMALL = Limits(nesting=4)
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "-7", "0.5", "0.50", "1e5", "1E5", "1e-05", "1e-5", "1.5e-07", "1e-007",
     "1e400", "4.0", "9007199254740993", "18446744073709551615", "18446744073709551616",
     "-9223372036854775809", "123456789012345678901234567890", "0.1234567890123456789"]
)  # fmt: skip
STRINGS = st.sampled_from(
    ['"a"', '"b"', '"a b"', '"ab"', '" a"', '""', '"a\\": 1"', '"\\u0061"', '"é"', '"{"', '"[["',
     '"e-05"', '"e-5"', '"a:b"', '"\\/"']
)  # fmt: skip
BLANKS = st.sampled_from(["", "", " ", "\n", "\n  ", "\t", "  "])


@st.composite
def texts(draw: st.DrawFn, depth: int = 0) -> str:
    """JSON as somebody might have written it, keys twice and blanks anywhere."""
    kind = draw(st.sampled_from(["number", "string", "word", "object", "array"]))
    if kind == "number" or depth > 5:
        return draw(NUMBERS)
    if kind == "string":
        return draw(STRINGS)
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null", "NaN"]))
    inner = draw(st.lists(texts(depth + 1), max_size=3))
    if kind == "object":
        inner = [f"{draw(STRINGS)}{draw(BLANKS)}:{draw(BLANKS)}{item}" for item in inner]
    body = ",".join(f"{draw(BLANKS)}{item}{draw(BLANKS)}" for item in inner)
    return f"{{{body}}}" if kind == "object" else f"[{body}]"


@given(texts(), st.sampled_from([SMALL, DEFAULT]))
@example('{"a":1,"a":1}', DEFAULT)
@example('{\n  "a": 1,\n  "a": 1\n}', DEFAULT)
@example('{"a b":1,"ab":2}', DEFAULT)
@example('{"e-05":1,"e-5":2}', DEFAULT)
@example("[[[[[1]]]]]", SMALL)
@example(json.dumps([[[[[1]]]]], indent=2), SMALL)
@example(json.dumps([[[[[]]]]], indent=2), SMALL)
@example("18446744073709551616", DEFAULT)
def test_what_is_rewritten_hid_nothing(text: str, limits: Limits) -> None:
    """The careful reader finds the same value in it, and nothing that is odd but large integers."""
    data = text.encode()
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    careful = json_document._Careful(data, limits, json_document.Flaws()).read()
    if is_rewritten(data, value, limits):
        assert careful.complete
        assert careful.flaws.counts.keys() <= INFORMATIONAL
        assert json.dumps(careful.value) == json.dumps(value)


WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text("ab :{[", max_size=4)
    | st.floats(0.001, 1e15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab ", max_size=3), inner),
    max_leaves=20,
)  # fmt: skip


@given(WRITTEN, st.sampled_from([None, 2, 4]), st.sampled_from([(",", ":"), (", ", ": "), None]))
def test_what_python_writes_is_known_at_once(
    value: object, indent: int | None, separators: tuple[str, str] | None
) -> None:
    """Indented or not."""
    data = json.dumps(value, indent=indent, separators=separators).encode()
    assert is_rewritten(data, orjson.loads(data), DEFAULT)
    assert is_rewritten(data + b"\n", orjson.loads(data), DEFAULT)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("depth", [90, 120, 300, 900])
def test_deep_nesting_is_looked_at_closely(depth: int, indent: int | None) -> None:
    """Whatever the fast decoder reads and cannot write again."""
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    data = json.dumps(value, indent=indent).encode()
    assert is_rewritten(data, orjson.loads(data), DEFAULT) is (depth <= DEFAULT.nesting)
    lines = b"[\n  " + data[1:]
    assert is_rewritten(lines, orjson.loads(lines), DEFAULT) is (depth <= DEFAULT.nesting)


@given(texts(), st.sampled_from([SMALL, DEFAULT]))
def test_a_quick_document_is_what_a_parse_gives(text: str, limits: Limits) -> None:
    """The same value, and no flaw that had to be told."""
    data = text.encode()
    quick = json_document.quick(data, limits)
    if quick is not None:
        parsed = json_document.parse(data, limits)
        assert parsed.complete
        assert parsed.flaws.counts.keys() <= INFORMATIONAL
        assert json.dumps(parsed.value) == json.dumps(quick[0])
