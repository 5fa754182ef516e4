"""The producer itself warned of something.

What it finds
    Warnings of the program that ran the job, where its output is kept: settings that it
    ignored, files that it found already there, steps that it skipped.

Why it matters
    Its authors thought that a person should see it; in a long log nobody does.

Example
    note    console.log:41 [RA017 producer-warning]
            No STEPS defined; nothing will run

What to do
    Read the line in its log.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "producer-warning": Severity.NOTE,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA017",
    name="producer-warning",
    summary="The producer itself warned of something",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
