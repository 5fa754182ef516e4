"""Indexes that do not agree with what they list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.artifacts import Audit, Compare, copies, weights


@pytest.mark.parametrize(
    ("code", "required", "other"),
    [
        ("unlisted-run", "warning", "warning"),
        ("duplicate-run", "warning", "warning"),
        ("duplicate-id", "warning", "warning"),
        ("step-id", "warning", "warning"),
        ("unattributed-step", "warning", "warning"),
    ],
)
def test_weight(code: str, required: str, other: str) -> None:
    """What a code weighs in an artifact that the contract requires, and in another."""
    assert weights("inconsistent-listing", code) == (required, other)


def test_mutation(audited: Audit, new_findings: Compare, tmp_path: Path) -> None:
    """A step of another id than the runner's is found, and nothing else."""
    before, after = copies("inconsistent_listing/quiet-counted", tmp_path)
    settings = after / "configs/experiments/tiny/pipeline.py"
    text = settings.read_text("utf-8")
    named = '[{"type": "train_cpt", "id": "train_cpt_3"}]'
    settings.write_text(text.replace('["train_cpt_0"]', named), "utf-8")
    steps = settings.parent / "steps"
    (steps / "train_cpt_0.py").rename(steps / "train_cpt_3.py")
    logs = after / ".llmrunner/logs/r7"
    (logs / "train_cpt_0.log").rename(logs / "train_cpt_3.log")
    found = new_findings(audited(before), audited(after))
    assert [(item.name, item.at.path, str(item.severity)) for item in found] == [
        ("inconsistent-listing", "configs/experiments/tiny/pipeline.py", "warning")
    ]
