"""An artifact holds bytes that its format does not allow.

What it finds
    Syntax errors, records whose checksum is wrong, containers whose directory or headers
    contradict their bytes, rows with too many or too few cells, lines that are no assignment,
    text in another encoding than its format's. The records beside the damaged ones were read.
    An artifact that the run's contract requires is an error, any other a warning; bytes that
    were merely replaced in a text are a warning.

Why it matters
    The values there are lost or were guessed at by other tools. Damage inside a file, unlike a
    missing end, means that something went wrong with the storage or that two writers wrote at
    once.

Example
    warning events.out.tfevents.1795301190.trainer-01 [RA004 corrupt-artifact]
            record with a wrong CRC dropped (48 bytes)

What to do
    Compare with another copy of the file. If two processes wrote to it, give each its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "bad-crc", "bad-data", "bad-directory", "bad-header", "bad-line", "bad-message",
            "bad-metadata", "bad-offsets", "bad-pickle", "bad-tensor", "bad-tracker",
            "corrupt-event", "corrupt-record", "glued-record", "lost-frame", "lost-record",
            "no-pickle", "not-an-assignment", "ragged-row", "syntax", "undecodable-record",
            "unterminated-quote",
        ),
        None,
    ),
    "bad-utf8": Severity.WARNING,
    "bad-encoding": Severity.WARNING,
    "bad-quotes": Severity.WARNING,
}  # fmt: skip
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA004",
    name="corrupt-artifact",
    summary="An artifact holds bytes that its format does not allow",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
