"""A run was deleted in its tracker, and its files are still here.

What it finds
    Runs and experiments whose tracker marks them as deleted. MLflow keeps the files until its
    garbage is collected.

Why it matters
    Somebody decided that the run does not count. Its numbers should not be quoted beside those
    of others without asking.

Example
    note    meta.yaml /lifecycle_stage [RA013 deleted-run]
            it was deleted in MLflow, which marks a run and keeps its files

What to do
    Ask who deleted it, and why, before the run is compared with others.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "deleted-run": Severity.NOTE,
    "deleted-experiment": Severity.NOTE,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA013",
    name="deleted-run",
    summary="A run was deleted in its tracker, and its files are still here",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
