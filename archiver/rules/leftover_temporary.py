"""A write was begun and never moved into place.

What it finds
    Temporary files of producers that write a file beside the old one and rename it: the process
    was killed in between. One that holds a newer state than the file that it was to replace is
    a warning; one that adds nothing is a note.

Why it matters
    The file in place is older than the run's end, and tools that look at it alone miss the last
    state.

Example
    warning .metrics.json.a37b.tmp [RA012 leftover-temporary]
            a newer state was written and never moved into place (7 epochs, the last is 6);
            metrics.json lacks it

What to do
    Take the last state from the temporary file. Do not rename it in the run directory if the
    run is evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "leftover-temporary": Severity.NOTE,
    "newer-temporary": Severity.WARNING,
    "unfinished-write": Severity.WARNING,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA012",
    name="leftover-temporary",
    summary="A temporary file was left behind by a write that did not end",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
