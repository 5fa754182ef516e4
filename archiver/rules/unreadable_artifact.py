"""A file or directory of the run could not be read.

What it finds
    Files that the system would not let be read (permission, I/O error, gone since the directory
    was listed), directories that could not be looked into, and members of containers that are
    encrypted or packed in a way that is not known. An artifact that the run's contract requires
    is an error, any other a warning.

Why it matters
    What is in it is missing from everything else that is said about the run, and nobody can
    tell whether it would agree.

Example
    error   run_metadata.json [RA002 unreadable-artifact]
            the system would not let it be read (Permission denied)

What to do
    Mend the permission or the disk and look again. Of a disk that fails, take a copy of the run
    first.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "unreadable": None,
    "encrypted": None,
    "unsupported-method": None,
    "unlisted": Severity.WARNING,
}
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA002",
    name="unreadable-artifact",
    summary="The system, or the way it is packed, kept a file from being read",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
