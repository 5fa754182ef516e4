"""A list of changed files stops at its producer's limit.

What it finds
    Checkouts whose recorded `git status` has as many entries as its producer keeps: 200 with
    CoordExp, which leaves no mark where it cuts.

Why it matters
    It reads as if these were all the changes. Any file may be among those that were left off.

Example
    warning run_metadata.json:9:16 [RA303 status-list-cut]
            the status of CoordExp stops at its producer's limit of 200 entries; further changes
            are not listed

What to do
    Keep outputs and caches out of the checkout or in `.gitignore`, and write `git diff HEAD`
    beside the results.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.wording import cut


def check(case: Case) -> Iterator[Hit]:
    """One hit per checkout."""
    for item in case.record.repositories:
        if item.status_cut:
            yield Hit(
                f"the status of {cut(item.name)} stops at its producer's limit of "
                f"{len(item.status)} entries; further changes are not listed",
                item.at,
            )


RULE = Rule(
    id="RA303",
    name="status-list-cut",
    summary="A list of changed files stops at its producer's limit",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
)
