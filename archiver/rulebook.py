"""The rules' pages: the docstring of a rule's module is its only documentation."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable

from archiver.extension import Help, Rule

HEADINGS = ("What it finds", "Why it matters", "Example", "What to do")


def page(rule: Rule) -> str:
    """The whole page of a rule."""
    module = sys.modules[rule.check.__module__]
    return inspect.cleandoc(module.__doc__ or "")


def help_of(rule: Rule) -> Help:
    """The parts of a rule's page."""
    parts = dict.fromkeys(HEADINGS, "")
    current = ""
    for line in page(rule).splitlines():
        if line in parts:
            current = line
        elif current:
            parts[current] += line.removeprefix("    ") + "\n"
    finds, matters, example, remedy = (parts[name].strip() for name in HEADINGS)
    return Help(
        id=rule.id,
        name=rule.name,
        summary=rule.summary,
        severity=rule.severity,
        finds=finds,
        matters=matters,
        example=example,
        remedy=remedy,
    )


def book(rules: Iterable[Rule]) -> dict[str, Help]:
    """The pages of rules by id."""
    return {rule.id: help_of(rule) for rule in rules}
