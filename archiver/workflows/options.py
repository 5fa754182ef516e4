"""What `validate` may be asked for."""

from __future__ import annotations

import os.path
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
    output: Path | None = None
    """Where the report is going to be written; never to what is audited."""


class UnknownKindError(ArchiverError):
    """A single file that no reader and no schema knows."""

    def __init__(self, path: Path) -> None:
        hint = "`runarchive schemas` lists the names that --schema takes"
        super().__init__(str(path), "is of no kind that is known", hint)


class OwnOutputError(ArchiverError):
    """A report that would be written to what it is about."""

    def __init__(self, output: Path, looked_at: Path | str) -> None:
        hint = "choose a place outside; what is looked at is never written to"
        super().__init__(str(output), f"lies in {looked_at}, which is looked at", hint)


def refuse_output_in(looked_at: Path | str, output: Path | None) -> None:
    """Refuse to write the report to a run, an archive or an artifact that it is about.

    Raises:
        OwnOutputError: where it would be.
    """
    if output is None:
        return
    target, whole = os.path.realpath(output), os.path.realpath(looked_at)
    if target == whole or target.startswith(whole.rstrip("/") + "/"):
        raise OwnOutputError(output, looked_at)
