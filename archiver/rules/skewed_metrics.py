"""The metrics of a source stand at another step or epoch than the one they were measured at.

What it finds
    Sources whose producer is known to write values of the epoch before: ai-studio's callback reads
    its metrics before the epoch's own are ready, so that all but `val_loss` come one epoch late and
    those of the last epoch are never written. And a best epoch that was searched in such values.

Why it matters
    Curves of two sources disagree by an epoch, an early stop seems to come too late, and the best
    epoch names the checkpoint after the best one. Archives tell the values as they were written.

Example
    warning metrics.json [RA504 skewed-metrics]
            9 metrics of each record are those of the epoch before (train_* and the task's
            metrics); val_loss is the epoch's own

What to do
    Take the values from Lightning's own log beside it, where there is one. Take the best epoch from
    the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.findings import Place

_SKEW = "skewed-metrics"
_BEST = "skewed-best-epoch"


def check(case: Case) -> Iterator[Hit]:
    """One hit per source; a best epoch is a consequence of the source that it was searched in."""
    best = list(case.problems(_BEST))
    for problem in case.problems(_SKEW):
        related = tuple(Place(item.at, item.message) for item in best)
        yield Hit(problem.message, problem.at, related, problem.hint)
        best = []
    for problem in best:
        yield Hit(problem.message, problem.at, hint=problem.hint)


RULE = Rule(
    id="RA504",
    name="skewed-metrics",
    summary="The metrics of a source stand at another step or epoch than they were measured at",
    severity=Severity.WARNING,
    check=check,
    codes=frozenset({_SKEW, _BEST}),
)
