"""An artifact ends before its content does.

What it finds
    Files that are empty, break off inside a value, a record or a line, hold runs of NUL bytes
    where their end should be, or lack the mark that their producer writes last. What stands
    before the end was read. An artifact that the run's contract requires is an error, any other
    a warning. Weights of a checkpoint that is known not to be whole are left to
    `incomplete-checkpoint`.

Why it matters
    A killed process, a full disk or a lost power supply leaves such files. The last points of a
    metric, or a whole document of provenance, are gone, and what is there looks complete to a
    reader that stops at the first fault.

Example
    error   run_metadata.json:31:5 [RA003 truncated-artifact]
            the document breaks off (Expecting value, at byte 812 of its text)

What to do
    Look for a whole copy: on the training machine, in a tracker, in a backup. If the run itself
    ended there, its results are those up to that place.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(problem_hits.TRUNCATED, None),
    "no-end-mark": Severity.WARNING,
    "stream-cut": Severity.WARNING,
}
"""None: by whether a contract of the run requires the artifact."""


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    weights = problem_hits.torn_weights(case).values()
    told = {problem.at for problems in weights for problem in problems}
    return problem_hits.hits(case, _CODES, told)


RULE = Rule(
    id="RA003",
    name="truncated-artifact",
    summary="An artifact is empty, or ends before its content does",
    severity=Severity.ERROR,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
