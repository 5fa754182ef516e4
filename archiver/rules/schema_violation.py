"""An artifact breaks the schema of its kind.

What it finds
    Artifacts that their producer's schema does not accept: a required key is missing, a value
    has another type, a number is out of its range, a key stands where none may. The schemas are
    listed by `runarchive schemas`. Rows of a stream are counted by distinct fault. An artifact
    that the run's contract requires is an error, any other a warning.

Why it matters
    Whoever reads the file by its documentation gets nothing, or something else than was meant.
    A value of a wrong type is often a writer's bug that every later run shares.

Example
    error   run_metadata.json:3:16 /git_dirty [RA001 schema-violation]
            expected boolean, found string "true"

What to do
    Mend the writer, and write the file again if what it should say is still known. Where the
    producer added a key on purpose, say so to the schema's keepers.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "schema-violation": None,
}
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA001",
    name="schema-violation",
    summary="An artifact breaks the schema of its kind",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
