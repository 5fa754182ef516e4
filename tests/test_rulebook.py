"""A rule's page is the docstring of its module, in its four parts."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from archiver import registry, rulebook
from archiver.extension import Case, Hit, Rule, Severity

PAGE = """A thing is not there.

What it finds
    A thing,
    in two lines.

    And a second paragraph.

Why it matters
    It does.

Example
    note a.json [RA999 no-thing]
            no thing is there

What to do
    Put it there.
"""


def made(monkeypatch: pytest.MonkeyPatch, text: str | None) -> Rule:
    """A rule of a module with this docstring."""
    module = ModuleType("made_rule", text)
    monkeypatch.setitem(sys.modules, "made_rule", module)

    def check(_: Case) -> list[Hit]:
        return []

    check.__module__ = "made_rule"
    return Rule(
        id="RA999", name="no-thing", summary="No thing", severity=Severity.NOTE, check=check
    )


def test_parts_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part without its heading and indentation, its own layout kept."""
    found = rulebook.help_of(made(monkeypatch, PAGE))
    assert found.finds == "A thing,\nin two lines.\n\nAnd a second paragraph."
    assert found.matters == "It does."
    assert found.example == "note a.json [RA999 no-thing]\n        no thing is there"
    assert found.remedy == "Put it there."
    assert (found.id, found.name, found.summary) == ("RA999", "no-thing", "No thing")
    assert found.severity is Severity.NOTE


def test_whole_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The docstring as it is written."""
    assert rulebook.page(made(monkeypatch, PAGE)) == PAGE.rstrip()


@pytest.mark.parametrize("text", [None, "", "A title alone."])
def test_page_of_a_careless_rule(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """A rule of others may have no page; nothing fails for it."""
    found = rulebook.help_of(made(monkeypatch, text))
    assert (found.finds, found.matters, found.example, found.remedy) == ("", "", "", "")


def test_book(monkeypatch: pytest.MonkeyPatch) -> None:
    """By id."""
    rule = made(monkeypatch, PAGE)
    assert rulebook.book([rule]) == {"RA999": rulebook.help_of(rule)}


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.name)
def test_example_has_the_form_of_the_text_output(rule: Rule) -> None:
    """A severity and a place with the rule in brackets; below it, indented, what was found."""
    head, *rest = rulebook.help_of(rule).example.splitlines()
    assert re.fullmatch(rf"(error  |warning|note   ) (\S.* )?\[{rule.id} {rule.name}\]", head)
    assert rest
    assert all(line.startswith(" " * 8) for line in rest if not line.endswith("]"))
