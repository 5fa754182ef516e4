"""Each rule finds what its `fires-*` runs hold, and nothing in its `quiet-*` runs.

`expected.json` of a case lists `severity`, `path`, `place` and a part of the `message` of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver import registry
from archiver.model.findings import RunFindings

HOME = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
RULES = {rule.name.replace("-", "_"): rule for rule in registry.rules()}
FIRES = sorted(HOME.glob("*/fires-*"))
QUIET = sorted(HOME.glob("*/quiet-*"))


def _id(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", FIRES, ids=_id)
def test_rule_fires(case: Path, audited: Callable[..., RunFindings]) -> None:
    """The rule finds exactly what the case says, at its place and with its severity."""
    found = audited(case / "input", RULES[case.parent.name].name).findings
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    assert expected
    told = [(item.severity.value, item.at.path, item.at.place) for item in found]
    assert told == [(item["severity"], item["path"], item["place"]) for item in expected]
    for item, wanted in zip(found, expected, strict=True):
        assert wanted["message"] in item.message


@pytest.mark.parametrize("case", QUIET, ids=_id)
def test_rule_is_quiet(case: Path, audited: Callable[..., RunFindings]) -> None:
    """The rule finds nothing in a run that looks alike and is in order."""
    run = audited(case / "input", RULES[case.parent.name].name)
    assert run.findings == ()
    assert run.artifacts > 0
