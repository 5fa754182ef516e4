"""A file of a rotated log is missing between the others.

What it finds
    A stream of rows that its producer cut into numbered files, where a number between others is
    not there, or where the file that was written to last is gone. Numbers that are missing at
    the old end are what the producer removed by itself and are not reported.

Why it matters
    The rows of that file are lost: curves have a gap, and their figures are those of what is left.

Example
    warning metrics.ndjson [RA605 missing-shard]
            rotated files are missing between others: 2

What to do
    Look for the file where the run was copied from. If it is gone, say so where the curve is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES = {"missing-shard": Severity.WARNING}


def check(case: Case) -> Iterator[Hit]:
    """Each stream once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA605",
    name="missing-shard",
    summary="A file of a rotated log is missing between the others",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
