"""Paths as text."""

import pytest

from archiver.model.paths import joined


@pytest.mark.parametrize(
    ("directory", "target", "expected"),
    [
        ("", "a", "a"),
        ("a/b", "../c", "a/c"),
        ("a", "./b//c/.", "a/b/c"),
        ("a", "..", ""),
        ("a", "", "a"),
        ("", "..", None),
        ("a", "../../a/b", None),
        ("a", "/a", None),
        ("", "x/../../y", None),
        ("", "a\\..\\b", "a\\..\\b"),
    ],
)
def test_where_a_path_leads(directory: str, target: str, expected: str | None) -> None:
    """Relative ones stay inside unless they climb over the run at any point."""
    assert joined(directory, target) == expected


def test_endless_paths_lead_nowhere() -> None:
    """What no file system holds is not followed."""
    assert joined("", "a/" * 5000) is None
