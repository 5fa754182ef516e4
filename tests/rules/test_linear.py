"""Every rule's work grows as the record does, whatever there is many of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import pytest

from archiver import registry
from archiver.case import Case
from archiver.extension import Rule
from tests.rules.large import large_case

SMALL, LARGE = 250, 1000
"""Of each thing in a record: more than there are codes of problems."""
RULES = {rule.name: rule for rule in registry.rules()}


@pytest.fixture(scope="module", params=[False, True], ids=["apart", "alike"])
def cases(request: pytest.FixtureRequest) -> tuple[Case, Case]:
    """A record and one four times as large; everything at places of its own, or at one."""
    return large_case(SMALL, alike=request.param), large_case(LARGE, alike=request.param)


@pytest.mark.parametrize("name", RULES)
def test_work_is_linear(name: str, cases: tuple[Case, Case]) -> None:
    """Four times as much is no more than six times the work; sixteen times would be quadratic."""
    small, large = cases
    check(RULES[name], small)  # what is imported or cached on the first call is no work of a run
    one, four = work(RULES[name], small), work(RULES[name], large)
    assert one > 0
    assert four <= 6 * one + 1000


def test_work_is_counted() -> None:
    """A loop in a loop is seen for what it is, also within one line."""
    with counting() as count:
        pairs = [(a, b) for a in range(20) for b in range(20) if a == b]
    assert len(pairs) == 20
    assert count() >= 400


def check(rule: Rule, case: Case) -> int:
    """Run a rule with its own thresholds; nothing that it knows of the case is left over."""
    usual = {key: value.default for key, value in rule.thresholds.items()}
    return sum(1 for _ in rule.check(replace(case, thresholds=usual)))


def work(rule: Rule, case: Case) -> int:
    """Calls, resumed generators and lines, each turn of a loop among them."""
    with counting() as count:
        check(rule, case)
    return count()


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """Count what Python's tracing tells, in place of a debugger's or a coverage tool's."""
    total = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Callable[..., object]:
        nonlocal total
        total += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: total
    finally:
        sys.settrace(before)
