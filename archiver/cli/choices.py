"""Choices that several commands offer."""

from __future__ import annotations

from enum import StrEnum


class Hash(StrEnum):
    """What is hashed."""

    ALL = "all"
    ARTIFACTS = "artifacts"
    NONE = "none"
