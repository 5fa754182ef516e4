"""Versions by PEP 440: which of two is the newer, and which spellings are one."""

from __future__ import annotations

from archiver.model.differences import Direction, Significance

_LONGEST = 200


def weigh(a: str, b: str) -> tuple[Significance, Direction, str]:
    """What a change from one version to another amounts to, with a note.

    A local part (`+cu128`) that only one of them states is not compared. Texts that are no versions
    are merely different.
    """
    from packaging.version import InvalidVersion, Version

    if max(len(a), len(b)) > _LONGEST:
        return Significance.SIGNIFICANT, Direction.NONE, ""
    try:
        one, other = Version(a), Version(b)
    except (InvalidVersion, ValueError):
        return Significance.SIGNIFICANT, Direction.NONE, ""
    if one == other:
        return Significance.EQUIVALENT, Direction.NONE, ""
    public_a, public_b = Version(one.public), Version(other.public)
    if public_a == public_b:
        if one.local is None or other.local is None:
            return Significance.EQUIVALENT, Direction.NONE, "the build is told by one run only"
        return Significance.SIGNIFICANT, Direction.NONE, "another build of the same version"
    direction = Direction.UPGRADED if public_a < public_b else Direction.DOWNGRADED
    return Significance.SIGNIFICANT, direction, ""
