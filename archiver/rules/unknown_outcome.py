"""Nothing in a run says how it ended.

What it finds
    Runs whose status is `unknown`: no artifact holds a producer's last word, an error, an end
    marker, a sign of death or a word that work still goes on. Dry runs, which have no end to tell
    of, are left out.

Why it matters
    Whether the last value of a curve is the result or merely where it stopped cannot be told.

Example
    note    [RA409 unknown-outcome]
            nothing in the run says how it ended; metrics.ndjson#L40: rows end at step 40

What to do
    Where you know, declare it when archiving (`--set summary.status=success`). Keep the launcher's
    console output with future runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.record import Step
from archiver.wording import cut

_NOTHING = "nothing in the run says how it ended"
_LONGEST = 300


def check(case: Case) -> Iterator[Hit]:
    """The run's own status, with what was seen instead of an end."""
    status = case.field("summary.status")
    steps = case.record.steps
    if status is None or status.value != "unknown" or (steps and all(map(_is_skipped, steps))):
        return
    seen = status.note if status.from_ and status.note else ""
    yield Hit(f"{_NOTHING}; {cut(seen, _LONGEST)}" if seen else _NOTHING, status.at)


def _is_skipped(step: Step) -> bool:
    return step.status == "skipped"


RULE = Rule(
    id="RA409",
    name="unknown-outcome",
    summary="Nothing in a run says how it ended",
    severity=Severity.NOTE,
    check=check,
)
