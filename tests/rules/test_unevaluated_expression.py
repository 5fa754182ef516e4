"""Settings that only running the file would tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("dynamic", "note", "note"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("unevaluated-expression", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A call is found, and nothing else."""
    before, after = copies("unevaluated_expression/quiet-literal", tmp_path)
    settings = after / "configs/experiments/tiny/steps/train_cpt_0.py"
    settings.write_text(settings.read_text("utf-8") + "WARMUP = int(3)\n", "utf-8")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("unevaluated-expression", "configs/experiments/tiny/steps/train_cpt_0.py", "note")
    ]
