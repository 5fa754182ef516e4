"""A file was written to while it was read.

What it finds
    Files whose size or time of change is another one after reading than when the directory was
    listed.

Why it matters
    The run is probably still going on, or something synchronises its directory. What was read
    may be half old and half new.

Example
    warning metrics.ndjson [RA010 changed-while-read]
            it was written to while it was read; the archive holds the bytes read first

What to do
    Look again when the run has ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "changed-while-reading": Severity.WARNING,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA010",
    name="changed-while-read",
    summary="A file was written to while it was read",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
