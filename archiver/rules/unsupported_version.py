"""An artifact is of a version of its format that is not known.

What it finds
    Artifacts that state a newer version of their schema or format than the newest known one,
    and records under a header that is not known. What is understood of them was read all the
    same. An artifact that the run's contract requires is an error, any other a warning.

Why it matters
    Keys may have changed their meaning. What is reported of the artifact may be incomplete or
    wrong.

Example
    error   eval_report.json [RA005 unsupported-version]
            schema_version is newer than 1, the newest known

What to do
    Use a newer runarchive. If there is none that knows the version, report it, with a small
    file of that version.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "unsupported-version": None,
    "unknown-header": Severity.WARNING,
}
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA005",
    name="unsupported-version",
    summary="An artifact is of a version of its format that is not known",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
