"""Nothing of a run's text is obeyed, whoever shows it."""

from __future__ import annotations

import pytest

from archiver.codecs.visible import opening, safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é日本🙂", "plain é日本🙂"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[2J\x07\x9b", "\\x1b[2J\\x07\\x9b"),
        ("\u202eabc\u2066\ufeff\u2028", "\\u202eabc\\u2066\\ufeff\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_controls_are_spelled(text: str, shown: str) -> None:
    """Controls, bidi marks, half surrogates and line separators become escapes."""
    assert safe(text) == shown


@pytest.mark.parametrize("start", ["##[error]", "##vso[task.setvariable]", "##teamcity[x]"])
def test_log_commands_are_broken(start: str) -> None:
    """CI systems obey these anywhere in a line."""
    shown = safe(f"é {start} x")
    assert shown == f"é #\\x23{start[2:]} x"
    assert safe(f"###{start}") == f"####\\x23{start[2:]}"


@pytest.mark.parametrize("text", ["## heading [1]", "a ## b", "C## [x]", "##"])
def test_headings_are_left(text: str) -> None:
    """Two number signs alone command nothing."""
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("  ::x", "  \\x3a:x"),
        ("\u00a0::x", "\u00a0\\x3a:x"),
        ("a::b", "a::b"),
        (":x", ":x"),
        ("", ""),
    ],
)
def test_a_line_begins_with_no_command(text: str, shown: str) -> None:
    """GitHub's runner obeys `::name::` after leading blanks only."""
    assert opening(text) == shown
