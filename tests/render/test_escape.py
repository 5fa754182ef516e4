"""Run values as Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archiver.render.escape import cell, fence, indent, inline, prose, shorten, visible
from archiver.render.shapes import Bullet, Table, bullets, listed, table

TEXTS = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("a1 `|\\*_[]()<>#&!~-+.:/@\n\x1b\u202e\ud800")
)
PARSER = MarkdownIt("gfm-like", {"linkify": False})


def shown(markdown: str) -> str:
    """The text that a reader sees of one line of Markdown."""
    (token,) = PARSER.parseInline(markdown)
    assert all(part.type in ("text", "code_inline") for part in token.children), markdown
    return "".join(part.content for part in token.children)


@given(TEXTS)
def test_inline_shows_the_text_and_nothing_else(text: str) -> None:
    """Neither markup nor HTML nor links come out of a value."""
    assert shown(inline(text)) == (visible(text) or '""')


@given(TEXTS)
def test_prose_shows_the_text_and_nothing_else(text: str) -> None:
    """A sentence is no markup either."""
    assert shown(prose(text)) == (visible(text) or '""')


@given(TEXTS)
def test_inline_is_safe_in_list_items(text: str) -> None:
    """A value alone in a list item does not start another block."""
    for markdown in (inline(text), prose(text)):
        kinds = [token.type for token in PARSER.parse(f"- {markdown}\n")]
        assert kinds == [
            "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close",
            "list_item_close", "bullet_list_close",
        ]  # fmt: skip


@given(TEXTS)
def test_cells_stay_cells(text: str) -> None:
    """A pipe does not end a cell, and the cell shows it."""
    markdown = f"| a | b |\n| --- | --- |\n| {cell(inline(text))} | x |\n"
    inlines = [token for token in PARSER.parse(markdown) if token.type == "inline"]
    assert len(inlines) == 4
    assert "".join(part.content for part in inlines[2].children) == (visible(text) or '""')


@given(TEXTS)
def test_fences_hold_everything(text: str) -> None:
    """A fenced block ends where the text ends."""
    tokens = PARSER.parse(fence(text, "text") + "\n\nafter\n")
    assert tokens[0].type == "fence"
    assert tokens[0].content == "\n".join(map(visible, text.split("\n"))) + "\n"
    assert tokens[2].content == "after"


def test_fence_is_longer_than_any_run_inside() -> None:
    """Three backticks at least, one more than the content has."""
    assert fence("a").startswith("```\n")
    assert fence("a ````` b").startswith("``````\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd05f3bd", "cd05f3bd"),
        ("/data/a_b/c-1.json#/x", "/data/a_b/c-1.json#/x"),
        ("2026-11-21T22:41:04+00:00", "2026-11-21T22:41:04+00:00"),
        ("a b", "`a b`"),
        ("", '`""`'),
        ("none", "`none`"),
        ("n/a", "`n/a`"),
        ("not recorded", "`not recorded`"),
        ("www.example.org", "`www.example.org`"),
        ("/__init__", "`/__init__`"),
        ("`", "`` ` ``"),
        ("\x1b[31m", "`\\x1b[31m`"),
        ("a\nb\u202e\ud800\U000e0041", "`a\\nb\\u202e\\ud800\\U000e0041`"),
    ],
)
def test_inline_spells(text: str, expected: str) -> None:
    """Simple values stay readable, everything else is a code span."""
    assert inline(text) == expected


def test_shorten_marks_the_cut() -> None:
    """A cut text ends with an ellipsis, a short one is left alone."""
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_tables_align_and_leave_out_empty_columns() -> None:
    """Columns are as wide as their values; one without values is not there."""
    assert table(Table(("a", "bcde", "f"), [("xyzzy", None, 1), ("x", None, 22.5)], always=1)) == (
        "| a     |    f |\n| ----- | ---: |\n| xyzzy |    1 |\n| x     | 22.5 |"
    )


def test_tables_align_by_what_is_seen() -> None:
    """Wide characters and combining marks; the source of a page is read in terminals too."""
    assert table(Table(("語", "n"), [("損失", 1), ("e\u0301", 22)])) == (
        "| 語     |   n |\n| ------ | --: |\n| `損失` |   1 |\n| `e\u0301`    |  22 |"
    )


def test_long_cells_stand_in_full_below() -> None:
    """A long value is cut in its row, complete beneath, and only once."""
    long = "x y" * 100
    made = table(Table(("a",), [(long,), (long,)], always=1))
    assert made.count(long) == 1
    assert made.count("(value 1 below)") == 2
    assert max(map(len, made.splitlines()[:4])) < 120


def test_lists_in_cells_are_separate_values() -> None:
    """Each of several values is escaped on its own."""
    assert listed(["best", "a b"]) == "best, `a b`"


def test_blocks_belong_to_their_bullet() -> None:
    """A block beneath a bullet is part of the list item, whatever it holds."""
    made = bullets(
        [Bullet("a", inline("b"), fence("# c\n\n- d", "text")), Bullet("e", inline("f"))]
    )
    tokens = PARSER.parse(made)
    assert [token.type for token in tokens].count("bullet_list_open") == 1
    assert next(token.content for token in tokens if token.type == "fence") == "# c\n\n- d\n"
    assert indent("a\n\nb", 2) == "  a\n\n  b"
