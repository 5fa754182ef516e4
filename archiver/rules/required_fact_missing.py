"""A fact that was asked for is not in the record.

What it finds
    Fields named by `--require` or by the policy that nobody recorded and that cannot be derived
    from what was recorded. A field that runs of this producer cannot have is not missed, and one
    that was recorded as empty is answered.

Why it matters
    It was asked for because a run without it is not accepted: a paper's results without a
    commit, a release without a seed.

Example
    error   [RA102 required-fact-missing]
            summary.git_commit (commit of the training code) is required and not recorded

What to do
    Record it where the run is made. For a run that is over, a person who knows it can declare it
    when archiving: `runarchive collect RUN --set FIELD=VALUE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Hit, Rule, Severity
from archiver.model.fields import BY_NAME, ENV_PREFIX

_MISSING = "not recorded"


def check(case: Case) -> Iterator[Hit]:
    """Each required field once."""
    for name in dict.fromkeys(case.required_fields):
        if not _answered(case, name):
            known = BY_NAME.get(name)
            meaning = f" ({known.meaning[:1].lower()}{known.meaning[1:]})" if known else ""
            yield Hit(f"{name}{meaning} is required and not recorded")


def _answered(case: Case, name: str) -> bool:
    if case.field(name) is not None:
        return True
    if name.startswith(ENV_PREFIX):
        return False
    return case.record.coverage.fields.get(name, _MISSING) != _MISSING


RULE = Rule(
    id="RA102",
    name="required-fact-missing",
    summary="A fact that the policy or `--require` asks for is not recorded",
    severity=Severity.ERROR,
    check=check,
)
