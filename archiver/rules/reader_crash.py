"""A reader of runarchive crashed on an artifact.

What it finds
    Artifacts whose reader stopped with an error of its own. Nothing of the artifact was used;
    everything else was. An artifact that the run's contract requires is an error, any other a
    warning.

Why it matters
    It is a fault of runarchive, not of the run. What the artifact says is missing from the
    report.

Example
    warning eval/metrics.json [RA008 reader-crash]
            the reader stopped on it (KeyError: 'loss')

What to do
    Report it, with the file if it may be shown. `--debug` prints the traceback.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "reader-crash": None,
}
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA008",
    name="reader-crash",
    summary="A reader of runarchive crashed on an artifact",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
