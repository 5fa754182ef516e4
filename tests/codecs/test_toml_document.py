"""TOML within limits: depth, keys of many parts, and what is no TOML."""

from __future__ import annotations

import tomllib

import pytest

from archiver.codecs import toml_document
from archiver.limits import DEFAULT


def test_reads_values_and_dates_as_data() -> None:
    """Dates become texts; everything else stays what it is."""
    document = toml_document.parse(b"a = 1\nb.c = [1.5, true]\nd = 2025-01-02\n", DEFAULT)
    assert document.value == {"a": 1, "b": {"c": [1.5, True]}, "d": "2025-01-02"}
    assert document.complete


@pytest.mark.parametrize(
    "data",
    [
        b"a" + b".a" * 2_000 + b" = 1",
        b'"a"' + b'.\t"a"' * 40 + b" = 1",
        b"a = " + b"[" * 2_000,
        b"a = [\n" + b"[\n" * 200 + b"]\n" * 201,
        b"a = [\n" + b"[\n" * 20_000,
    ],
)
def test_refuses_what_leads_too_deep(data: bytes) -> None:
    """Neither a dotted key nor brackets over many lines end in a recursion."""
    document = toml_document.parse(data, DEFAULT)
    assert "depth-limit" in document.flaws.counts
    assert not document.complete
    assert document.value == {}


def test_never_parses_a_key_of_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading one takes time that grows with the square of its parts, so it is not begun."""
    monkeypatch.setattr(tomllib, "loads", lambda _text: pytest.fail("the parser was asked"))
    document = toml_document.parse(b"a" + b".1" * 1_000_000 + b" = 1", DEFAULT)
    assert document.flaws.counts == {"depth-limit": 1}


def test_points_of_numbers_and_sentences_are_no_keys() -> None:
    """A long list of numbers, or a long text, has many points on its line."""
    text = "a = [" + "0.1, " * 500 + "]\nb = '" + "Several words. " * 500 + "'\n"
    document = toml_document.parse(text.encode(), DEFAULT)
    assert document.complete
    assert len(document.value["a"]) == 500  # type: ignore[arg-type]


def test_tells_where_the_fault_is() -> None:
    """A text that is no TOML gives nothing but its place."""
    document = toml_document.parse(b"a = 1\nb = = 2\n", DEFAULT)
    assert [(flaw.code, flaw.place) for flaw in document.flaws] == [("syntax", "L2:5")]
