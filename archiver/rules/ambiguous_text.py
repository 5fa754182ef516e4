"""Two readers of a text may understand different things.

What it finds
    Repeated keys, names, columns and members (the last one counts here, elsewhere the first),
    data behind the end of a document, several documents or objects where one is expected,
    aliases and merges that lead nowhere, directives of a batch script that its scheduler does
    not read. Byte order marks, half characters, control characters and tags that were kept as
    data are a note.

Why it matters
    The value that was used in training may be another one than the value that is read off the
    file. Strict readers refuse such files, lenient ones differ in silence.

Example
    warning config.json [RA009 ambiguous-text]
            repeated key, the last one counts (and 2 more of this kind)

What to do
    Write the value so that every reader agrees: each key once, one document per file, UTF-8
    without a byte order mark.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "duplicate-column", "duplicate-key", "duplicate-member", "duplicate-name",
            "late-directive", "repeated-key", "trailing-data", "two-objects", "yaml-alias",
            "yaml-documents", "yaml-merge",
        ),
        Severity.WARNING,
    ),
    **dict.fromkeys(
        (
            "bom", "coding-cookie", "control-character", "lone-surrogate", "yaml-tag",
        ),
        Severity.NOTE,
    ),
}  # fmt: skip


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA009",
    name="ambiguous-text",
    summary="Readers of a text may understand different things",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
