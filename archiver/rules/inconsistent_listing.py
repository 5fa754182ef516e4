"""An index and what it lists do not agree.

What it finds
    Indexes that list a run or an experiment twice, directories of runs that the index does not
    name, steps of a pipeline that bear another id than their runner counts, and artifacts that
    speak of a step that no step of the pipeline owns.

Why it matters
    Something is counted twice, or not at all, wherever the index is believed.

Example
    warning experiment_summary.yaml /runs [RA015 inconsistent-listing]
            a directory of a run is not listed: rank16_lr1e-5

What to do
    Make the index again from what is there, or say in it why something was left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "duplicate-id", "duplicate-run", "step-id", "unattributed-step", "unlisted-run",
        ),
        Severity.WARNING,
    ),
}  # fmt: skip


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA015",
    name="inconsistent-listing",
    summary="An index and what it lists do not agree",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
