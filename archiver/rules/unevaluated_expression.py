"""A setting is an expression that only running the file would tell.

What it finds
    Settings in Python modules and `.env` files whose value is no literal: calls, arithmetic,
    imports, loops, substitutions of a shell. A run's files are never executed, so such a value
    is kept as the text that stands there.

Why it matters
    The value that was used is not recorded in this file, and it may depend on the machine.

Example
    note    configs/exp1/pipeline.py:14 [RA016 unevaluated-expression]
            MICRO_BATCH is an expression, which is not evaluated

What to do
    Write literal values, or let the producer record the values that it resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {
    "dynamic": Severity.NOTE,
}


def check(case: Case) -> Iterator[Hit]:
    """Each artifact and code once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA016",
    name="unevaluated-expression",
    summary="A setting is an expression, which is not evaluated",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
