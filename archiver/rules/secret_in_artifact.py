"""A secret stands in an artifact in clear.

What it finds
    Tokens, keys and passwords in the run's files, configurations and logs, found by the shape of
    issued tokens, by the name that they stand under, and by what was found elsewhere in the run.
    Of each secret the first place is named; the secret itself is never shown. Placeholders and
    plain words under such a name (`hf_token: token_here`) are removed from what is written, but
    are no finding.

Why it matters
    Whoever may read the run may use the token, and runs are copied, shared and kept for years.
    An archive holds a marker in its place; the run directory still holds the secret.

Example
    warning config.yaml:64 [RA901 secret-in-artifact]
            a secret stands in it in clear (hf-token)

What to do
    Revoke the secret where it was issued, then remove it from the run. Pass secrets to jobs by the
    environment or by a file outside of the run, and do not let the job print its environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver import problem_hits
from archiver.extension import Case, Hit, Rule, Severity

_CODES: dict[str, Severity | None] = {"secret": Severity.WARNING}


def check(case: Case) -> Iterator[Hit]:
    """Each file once."""
    return problem_hits.hits(case, _CODES)


RULE = Rule(
    id="RA901",
    name="secret-in-artifact",
    summary="A secret stands in an artifact in clear",
    severity=Severity.WARNING,
    check=check,
    needs=frozenset(),
    codes=frozenset(_CODES),
)
