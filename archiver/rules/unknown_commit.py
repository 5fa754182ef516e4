"""No artifact says which commit of the code ran.

What it finds
    Runs of which no artifact states a commit of the training code, and places where the producer
    asked git and git failed or answered with warnings, so that the commit or the dirty flag that
    stands there says nothing.

Why it matters
    The program is half of the experiment. The branch that is checked out today is not what ran.

Example
    note    run_metadata.json:6:14 [RA302 unknown-commit]
            git failed when the run started; commit, branch and dirty state are unknown

What to do
    Start runs from a checkout and record `git rev-parse HEAD`; in a container, hand the commit in
    as a variable. A person who knows it can declare it: `--set summary.git_commit=...`.
"""

from __future__ import annotations

from collections.abc import Iterator

from archiver.extension import Case, Fact, Hit, Rule, Severity, Vouch

_FAILED = "git-failed"
_WARNED = "git-warning"


def check(case: Case) -> Iterator[Hit]:
    """Each place where git failed; the run itself where nobody asked git."""
    told = False
    for problem in case.problems(_FAILED, _WARNED):
        told = told or problem.code == _FAILED
        yield Hit(problem.message, problem.at, hint=problem.hint)
    if told or Fact.RUN not in case.facts or not case.training:
        return
    known = case.field("summary.git_commit") is not None or any(
        item.commit and item.role == "run" for item in case.record.repositories
    )
    if not known:
        yield Hit("no artifact states the commit of the training code")


RULE = Rule(
    id="RA302",
    name="unknown-commit",
    summary="No artifact says which commit of the code ran",
    severity=Severity.NOTE,
    check=check,
    needs=frozenset(),
    codes=frozenset({_FAILED, _WARNED}),
    vouches=Vouch("the commit of the code", essential=True),
)
