"""What `validate` may be asked for."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from archiver.errors import ArchiverError
from archiver.limits import DEFAULT, Limits
from archiver.model.plain import dataclass
from archiver.policy import Policy


@dataclass(frozen=True)
class ValidateOptions:
    """What `validate` was asked for."""

    policy: Policy = field(default_factory=Policy)
    schema: str | None = None
    """Schema that single artifacts are held to, whatever they look like."""
    baseline: frozenset[str] = frozenset()
    skip_unknown: bool = False
    """Pass over single files of no known kind instead of refusing them."""
    hash: str = "artifacts"
    limits: Limits = DEFAULT


class UnknownKindError(ArchiverError):
    """A single file that no reader and no schema knows."""

    def __init__(self, path: Path) -> None:
        hint = "`runarchive schemas` lists the names that --schema takes"
        super().__init__(str(path), "is of no kind that is known", hint)
