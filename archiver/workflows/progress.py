"""What long work tells whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told the file at hand, the bytes done and the bytes in all."""


def silent(_path: str, _done: int, _total: int) -> None:
    """Nobody waits."""
