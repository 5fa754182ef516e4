"""Columns of text in a terminal: wide characters, marks, and what is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from archiver.codecs.columns import beginning, ending, fits, left, right, width

TEXTS = st.text(st.sampled_from("aZ9 …é損한ｶＡ🦀\u0301\u20dd\u1160\u11ab"), max_size=40)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("loss", 4),
        ("損失", 4),
        ("コーパス", 8),
        ("ｶﾅ", 2),
        ("ＡＢ", 4),
        ("한글", 4),
        ("\u1112\u1161\u11ab", 2),
        ("cafe\u0301", 4),
        ("café", 4),
        ("a\u20dd", 1),
        ("Ω → … ①", 7),
        ("🦀", 2),
        ("กำลัง", 4),
    ],
)
def test_width(text: str, columns: int) -> None:
    """As terminals have it; rich, which measures for them, says the same."""
    assert width(text) == columns
    assert cell_len(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "first", "last"),
    [
        ("abcdef", 3, "abc", "def"),
        ("abcdef", 0, "", ""),
        ("損失関数", 4, "損失", "関数"),
        ("損失関数", 5, "損失", "関数"),
        ("損失関数", 1, "", ""),
        ("a損b失c", 3, "a損", "失c"),
        ("e\u0301a\u0301", 1, "e\u0301", "a\u0301"),
        ("e\u0301", 0, "", ""),
        ("é", -1, "", ""),
    ],
)
def test_what_is_cut(text: str, columns: int, first: str, last: str) -> None:
    """No character is halved, no mark loses what it marks."""
    assert beginning(text, columns) == first
    assert ending(text, columns) == last


def test_padding() -> None:
    """To the width that is seen; a text that is wider stays as it is."""
    assert left("損失", 6) == "損失  "
    assert right("e\u0301", 3) == "  e\u0301"
    assert left("損失", 3) == right("損失", 3) == "損失"


def test_heaps_of_marks_fit_nowhere() -> None:
    """They take no column, and would flood the terminal."""
    heap = "a" + "\u0301" * 1000
    assert width(heap) == 1
    assert fits("a\u0301", 1)
    assert not fits(heap, 80)
    assert len(beginning(heap, 80)) <= 320
    assert len(ending(heap, 80)) <= 320


@given(TEXTS, st.integers(0, 30))
def test_parts_fit(text: str, columns: int) -> None:
    """Beginning and end are parts of the text that take at most so many columns."""
    first, last = beginning(text, columns), ending(text, columns)
    assert text.startswith(first)
    assert text.endswith(last)
    assert max(width(first), width(last)) <= columns
    if fits(text, columns) and width(text[:1]):
        assert first == last == text
