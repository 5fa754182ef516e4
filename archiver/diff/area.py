"""What the comparison of one area gives."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.model.differences import Difference


@dataclass(frozen=True, slots=True)
class Told:
    """The differences of an area, what makes them doubtful, and why there are none."""

    differences: tuple[Difference, ...] = ()
    cautions: tuple[str, ...] = ()
    not_compared: str = ""
    """Why the area was not compared; empty where it was."""
