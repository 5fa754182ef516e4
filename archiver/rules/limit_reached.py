"""An artifact is larger than what is looked at.

What it finds
    Files, lines, documents, lists and numbers beyond the limits that untrusted input meets.
    What lies within the limits was read, the rest was counted or left out. A text that was cut,
    or problems that are merely counted, are a note.

Why it matters
    What is said of the run does not rest on all of it. A limit that an honest file reaches is
    worth knowing; one that is reached by a file of a few kilobytes is an attack.

Example
    warning config.yaml [RA007 limit-reached]
            the document has too many aliases

What to do
    Nothing, if the part that was read is enough. Else raise the limit, or archive the parts of
    the directory one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "attempts-limit", "depth-limit", "digits-limit", "entry-limit", "events-limit",
            "expansion-limit", "jobs-limit", "log-limit", "long-line", "members-limit",
            "nesting-limit", "points-limit", "ratio", "size-limit", "tag-limit", "text-limit",
            "too-many-files", "too-many-lines", "too-many-members", "too-many-packages",
            "too-many-results", "too-many-steps", "value-limit", "yaml-alias-limit",
        ),
        Severity.WARNING,
    ),
    "text-cut": Severity.NOTE,
    "more-problems": Severity.NOTE,
}  # fmt: skip


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA007",
    name="limit-reached",
    summary="Not all of an artifact was looked at, because a limit was reached",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
