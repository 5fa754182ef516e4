"""An artifact tells of another execution than the run's last one.

What it finds
    Logs of steps that the last execution never reached or that are switched off, logs of
    another experiment, results that an attempt inherited from the one before, records of epochs
    that a resume trained again, a path to a checkpoint that a later start replaced, exports
    that a later step clears. Nothing of them was taken for the last execution's own.

Why it matters
    They look like results of this run. Whoever reads the directory by hand quotes numbers of a
    training whose weights are gone.

Example
    warning configs/exp1/pipeline.py [RA011 stale-artifact]
            2.mg_sft is switched off and has a log: one of an earlier execution

What to do
    Start each execution in a directory of its own, or move what earlier ones left out of the
    way.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    **dict.fromkeys(
        (
            "discarded-trajectory", "earlier-life", "export-wiped", "foreign-log",
            "stale-checkpoint-path", "stale-log", "stale-results",
        ),
        Severity.WARNING,
    ),
}  # fmt: skip


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA011",
    name="stale-artifact",
    summary="An artifact tells of another execution than the run's last one",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
