"""Small rules and cases for the tests of the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archiver.extension import Case, Fact, Hit, Rule, Severity, Threshold, Vouch
from archiver.model.claims import Location, Problem
from archiver.model.record import Coverage, RunIdentity, RunRecord, Step

Check = Callable[[Case], Iterable[Hit]]


def case(
    *problems: Problem, identity: str = "1" * 64, trains: bool = False, facts: Iterable[Fact] = Fact
) -> Case:
    """A run with these problems."""
    run = RunIdentity("run-7", "exp", (), {}, "run-7", identity)
    step = Step("1", "train", at=Location("a.json"))
    record = RunRecord(
        run=run,
        coverage=Coverage(0, 0, 0, 0, 0, 0, {}),
        problems=problems,
        steps=(step,) if trains else (),
    )
    return Case(record=record, facts=frozenset(facts))


def rule(
    number: int,
    *hits: Hit,
    severity: Severity = Severity.WARNING,
    check: Check | None = None,
    needs: Iterable[Fact] = (),
    thresholds: dict[str, Threshold] | None = None,
    vouches: Vouch | None = None,
) -> Rule:
    """A rule that always says the same, or what its check says."""
    return Rule(
        id=f"RA{number}",
        name=f"fault-{number}",
        summary="",
        severity=severity,
        check=check if check is not None else lambda _: hits,
        needs=frozenset(needs),
        thresholds=thresholds or {},
        vouches=vouches,
    )
