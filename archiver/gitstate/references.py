"""Small files of a repository that lead elsewhere: HEAD, references, a `.git` file.

Format facts: gitrepository-layout(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.limits import KIB, MIB

SMALL_BYTES = 64 * KIB
"""HEAD, a reference, alternates, a `.git` file."""
PACKED_BYTES = 16 * MIB
"""`packed-refs`: a line per reference."""
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"ref:[ \t]*(refs/\S+)")


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out."""

    branch: str | None
    """Without `refs/heads/`; None for a detached head."""
    ref: str | None
    commit: str | None
    """Of a detached head; a branch's stands in its reference."""


def parse_head(data: bytes) -> Head | None:
    """What `HEAD` says; None where it is no head of a repository."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace").strip()
    matched = _REF.fullmatch(text)
    if matched is not None:
        ref = matched[1]
        branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
        return Head(branch, ref, None)
    return Head(None, None, text) if _HASH.fullmatch(text) else None


def parse_ref(data: bytes) -> str | None:
    """The commit that a reference's own file holds."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace").strip()
    return text if _HASH.fullmatch(text) else None


def packed_ref(data: bytes, ref: str) -> str | None:
    """The commit of a reference in `packed-refs`."""
    wanted = f" {ref}"
    for line in data.decode("utf-8", "replace").splitlines():
        if line.endswith(wanted) and _HASH.fullmatch(line.removesuffix(wanted)):
            return line.removesuffix(wanted)
    return None


def git_file(data: bytes) -> str | None:
    """Where a `.git` file says that the repository lies; None where it is no such file."""
    text = data[:SMALL_BYTES].decode("utf-8", "replace")
    return text.removeprefix("gitdir:").strip() if text.startswith("gitdir:") else None
