"""A document is not the one whose checksum it holds.

What it finds
    A document that carries a checksum over its own content (CoordExp's `pipeline_manifest.json`)
    which the content does not have.

Why it matters
    It was changed after the program wrote it: by hand, by a script, or by damage. What it says of
    the run is no longer what the program said.

Example
    warning pipeline_manifest.json /pipeline/checksum [RA606 checksum-mismatch]
            checksum is 4f1c…, the payload's is 9ab0…

What to do
    Take the document from the place that the run was copied from. If the change was meant, note
    it in the run and treat the document as written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES = {"checksum-mismatch": Severity.WARNING}


def check(case: Case) -> Iterator[Hit]:
    """Each document once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA606",
    name="checksum-mismatch",
    summary="A document is not the one whose checksum it holds",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
