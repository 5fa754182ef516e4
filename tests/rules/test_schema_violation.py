"""Artifacts that break the schema of their kind."""

from __future__ import annotations

import pytest

from tests.rules.artifacts import weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("schema-violation", "error", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("schema-violation", code) == (required, other)
