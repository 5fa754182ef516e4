"""Paths as text: where a link or a mention leads, decided without looking."""

from __future__ import annotations

_MOST_PARTS = 4_096
"""Longer paths exist nowhere."""


def joined(directory: str, target: str) -> str | None:
    """Where a relative target leads from a directory of the run, as a path of the run.

    None where it is absolute or climbs out of the run on its way, even if it came back: what lies
    above the run is not known.
    """
    if target.startswith("/") or target.count("/") > _MOST_PARTS:
        return None
    parts = directory.split("/") if directory else []
    for step in target.split("/"):
        if step == "..":
            if not parts:
                return None
            parts.pop()
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)
