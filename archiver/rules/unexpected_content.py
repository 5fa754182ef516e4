"""An artifact holds values that its reader cannot use.

What it finds
    Values of another type than the producer writes there, words that are none of the known
    ones, rows without the step or epoch that would place them, entries of a list that could not
    be read, numbers that no double can hold. They were left out; the rest of the artifact was
    used. Values of another type or shape are an error in an artifact that the run's contract
    requires, everything else is a warning; keys that are no text are a note.

Why it matters
    A value that cannot be used is reported as not recorded, and a reader that is less careful
    takes it for another one.

Example
    warning experiment.json [RA006 unexpected-content]
            status is no known word: paused

What to do
    Look at the value. If its writer is yours, mend it; if the producer writes it on purpose,
    report it, so that the reader learns it.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "not-an-object", "unexpected-shape", "unexpected-type", "unexpected-value",
        ),
        None,
    ),
    **dict.fromkeys(
        (
            "float-overflow", "invalid-enabled", "invalid-step", "no-epoch", "no-step",
            "score-as-epoch", "unexpected-line", "unknown-run-type", "unknown-status",
            "unnamed-run", "unread-entry", "unread-line",
        ),
        Severity.WARNING,
    ),
    "non-string-key": Severity.NOTE,
}  # fmt: skip
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once, but for values that break the schema, which is told already."""
    told = {problem.at for problem in case.problems("schema-violation")}
    return problem_hits.hits(case, _CODES, told)


RULE = Rule(
    id="RA006",
    name="unexpected-content",
    summary="An artifact holds values of a type or shape that its reader cannot use",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
